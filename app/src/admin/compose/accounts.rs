//! Accounts: who can log in.

use engine::{Engine, Session};
use model::{
    AccountId,
    account::{Account, AccountStatus, Role},
    page::Sort,
};

use super::{
    Asked,
    lists::{self, Names, by_name, by_time},
    words::{choices, pair, status, way},
};
use crate::{
    admin::{
        forms::FormName,
        page::{Action, Cell, Choice, Empty, Field, Form, Kind, Page, Part, Tone},
        table::{Column, Row, Table},
    },
    error::AppError,
};

pub const ACCOUNTS: &str = "/admin/accounts";

pub async fn list(engine: &Engine, session: &Session, asked: &Asked<'_>) -> Result<Page, AppError> {
    let found = engine.list_accounts(session, &asked.list()?).await?;
    let owners =
        found.items.iter().map(|account| account.advertiser_id.map(|id| id.0).or(account.influencer_id.map(|id| id.0)));
    let names = Names::of(engine, session, owners).await?;
    let rows = found.items.iter().map(|account| {
        Row::new(vec![
            Cell::link(&account.email, format!("{ACCOUNTS}/{}", account.id)),
            Cell::text(role(account.role)),
            owner(account, &names),
            state(account),
            Cell::Time(account.created_at),
        ])
        .actions(vec![switch(account)])
    });
    let make = Action::go("New account", format!("{ACCOUNTS}/new")).primary();
    let roles = lists::select(asked, "role", "Role", "Any role", choices(Role::ALL));
    let table = Table {
        caption: "Accounts".into(),
        columns: vec![
            by_name(asked, "E-mail", Sort::Newest),
            Column::text("Role"),
            Column::text("Belongs to"),
            Column::text("State"),
            by_time(asked, "Created (UTC)", Sort::Newest),
        ],
        rows: rows.collect(),
        filters: Some(lists::filters(
            asked,
            "Search by e-mail",
            vec![roles, lists::statuses(asked, AccountStatus::ALL)],
        )),
        first: asked.first(),
        next: asked.next(found.next_cursor.as_deref()),
        empty: asked.empty(Empty {
            title: "No accounts".into(),
            text: "An account is a login: for admins, for an advertiser, or for an influencer.".into(),
            action: Some(make.clone()),
        }),
        ..Table::default()
    };
    Ok(Page {
        title: "Accounts".into(),
        actions: vec![make],
        parts: vec![Part::Table(Box::new(table))],
        ..Page::default()
    })
}

pub async fn new(engine: &Engine, session: &Session, asked: &Asked<'_>) -> Result<Page, AppError> {
    let nobody = || Choice { value: String::new(), label: "–".into() };
    let mut advertisers = lists::advertisers(engine, session).await?;
    advertisers.insert(0, nobody());
    let mut influencers = lists::influencers(engine, session, None).await?;
    influencers.insert(0, nobody());
    let given = |name: &str| asked.get(name).unwrap_or_default().to_owned();
    let form = Form::new(
        FormName::CreateAccount,
        "Create account",
        vec![
            email(""),
            Field::select("role", "Role", choices(Role::ALL)).value(asked.get("role").unwrap_or("admin")).required(),
            Field::select("advertiser_id", "Advertiser", advertisers)
                .value(given("advertiser_id"))
                .hint("For the role advertiser."),
            Field::select("influencer_id", "Influencer", influencers)
                .value(given("influencer_id"))
                .hint("For the role influencer."),
        ],
    )
    .cancel(ACCOUNTS);
    Ok(Page {
        title: "New account".into(),
        crumbs: vec![way("Accounts", ACCOUNTS)],
        lead: Some(Cell::text(
            "There is no e-mail: you get a link to hand over, and its owner chooses the password with it.",
        )),
        parts: vec![Part::Form(form)],
        ..Page::default()
    })
}

pub async fn one(engine: &Engine, session: &Session, id: AccountId) -> Result<Page, AppError> {
    let account = engine.account(session, id).await?;
    let owner_id = account.advertiser_id.map(|id| id.0).or(account.influencer_id.map(|id| id.0));
    let names = Names::of(engine, session, [owner_id]).await?;
    let form = Form::new(FormName::ChangeAccount, "Save", vec![email(&account.email)])
        .hidden("id", id)
        .hidden("version", account.version);
    Ok(Page {
        title: account.email.clone(),
        crumbs: vec![way("Accounts", ACCOUNTS)],
        actions: vec![password_link(&account), switch(&account)],
        parts: vec![
            Part::Facts(vec![
                ("State".into(), state(&account)),
                ("Role".into(), Cell::text(role(account.role))),
                ("Belongs to".into(), owner(&account, &names)),
                ("Created (UTC)".into(), Cell::Time(account.created_at)),
            ]),
            Part::group("Settings", vec![Part::Form(form)]),
        ],
        ..Page::default()
    })
}

/// Who signed up last, with whom they log in for.
pub async fn newest(engine: &Engine, session: &Session, accounts: &[Account]) -> Result<Table, AppError> {
    let owners = accounts.iter().map(|it| it.advertiser_id.map(|id| id.0).or(it.influencer_id.map(|id| id.0)));
    let names = Names::of(engine, session, owners).await?;
    let rows = accounts.iter().map(|account| {
        Row::new(vec![
            Cell::link(&account.email, format!("{ACCOUNTS}/{}", account.id)),
            Cell::text(role(account.role)),
            owner(account, &names),
            state(account),
            Cell::Time(account.created_at),
        ])
    });
    Ok(Table {
        caption: "Recent sign-ups".into(),
        columns: ["E-mail", "Role", "Belongs to", "State", "Created (UTC)"].map(Column::text).into(),
        rows: rows.collect(),
        ..Table::default()
    })
}

/// The logins of one advertiser or influencer.
pub fn table(caption: &str, accounts: &[Account]) -> Table {
    let rows = accounts.iter().map(|account| {
        Row::new(vec![
            Cell::link(&account.email, format!("{ACCOUNTS}/{}", account.id)),
            state(account),
            Cell::Time(account.created_at),
        ])
        .actions(vec![password_link(account), switch(account)])
    });
    Table {
        caption: caption.into(),
        columns: ["E-mail", "State", "Created (UTC)"].map(Column::text).into(),
        rows: rows.collect(),
        empty: Empty {
            title: "No logins".into(),
            text: "Create one, and hand over the link that sets its password.".into(),
            action: None,
        },
        ..Table::default()
    }
}

pub fn email(value: &str) -> Field {
    Field::new(Kind::Email, "email", "E-mail").value(value).required()
}

fn role(role: Role) -> String {
    super::words::capital(role.as_str())
}

fn owner(account: &Account, names: &Names) -> Cell {
    match (account.advertiser_id, account.influencer_id) {
        (Some(id), _) => names.advertiser(id),
        (None, Some(id)) => names.influencer(Some(id)),
        (None, None) => Cell::None,
    }
}

fn state(account: &Account) -> Cell {
    if account.status == AccountStatus::Active && !account.has_password {
        return Cell::Status(Tone::Warn, "No password yet".into());
    }
    status(account.status)
}

/// A new link makes earlier ones void; a password that is set stays until the link is used.
fn password_link(account: &Account) -> Action {
    let fields = vec![pair("id", account.id)];
    Action::act("Set-password link", FormName::NewPasswordLink, fields)
        .said(format!("New set-password link for {}", account.email))
}

fn switch(account: &Account) -> Action {
    let fields = |word| vec![pair("id", account.id), pair("status", word)];
    match account.status {
        AccountStatus::Active => {
            let action = Action::act("Deactivate", FormName::ChangeAccount, fields(AccountStatus::Inactive));
            action.said(format!("Deactivate {}", account.email))
        }
        AccountStatus::Inactive => {
            let action = Action::act("Activate", FormName::ChangeAccount, fields(AccountStatus::Active));
            action.said(format!("Activate {}", account.email))
        }
    }
}
