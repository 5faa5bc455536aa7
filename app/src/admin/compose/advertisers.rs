//! Advertisers: the list, a new one, and one with all that belongs to it.

use engine::{Engine, PageAt, Session};
use model::{
    AdvertiserId, Timestamp,
    advertiser::{Advertiser, AdvertiserStatus},
    api_key::ApiKey,
    page::{ListQuery, Sort},
};

use super::{
    Asked, accounts, integration,
    lists::{self, by_name, by_time},
    words::{ago, choices, pair, status, way},
};
use crate::{
    admin::{
        forms::FormName,
        page::{Action, Cell, Confirm, Empty, Field, Form, Kind, Notice, Page, Part, Tone},
        table::{Column, Row, Table},
    },
    error::AppError,
};

pub const ADVERTISERS: &str = "/admin/advertisers";
const NEW: &str = "/admin/advertisers/new";

pub fn href(id: AdvertiserId) -> String {
    format!("{ADVERTISERS}/{id}")
}

pub async fn list(engine: &Engine, session: &Session, asked: &Asked<'_>) -> Result<Page, AppError> {
    let found = engine.list_advertisers(session, &asked.list()?).await?;
    let rows = found.items.iter().map(|advertiser| {
        Row::new(vec![
            Cell::link(&advertiser.name, href(advertiser.id)),
            status(advertiser.status),
            Cell::text(&advertiser.time_zone),
            Cell::text(if advertiser.require_signature { "Required" } else { "Optional" }),
            Cell::Time(advertiser.created_at),
        ])
        .actions(vec![switch(advertiser)])
    });
    let make = Action::go("New advertiser", NEW).primary();
    let table = Table {
        caption: "Advertisers".into(),
        columns: vec![
            by_name(asked, "Name", Sort::Newest),
            Column::text("Status"),
            Column::text("Time zone"),
            Column::text("Signatures"),
            by_time(asked, "Created (UTC)", Sort::Newest),
        ],
        rows: rows.collect(),
        filters: Some(lists::filters(asked, "Search by name", vec![lists::statuses(asked, AdvertiserStatus::ALL)])),
        first: asked.first(),
        next: asked.next(found.next_cursor.as_deref()),
        empty: asked.empty(Empty {
            title: "No advertisers".into(),
            text: "An advertiser is a shop: campaigns, keys and events belong to one.".into(),
            action: Some(make.clone()),
        }),
        ..Table::default()
    };
    Ok(Page {
        title: "Advertisers".into(),
        actions: vec![make],
        parts: vec![Part::Table(Box::new(table))],
        ..Page::default()
    })
}

pub fn new() -> Page {
    let form = Form::new(FormName::CreateAdvertiser, "Create advertiser", fields(None)).cancel(ADVERTISERS);
    Page {
        title: "New advertiser".into(),
        crumbs: vec![way("Advertisers", ADVERTISERS)],
        parts: vec![Part::Form(form)],
        ..Page::default()
    }
}

pub async fn one(engine: &Engine, session: &Session, id: AdvertiserId) -> Result<Page, AppError> {
    let advertiser = engine.advertiser(session, id).await?;
    let form = Form::new(FormName::ChangeAdvertiser, "Save", fields(Some(&advertiser)))
        .hidden("id", id)
        .hidden("version", advertiser.version);
    let of = format!("advertiser_id={id}");
    let mut parts = vec![Part::Facts(vec![
        ("Status".into(), status(advertiser.status)),
        ("Id".into(), Cell::code(id.to_string())),
        ("Created (UTC)".into(), Cell::Time(advertiser.created_at)),
    ])];
    if advertiser.status == AdvertiserStatus::Inactive {
        let text = "Inactive: its links lead to a page that says they have ended, and its events are refused with 403.";
        parts.push(Part::Notice(Notice { tone: Tone::Warn, text: text.into(), way: None }));
    }
    parts.extend([
        keys(engine, session, &advertiser).await?,
        signing(engine, session, id).await?,
        logins(engine, session, id).await?,
        Part::group("Settings", vec![Part::Form(form)]),
    ]);
    Ok(Page {
        title: advertiser.name.clone(),
        crumbs: vec![way("Advertisers", ADVERTISERS)],
        actions: vec![
            Action::go("New campaign", format!("/admin/campaigns/new?{of}")).primary(),
            Action::go("Campaigns", format!("/admin/campaigns?{of}")),
            Action::go("Coupons", format!("/admin/coupons?{of}")),
            Action::go("Links", format!("/admin/links?{of}")),
            Action::go("Integration", integration::of_advertiser(id)),
            Action::go("View as advertiser", format!("/dashboard?{of}")),
            switch(&advertiser),
        ],
        parts,
        ..Page::default()
    })
}

/// Turns it off, or on again: either can be taken back.
fn switch(advertiser: &Advertiser) -> Action {
    let (label, word) = match advertiser.status {
        AdvertiserStatus::Active => ("Deactivate", AdvertiserStatus::Inactive),
        AdvertiserStatus::Inactive => ("Activate", AdvertiserStatus::Active),
    };
    let fields = vec![pair("id", advertiser.id), pair("status", word)];
    Action::act(label, FormName::ChangeAdvertiser, fields).said(format!("{label} {}", advertiser.name))
}

async fn keys(engine: &Engine, session: &Session, advertiser: &Advertiser) -> Result<Part, AppError> {
    let now = engine.now();
    let found = engine.list_api_keys(session, advertiser.id, PageAt::default()).await?;
    let form = Form::new(
        FormName::IssueKey,
        "Create key",
        vec![Field::text("name", "Name").required().hint("Where it is used, such as \"Shop backend\".")],
    )
    .title("New API key")
    .hidden("id", advertiser.id);
    let make = Action::ask("New key", form);
    let table = Table {
        caption: "API keys".into(),
        columns: ["Name", "Key begins", "State", "Last used (UTC)", "Created (UTC)"].map(Column::text).into(),
        rows: found.items.iter().map(|key| key_row(key, now)).collect(),
        empty: Empty {
            title: "No API keys".into(),
            text: "The shop's backend sends events with one.".into(),
            action: None,
        },
        ..Table::default()
    };
    Ok(Part::Group {
        title: "API keys".into(),
        note: Some("A key is shown once, when it is created.".into()),
        actions: vec![make],
        parts: vec![Part::Table(Box::new(table))],
    })
}

fn key_row(key: &ApiKey, now: Timestamp) -> Row {
    let has_expired = key.expires_at.is_some_and(|at| at <= now);
    let state = match key.expires_at {
        _ if key.revoked_at.is_some() => status("revoked"),
        Some(_) if has_expired => status("expired"),
        Some(at) => Cell::Stack(vec![Cell::Status(Tone::Warn, "Ends".into()), Cell::Time(at)]),
        None => status("active"),
    };
    let used = key.last_used_at.map_or(Cell::None, Cell::Time);
    let row = Row::new(vec![
        Cell::text(&key.name),
        Cell::text(format!("{}…", key.prefix)),
        state,
        used,
        Cell::Time(key.created_at),
    ]);
    if key.revoked_at.is_some() || has_expired {
        return row;
    }
    let last_used = key
        .last_used_at
        .map_or_else(|| "It was never used.".to_owned(), |at| format!("It was last used {}.", ago(at, now)));
    let rotate = Form::new(FormName::RotateKey, "Rotate key", vec![overlap()])
        .title(format!("Rotate {}", key.name))
        .hidden("id", key.id);
    let revoke = Confirm {
        title: format!("Revoke {}?", key.name),
        text: format!("Events that come with {}… are refused from now on. {last_used}", key.prefix),
        button: "Revoke key".into(),
    };
    row.actions(vec![
        Action::ask("Rotate", rotate).said(format!("Rotate {}", key.name)),
        Action::after(revoke, "Revoke", FormName::RevokeKey, vec![pair("id", key.id)])
            .said(format!("Revoke {}", key.name)),
    ])
}

/// How long the old one lives on beside the new one.
fn overlap() -> Field {
    let choices = [
        ("0", "ends at once"),
        ("3600", "lives on for an hour"),
        ("86400", "lives on for a day"),
        ("604800", "lives on for a week"),
    ];
    let choices = choices.map(|(value, label)| crate::admin::page::Choice { value: value.into(), label: label.into() });
    Field::select("overlap_seconds", "The old one", choices.into()).value("86400")
}

async fn signing(engine: &Engine, session: &Session, id: AdvertiserId) -> Result<Part, AppError> {
    let live = engine.signing_secrets(session, id).await?;
    let has_one = !live.is_empty();
    let rows = live.into_iter().map(|secret| {
        let state = match secret.expires_at {
            None => status("active"),
            Some(at) => Cell::Stack(vec![Cell::Status(Tone::Warn, "Ends".into()), Cell::Time(at)]),
        };
        Row::new(vec![state, Cell::Time(secret.created_at)])
    });
    let table = Table {
        caption: "Signing secrets".into(),
        columns: ["State", "Created (UTC)"].map(Column::text).into(),
        rows: rows.collect(),
        empty: Empty {
            title: "No signing secret".into(),
            text: "With one, events can carry a signature that shows they are the shop's.".into(),
            action: None,
        },
        ..Table::default()
    };
    let make = match has_one {
        false => Action::act("Create secret", FormName::MakeSigningSecret, vec![pair("id", id)]),
        true => {
            let form = Form::new(FormName::MakeSigningSecret, "Rotate secret", vec![overlap()]);
            Action::ask("Rotate secret", form.title("Rotate the signing secret").hidden("id", id))
        }
    };
    Ok(Part::Group {
        title: "Signing secret".into(),
        note: None,
        actions: vec![make],
        parts: vec![Part::Table(Box::new(table))],
    })
}

async fn logins(engine: &Engine, session: &Session, id: AdvertiserId) -> Result<Part, AppError> {
    let query = ListQuery { advertiser_id: Some(id), ..ListQuery::default() };
    let found = engine.list_accounts(session, &query).await?;
    let form = Form::new(FormName::CreateAccount, "Create login", vec![accounts::email("")])
        .title("New login")
        .hidden("role", "advertiser")
        .hidden("advertiser_id", id);
    Ok(Part::Group {
        title: "Logins".into(),
        note: None,
        actions: vec![Action::ask("New login", form)],
        parts: vec![Part::Table(Box::new(accounts::table("Logins", &found.items)))],
    })
}

fn fields(of: Option<&Advertiser>) -> Vec<Field> {
    let zone = of.map_or("UTC", |advertiser| &advertiser.time_zone);
    vec![
        Field::text("name", "Name").value(of.map_or("", |advertiser| &advertiser.name)).required(),
        Field::new(Kind::Suggest(zones()), "time_zone", "Time zone")
            .value(zone)
            .hint("An IANA name, such as Europe/Berlin: days and hours of its figures are of this zone."),
        Field::select("status", "Status", choices(AdvertiserStatus::ALL))
            .value(of.map(|advertiser| advertiser.status).unwrap_or_default())
            .hint("Events of an inactive advertiser are refused, and its links say that they have ended."),
        Field::checkbox(
            "require_signature",
            "Refuse events without a signature",
            of.is_some_and(|advertiser| advertiser.require_signature),
        )
        .hint("Every event must then carry a valid X-Signature."),
    ]
}

/// The zones people live in.
fn zones() -> Vec<String> {
    let all = jiff::tz::db().available().map(|name| name.to_string());
    all.filter(|name| {
        name.contains('/') && !["Etc/", "SystemV/", "posix", "right"].iter().any(|part| name.starts_with(part))
    })
    .collect()
}
