//! `/sales`: what an influencer sold. Nothing of a customer.

use engine::{Engine, Session};
use model::{account::Role, own::Sale};

use super::{
    Asked,
    activity::{csv, method, query, ranges},
    lists::{self, Names},
    words::way,
};
use crate::{
    admin::{
        page::{Cell, Empty, Page, Part},
        table::{Column, Row, Table},
    },
    error::{AppError, ErrorKind},
};

/// An influencer's own alone: for others this page is not there.
pub async fn page(engine: &Engine, session: &Session, path: &str, search: &str) -> Result<Page, AppError> {
    if session.account.role != Role::Influencer {
        return Err(AppError::new(ErrorKind::Forbidden));
    }
    let asked = Asked::new(path, search);
    let query = query(&asked)?;
    let found = engine.own_sales(session, &query).await?;
    let mut filters = lists::filters(&asked, "", vec![ranges(&asked)]);
    for (name, label) in [("campaign_id", "Campaign"), ("link_id", "Link"), ("coupon_id", "Coupon")] {
        if let Some(text) = asked.get(name) {
            let id = text.parse().ok();
            let names = Names::of(engine, session, [id]).await?;
            filters.chips.push(way(format!("{label}: {}", id.map_or("?", |id| names.get(id))), asked.with(name, None)));
        }
    }
    if let Some(by) = asked.parsed("method")? {
        filters.chips.push(way(format!("Credited by: {}", method(by)), asked.with("method", None)));
    }
    for (name, label) in [("from", "From"), ("to", "To"), ("tz", "Zone")] {
        if let Some(text) = asked.get(name) {
            filters.chips.push(way(format!("{label} {text}"), asked.with(name, None)));
        }
    }
    let table = Table {
        caption: "Sales".into(),
        columns: vec![
            Column::text("When (UTC)"),
            Column::figure("Worth"),
            Column::text("Campaign"),
            Column::text("Credited by"),
            Column::text("Link or coupon"),
        ],
        rows: found.items.iter().map(|sale| row(sale, &asked)).collect(),
        filters: Some(filters),
        first: asked.first(),
        next: asked.next(found.next_cursor.as_deref()),
        empty: asked.empty(Empty {
            title: "No sales yet".into(),
            text: "An order that came by a link or coupon of yours is here within moments.".into(),
            action: None,
        }),
        ..Table::default()
    };
    Ok(Page {
        title: "Sales".into(),
        actions: vec![csv(query.within, "/api/v1/influencer/exports/sales.csv", "sales.csv", None)],
        parts: vec![Part::Table(Box::new(table))],
        ..Page::default()
    })
}

fn row(sale: &Sale, asked: &Asked<'_>) -> Row {
    let narrowed = |name: &'static str, id: String, label: &str| Cell::link(label, asked.with(name, Some(&id)));
    let link = sale.link_id.zip(sale.link_code.as_deref()).map(|(id, code)| narrowed("link_id", id.to_string(), code));
    let coupon =
        sale.coupon_id.zip(sale.coupon_code.as_deref()).map(|(id, code)| narrowed("coupon_id", id.to_string(), code));
    Row::new(vec![
        Cell::Time(sale.occurred_at),
        sale.value.map_or(Cell::None, |value| Cell::Money(vec![value])),
        narrowed("campaign_id", sale.campaign_id.to_string(), &sale.campaign_name),
        narrowed("method", sale.method.to_string(), &method(sale.method)),
        link.or(coupon).unwrap_or_default(),
    ])
}
