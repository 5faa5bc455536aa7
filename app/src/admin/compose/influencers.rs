//! Influencers: the list, a new one, and one with campaigns, links, coupons and logins.

use engine::{Engine, Session};
use model::{
    InfluencerId,
    influencer::{Hidden, Influencer, InfluencerStatus},
    page::{ListQuery, Sort},
};

use super::{
    Asked, accounts, coupons, links,
    lists::{self, by_name, by_time},
    words::{choices, pair, status, way},
};
use crate::{
    admin::{
        forms::FormName,
        page::{Action, Cell, Empty, Field, Form, Kind, Page, Part},
        table::{Column, Row, Table},
    },
    error::AppError,
};

pub const INFLUENCERS: &str = "/admin/influencers";
const NEW: &str = "/admin/influencers/new";

pub fn href(id: InfluencerId) -> String {
    format!("{INFLUENCERS}/{id}")
}

pub async fn list(engine: &Engine, session: &Session, asked: &Asked<'_>) -> Result<Page, AppError> {
    let found = engine.list_influencers(session, &asked.list()?).await?;
    let campaigns = lists::campaigns(engine, session, None).await?;
    let rows = found.items.iter().map(|influencer| {
        Row::new(vec![
            Cell::link(&influencer.name, href(influencer.id)),
            Cell::maybe(influencer.handle.as_deref()),
            Cell::maybe(influencer.platform.as_deref()),
            Cell::maybe(email(influencer)),
            status(influencer.status),
            Cell::Time(influencer.created_at),
        ])
        .actions(vec![archive(influencer)])
    });
    let make = Action::go("New influencer", NEW).primary();
    let table = Table {
        caption: "Influencers".into(),
        columns: vec![
            by_name(asked, "Name", Sort::Newest),
            Column::text("Handle"),
            Column::text("Platform"),
            Column::text("E-mail"),
            Column::text("Status"),
            by_time(asked, "Created (UTC)", Sort::Newest),
        ],
        rows: rows.collect(),
        filters: Some(lists::filters(
            asked,
            "Search by name, handle or e-mail",
            vec![
                lists::statuses(asked, InfluencerStatus::ALL),
                lists::select(asked, "campaign_id", "Campaign", "Any campaign", campaigns),
            ],
        )),
        first: asked.first(),
        next: asked.next(found.next_cursor.as_deref()),
        empty: asked.empty(Empty {
            title: "No influencers".into(),
            text: "Influencers are assigned to campaigns and get links and coupons there.".into(),
            action: Some(make.clone()),
        }),
        ..Table::default()
    };
    Ok(Page {
        title: "Influencers".into(),
        actions: vec![make],
        parts: vec![Part::Table(Box::new(table))],
        ..Page::default()
    })
}

pub fn new() -> Page {
    let form = Form::new(FormName::CreateInfluencer, "Create influencer", fields(None)).cancel(INFLUENCERS);
    Page {
        title: "New influencer".into(),
        crumbs: vec![way("Influencers", INFLUENCERS)],
        parts: vec![Part::Form(form)],
        ..Page::default()
    }
}

pub async fn one(engine: &Engine, session: &Session, id: InfluencerId) -> Result<Page, AppError> {
    let influencer = engine.influencer(session, id).await?;
    let form = Form::new(FormName::ChangeInfluencer, "Save", fields(Some(&influencer)))
        .hidden("id", id)
        .hidden("version", influencer.version);
    let of = ListQuery { influencer_id: Some(id), limit: Some(100), ..ListQuery::default() };
    let accounts_of = engine.list_accounts(session, &of).await?;
    let login = Form::new(
        FormName::CreateAccount,
        "Create login",
        vec![accounts::email(email(&influencer).unwrap_or_default())],
    )
    .title("New login")
    .hidden("role", "influencer")
    .hidden("influencer_id", id);
    let campaigns = engine.list_campaigns(session, &of).await?;
    let campaign_rows = campaigns.items.iter().map(|campaign| {
        Row::new(vec![Cell::link(&campaign.name, super::campaigns::href(campaign.id)), status(campaign.status)])
    });
    let mut others = lists::campaigns(engine, session, None).await?;
    others.retain(|choice| campaigns.items.iter().all(|campaign| campaign.id.to_string() != choice.value));
    let assign = (!others.is_empty() && influencer.status == InfluencerStatus::Active).then(|| {
        let fields = vec![Field::select("campaign_id", "Campaign", others).required()];
        let form = Form::new(FormName::Assign, "Assign", fields).title("Assign to a campaign");
        Action::ask("Assign to a campaign", form.hidden("influencer_ids", id))
    });
    let (text, action) = match &assign {
        Some(_) => ("Once they are assigned to a campaign, they can have its links and coupons.", None),
        None => ("Assign them on a campaign's page.", Some(Action::go("Campaigns", super::campaigns::CAMPAIGNS))),
    };
    let campaigns = Table {
        caption: "Campaigns".into(),
        columns: ["Campaign", "Status"].map(Column::text).into(),
        rows: campaign_rows.collect(),
        empty: Empty { title: "Not assigned".into(), text: text.into(), action },
        ..Table::default()
    };
    Ok(Page {
        title: influencer.name.clone(),
        crumbs: vec![way("Influencers", INFLUENCERS)],
        lead: influencer.handle.as_deref().map(Cell::text),
        actions: vec![
            Action::go("View as influencer", format!("/dashboard?influencer_id={id}&as=influencer")),
            archive(&influencer),
        ],
        parts: vec![
            Part::Facts(vec![
                ("Status".into(), status(influencer.status)),
                ("Id".into(), Cell::code(id.to_string())),
                ("Created (UTC)".into(), Cell::Time(influencer.created_at)),
            ]),
            Part::Group {
                title: "Campaigns".into(),
                note: None,
                actions: assign.into_iter().collect(),
                parts: vec![Part::Table(Box::new(campaigns))],
            },
            Part::group("Links", vec![Part::Table(Box::new(links::table_of(engine, session, &of).await?))]),
            Part::group("Coupons", vec![Part::Table(Box::new(coupons::table_of(engine, session, &of).await?))]),
            Part::Group {
                title: "Logins".into(),
                note: None,
                actions: vec![Action::ask("New login", login)],
                parts: vec![Part::Table(Box::new(accounts::table("Logins", &accounts_of.items)))],
            },
            Part::group("Settings", vec![Part::Form(form)]),
        ],
        ..Page::default()
    })
}

fn email(influencer: &Influencer) -> Option<&str> {
    match &influencer.email {
        Hidden::Shown(email) => email.as_deref(),
        Hidden::Hidden => None,
    }
}

/// Archives, or brings back: either can be taken back.
fn archive(influencer: &Influencer) -> Action {
    let (label, word) = match influencer.status {
        InfluencerStatus::Active => ("Archive", InfluencerStatus::Archived),
        InfluencerStatus::Inactive | InfluencerStatus::Archived => ("Activate", InfluencerStatus::Active),
    };
    let fields = vec![pair("id", influencer.id), pair("status", word)];
    Action::act(label, FormName::ChangeInfluencer, fields).said(format!("{label} {}", influencer.name))
}

fn fields(of: Option<&Influencer>) -> Vec<Field> {
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    let platforms =
        ["Instagram", "TikTok", "YouTube", "Twitch", "X", "Facebook", "Pinterest", "LinkedIn", "Blog", "Podcast"];
    vec![
        Field::text("name", "Name").value(of.map_or("", |it| &it.name)).required(),
        Field::text("handle", "Handle").value(of.map_or_else(String::new, |it| text(it.handle.as_ref()))),
        Field::new(Kind::Suggest(platforms.map(str::to_owned).into()), "platform", "Platform")
            .value(of.map_or_else(String::new, |it| text(it.platform.as_ref()))),
        Field::new(Kind::Email, "email", "E-mail")
            .value(of.and_then(email).unwrap_or_default())
            .hint("Advertisers never see it."),
        Field::select("status", "Status", choices(InfluencerStatus::ALL))
            .value(of.map(|it| it.status).unwrap_or_default())
            .hint("Who is not active is credited with nothing."),
    ]
}
