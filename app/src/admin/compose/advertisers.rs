//! Advertisers: the list, a new one, and one with its settings and keys.

use engine::{Engine, PageAt, Session};
use model::{
    AdvertiserId,
    advertiser::{Advertiser, AdvertiserStatus},
    api_key::ApiKey,
    page::{MOST_ITEMS, Sort},
};

use super::{
    Asked,
    words::{choices, either, pair, status, way},
};
use crate::{
    admin::{
        forms::FormName,
        page::{Action, Cell, Confirm, Empty, Field, Form, Kind, Page, Part, Tone},
        table::{Column, Filters, Row, Table},
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
        let cells = vec![
            Cell::link(&advertiser.name, href(advertiser.id)),
            status(advertiser.status),
            Cell::text(&advertiser.time_zone),
            Cell::text(if advertiser.require_signature { "Required" } else { "Optional" }),
            Cell::Time(advertiser.created_at),
        ];
        Row::new(cells).actions(vec![switch(advertiser)])
    });
    let make = Action::go("New advertiser", NEW).primary();
    let table = Table {
        caption: "Advertisers".into(),
        columns: vec![
            asked.sorts(Column::text("Name"), Sort::Ascending, Sort::Descending),
            Column::text("Status"),
            Column::text("Time zone"),
            Column::text("Signatures"),
            asked.sorts(Column::text("Made (UTC)"), Sort::Oldest, Sort::Newest),
        ],
        rows: rows.collect(),
        filters: Some(Filters {
            search: Some("Search by name".into()),
            q: asked.get("q").unwrap_or_default().into(),
            selects: vec![either(
                Field::select("status", "Status", choices(AdvertiserStatus::ALL)),
                asked.get("status"),
            )],
            kept: asked.kept(&["status"]),
            ..Filters::default()
        }),
        first: asked.first(),
        next: asked.next(found.next_cursor.as_deref()),
        empty: asked.empty(Empty {
            title: "No advertisers yet".into(),
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

/// Off and on again: at once, because it can be taken back.
fn switch(advertiser: &Advertiser) -> Action {
    let (label, to) = match advertiser.status {
        AdvertiserStatus::Active => ("Deactivate", AdvertiserStatus::Inactive),
        AdvertiserStatus::Inactive => ("Activate", AdvertiserStatus::Active),
    };
    let fields = vec![pair("id", advertiser.id), pair("status", to)];
    Action::act(label, FormName::ChangeAdvertiser, fields).said(format!("{label} {}", advertiser.name))
}

pub fn new() -> Page {
    let form = Form::new(FormName::CreateAdvertiser, "Make advertiser", fields(None)).cancel(ADVERTISERS);
    Page {
        title: "New advertiser".into(),
        crumbs: vec![way("Advertisers", ADVERTISERS)],
        parts: vec![Part::Form(form)],
        ..Page::default()
    }
}

pub async fn one(engine: &Engine, session: &Session, id: AdvertiserId) -> Result<Page, AppError> {
    let advertiser = engine.advertiser(session, id).await?;
    let keys = engine.list_api_keys(session, id, PageAt { limit: MOST_ITEMS, after: None }).await?.items;
    let settings = Form::new(FormName::ChangeAdvertiser, "Save", fields(Some(&advertiser)))
        .hidden("id", id)
        .hidden("version", advertiser.version);
    let name = Field::text("name", "Name").required().hint("Where it is used: \"Shop, live\".");
    let issue = Form::new(FormName::IssueKey, "Make key", vec![name]).title("New API key").hidden("id", id);
    Ok(Page {
        title: advertiser.name.clone(),
        crumbs: vec![way("Advertisers", ADVERTISERS)],
        actions: vec![switch(&advertiser)],
        parts: vec![
            Part::Facts(vec![
                ("Status".into(), status(advertiser.status)),
                ("Id".into(), Cell::code(id.to_string())),
                ("Made (UTC)".into(), Cell::Time(advertiser.created_at)),
            ]),
            Part::Group {
                title: "API keys".into(),
                note: None,
                actions: vec![Action::ask("New key", issue)],
                parts: vec![Part::Table(Box::new(key_table(&keys)))],
            },
            Part::group("Settings", vec![Part::Form(settings)]),
        ],
        ..Page::default()
    })
}

fn key_table(keys: &[ApiKey]) -> Table {
    let rows = keys.iter().map(|key| {
        let stands = key.revoked_at.is_none();
        let cells = vec![
            Cell::text(&key.name),
            Cell::text(format!("{}…", key.prefix)),
            if stands { status("active") } else { Cell::Status(Tone::Bad, "Revoked".into()) },
            Cell::Time(key.created_at),
            key.last_used_at.map_or(Cell::None, Cell::Time),
        ];
        let last = key.last_used_at.map_or("It was never used.".to_owned(), |at| format!("It was last used {at}."));
        let confirm = Confirm {
            title: format!("Revoke the key \"{}\"?", key.name),
            text: format!("Events sent with it are refused from now on, for good. {last}"),
            button: "Revoke key".into(),
        };
        let revoke = Action::after(confirm, "Revoke", FormName::RevokeKey, vec![pair("id", key.id)]);
        let revoke = revoke.said(format!("Revoke the key {}", key.name));
        Row::new(cells).actions(stands.then_some(revoke).into_iter().collect())
    });
    Table {
        caption: "API keys".into(),
        columns: ["Name", "Key", "Status", "Made (UTC)", "Last used (UTC)"].map(Column::text).into(),
        rows: rows.collect(),
        empty: Empty {
            title: "No keys yet".into(),
            text: "The shop's backend sends its events with one.".into(),
            action: None,
        },
        ..Table::default()
    }
}

fn fields(of: Option<&Advertiser>) -> Vec<Field> {
    let zone = of.map_or("UTC", |advertiser| &advertiser.time_zone);
    vec![
        Field::text("name", "Name").value(of.map_or("", |advertiser| &advertiser.name)).required(),
        Field::new(Kind::Suggest(zones()), "time_zone", "Time zone")
            .value(zone)
            .required()
            .hint("An IANA name, such as Europe/Berlin: days and hours of its figures are of this zone."),
        Field::select("status", "Status", choices(AdvertiserStatus::ALL))
            .value(of.map(|advertiser| advertiser.status).unwrap_or_default())
            .required()
            .hint("Events of an inactive advertiser are refused, and its links lead nowhere."),
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
    let technical = ["Etc/", "SystemV/", "posix", "right"];
    all.filter(|name| name.contains('/') && !technical.iter().any(|part| name.starts_with(part))).collect()
}
