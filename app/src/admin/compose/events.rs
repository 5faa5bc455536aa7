//! Events, newest first, and one of them with its trace.

use engine::{Engine, Session};
use model::{
    EventId, Money,
    activity::Event,
    attribution::{Attribution, Method, Outcome, Step},
    event::Action as EventAction,
};
use uuid::Uuid;

use super::{
    Asked,
    activity::{Named, Places, chips, csv, method, query, who},
    lists::{self, Names},
    words::{capital, choices, way},
};
use crate::{
    admin::{
        page::{Action, Cell, Choice, Empty, Page, Part, Tone},
        table::{Column, Row, Table},
    },
    error::AppError,
};

pub async fn events(engine: &Engine, session: &Session, asked: &Asked<'_>) -> Result<Page, AppError> {
    let places = Places::of(asked);
    let query = query(asked)?;
    let found = engine.list_events(session, &query).await?;
    let names = Names::of(engine, session, found.items.iter().flat_map(ids_of)).await?;
    let names = Named::new(names, places, Some(asked));
    let mut selects = who(engine, session, asked, places).await?;
    selects.push(lists::select(asked, "action", "Action", "Any action", choices(EventAction::ALL)));
    let methods = Method::ALL.iter().map(|it| Choice { value: it.to_string(), label: method(*it) }).collect();
    selects.push(lists::select(asked, "method", "Credited by", "Any way", methods));
    let mut filters = lists::filters(asked, "", selects);
    filters.chips = chips(engine, session, asked, places).await?;
    let table = Table {
        caption: "Events".into(),
        columns: vec![
            Column::text("When (UTC)"),
            Column::text("Action"),
            Column::text("Order or event id"),
            Column::figure("Value"),
            Column::text("Credited by"),
            Column::text("Influencer"),
            Column::text("Campaign"),
        ],
        rows: found.items.iter().map(|event| event_row(event, &names, asked)).collect(),
        filters: Some(filters),
        first: asked.first(),
        next: asked.next(found.next_cursor.as_deref()),
        empty: asked.empty(Empty {
            title: "No events".into(),
            text: "Shops send them to POST /api/v1/events with an API key.".into(),
            action: Some(Action::go("API documentation", "/docs/api/")),
        }),
        ..Table::default()
    };
    let more = query.action.map(|_| "every action");
    Ok(Page {
        title: "Events".into(),
        actions: vec![csv(query.within, "/api/v1/exports/events.csv", "events.csv", more)],
        parts: vec![Part::Table(Box::new(table))],
        ..Page::default()
    })
}

fn ids_of(event: &Event) -> [Option<Uuid>; 5] {
    let credit = &event.attribution;
    [
        Some(event.advertiser_id.0),
        credit.influencer_id.map(|id| id.0),
        credit.campaign_id.map(|id| id.0),
        credit.link_id.map(|id| id.0),
        credit.coupon_id.map(|id| id.0),
    ]
}

fn event_row(event: &Event, names: &Named<'_>, asked: &Asked<'_>) -> Row {
    let places = Places::of(asked);
    let credit = &event.attribution;
    let action = event.name.clone().unwrap_or_else(|| capital(event.action.as_str()));
    let (action, credited) = match places.is_admin {
        true => (Cell::text(action), credited(credit)),
        false => (
            Cell::link(action, asked.with("action", Some(event.action.as_str()))),
            Cell::link(method(credit.method), asked.with("method", Some(credit.method.as_str()))),
        ),
    };
    let shown = event.event_id.clone().unwrap_or_else(|| event.id.to_string());
    Row::new(vec![
        Cell::Time(event.occurred_at),
        action,
        Cell::link(shown, format!("{}/{}", places.events, event.id)),
        event.value.map_or(Cell::None, |value: Money| Cell::Money(vec![value])),
        credited,
        names.influencer(credit.influencer_id.map(|id| id.0)),
        names.campaign(credit.campaign_id.map(|id| id.0)),
    ])
}

fn credited(credit: &Attribution) -> Cell {
    match credit.method {
        Method::None => Cell::Status(Tone::Plain, "Nobody".into()),
        method_used => Cell::Status(Tone::Good, method(method_used)),
    }
}

/// One event, and why it was credited as it was.
pub async fn event(engine: &Engine, session: &Session, places: Places, id: EventId) -> Result<Page, AppError> {
    let event = engine.event(session, id).await?;
    let names = Named::new(Names::of(engine, session, ids_of(&event)).await?, places, None);
    let credit = &event.attribution;
    let mut facts = vec![
        ("Action".into(), Cell::text(event.name.clone().unwrap_or_else(|| capital(event.action.as_str())))),
        ("Value".into(), event.value.map_or(Cell::None, |value| Cell::Money(vec![value]))),
        ("Occurred (UTC)".into(), Cell::Time(event.occurred_at)),
        ("Received (UTC)".into(), Cell::Time(event.received_at)),
        ("Order or event id".into(), event.event_id.as_deref().map_or(Cell::None, Cell::code)),
        ("Id".into(), Cell::code(event.id.to_string())),
    ];
    if places.is_admin {
        facts.insert(2, ("Advertiser".into(), names.names.advertiser(event.advertiser_id)));
    }
    if let Some(click) = credit.click_id {
        facts.push(("Click".into(), Cell::code(click.to_string())));
    }
    let confidence = format!("confidence {}", credit.confidence);
    let credits = vec![
        ("Credited by".into(), credited(credit).with_note(confidence)),
        ("Influencer".into(), names.influencer(credit.influencer_id.map(|id| id.0))),
        ("Campaign".into(), names.campaign(credit.campaign_id.map(|id| id.0))),
        ("Link".into(), names.link(credit.link_id.map(|id| id.0))),
        ("Coupon".into(), names.coupon(credit.coupon_id.map(|id| id.0))),
    ];
    let mut parts = vec![
        Part::Facts(facts),
        Part::group("Credit", vec![Part::Facts(credits), Part::Table(Box::new(trace(&credit.trace)))]),
    ];
    if let Some(properties) = &event.properties {
        let text = serde_json::to_string_pretty(properties).unwrap_or_default();
        parts.push(Part::group("Properties", vec![Part::code("Properties", text)]));
    }
    Ok(Page {
        // Its id is the shop's own text: that stands among the facts.
        title: "Event".into(),
        crumbs: vec![way("Events", places.events)],
        parts,
        ..Page::default()
    })
}

/// Every candidate in the order it was weighed; the first that stands wins.
pub fn trace(steps: &[Step]) -> Table {
    let rows = steps.iter().enumerate().map(|(index, step)| {
        let outcome = match step.outcome {
            Outcome::Won => Cell::Status(Tone::Good, "Won".into()),
            Outcome::Rejected => Cell::Status(Tone::Bad, "Rejected".into()),
            Outcome::NotReached => Cell::Status(Tone::Plain, "Not reached".into()),
        };
        Row::new(vec![
            Cell::Stack(vec![
                Cell::text(format!("{}. {}", index + 1, method(step.candidate))),
                Cell::code(&step.value),
            ]),
            Cell::Stack(vec![outcome, Cell::text(step.reason.as_ref())]),
        ])
    });
    Table {
        caption: "Why: every candidate in order".into(),
        columns: ["Candidate", "Outcome"].map(Column::text).into(),
        rows: rows.collect(),
        empty: Empty {
            title: "No attribution key".into(),
            text: "The event named no coupon, click or ref code, so nobody could be credited.".into(),
            action: None,
        },
        ..Table::default()
    }
}
