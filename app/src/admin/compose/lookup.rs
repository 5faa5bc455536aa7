//! What the look-up box leads to: the records that a text names.

use engine::{Engine, Session};
use model::{overview::Find, stats::Preset};

use super::{
    Asked,
    activity::Places,
    coupons, links,
    words::{capital, status},
};
use crate::{
    address::{DASHBOARD, with_query},
    admin::{
        page::{Cell, Empty, Page, Part},
        table::{Column, Row, Table},
    },
    error::AppError,
};

/// What a text names.
pub async fn look_up(engine: &Engine, session: &Session, asked: &Asked<'_>) -> Result<Page, AppError> {
    let places = Places::of(asked);
    let Some(text) = asked.get("q") else {
        let empty = Empty {
            title: "Look something up".into(),
            text: "A coupon or link code, an order number, or the id of a click, an event or a request.".into(),
            action: None,
        };
        return Ok(Page { title: "Look up".into(), parts: vec![Part::Empty(empty)], ..Page::default() });
    };
    let found = engine.look_up(session, text).await?.items;
    let table = Table {
        caption: format!("What “{text}” names"),
        columns: ["What", "Name", "Status", "When (UTC)"].map(Column::text).into(),
        rows: found.iter().map(|found| find(found, places)).collect(),
        empty: Empty {
            title: format!("Nothing is called “{text}”"),
            text: "Codes are found whole, a coupon's without case; an order number as the shop sent it.".into(),
            action: None,
        },
        ..Table::default()
    };
    Ok(Page { title: format!("Look up: {text}"), parts: vec![Part::Table(Box::new(table))], ..Page::default() })
}

fn find(found: &Find, places: Places) -> Row {
    // Of an advertiser's own codes the figures are shown.
    let figures = |name: &str, id: String| with_query(DASHBOARD, [("range", Preset::All.to_string()), (name, id)]);
    let (what, name, state, at) = match found {
        Find::Coupon(it) => {
            let list = match places.is_admin {
                true => format!("{}?q={}&campaign_id={}", coupons::COUPONS, it.code, it.campaign_id),
                false => figures("coupon_id", it.id.to_string()),
            };
            ("Coupon", Cell::link(&it.code, list), status(it.status), it.created_at)
        }
        Find::Link(it) => {
            let there = if places.is_admin { links::href(it.id) } else { figures("link_id", it.id.to_string()) };
            ("Link", Cell::link(&it.code, there), status(it.status), it.created_at)
        }
        Find::Click(it) => {
            let list = format!("{}?link_id={}", places.clicks, it.link_id);
            ("Click", Cell::link(it.id.to_string(), list), Cell::text(capital(it.device.as_str())), it.clicked_at)
        }
        Find::Event(it) => {
            let name = it.event_id.clone().unwrap_or_else(|| it.id.to_string());
            let href = format!("{}/{}", places.events, it.id);
            ("Event", Cell::link(name, href), Cell::text(capital(it.action.as_str())), it.occurred_at)
        }
        Find::Failure(it) => {
            let href = format!("{}/{}", places.failures, it.id);
            ("Failure", Cell::link(it.code.replace('-', " "), href), Cell::text(it.status.to_string()), it.received_at)
        }
    };
    Row::new(vec![Cell::text(what), name, state, Cell::Time(at)])
}
