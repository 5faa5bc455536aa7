//! Advertisers: the list, a new one, and one with all that belongs to it.

use engine::{Engine, Session};
use model::{
    AdvertiserId,
    advertiser::{Advertiser, AdvertiserStatus},
};

use super::{
    Asked,
    words::{choices, status, way},
};
use crate::{
    admin::{
        forms::FormName,
        page::{Action, Cell, Empty, Field, Form, Kind, Page, Part},
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
    let found = engine.list_advertisers(session, asked.page_at()?).await?;
    let rows = found.items.iter().map(|advertiser| {
        Row::new(vec![
            Cell::link(&advertiser.name, href(advertiser.id)),
            status(advertiser.status),
            Cell::text(&advertiser.time_zone),
            Cell::text(if advertiser.require_signature { "Required" } else { "Optional" }),
            Cell::Time(advertiser.created_at),
        ])
    });
    let make = Action::go("New advertiser", NEW).primary();
    let table = Table {
        caption: "Advertisers".into(),
        columns: ["Name", "Status", "Time zone", "Signatures", "Made (UTC)"].map(Column::text).into(),
        rows: rows.collect(),
        filters: Some(Filters {
            search: Some("Search by name".into()),
            q: asked.get("q").unwrap_or_default().into(),
            kept: asked.kept(&[]),
            ..Filters::default()
        }),
        first: asked.first(),
        next: asked.next(found.next_cursor.as_deref()),
        empty: Empty {
            title: "No advertisers".into(),
            text: "An advertiser is a shop: campaigns, keys and events belong to one.".into(),
            action: Some(make.clone()),
        },
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
    let form = Form::new(FormName::ChangeAdvertiser, "Save", fields(Some(&advertiser))).hidden("id", id);
    Ok(Page {
        title: advertiser.name.clone(),
        crumbs: vec![way("Advertisers", ADVERTISERS)],
        parts: vec![
            Part::Facts(vec![
                ("Status".into(), status(advertiser.status)),
                ("Id".into(), Cell::code(id.to_string())),
                ("Made (UTC)".into(), Cell::Time(advertiser.created_at)),
            ]),
            Part::group("Settings", vec![Part::Form(form)]),
        ],
        ..Page::default()
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
    all.filter(|name| {
        name.contains('/') && !["Etc/", "SystemV/", "posix", "right"].iter().any(|part| name.starts_with(part))
    })
    .collect()
}
