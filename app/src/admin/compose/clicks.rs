//! Clicks, newest first.

use engine::{Engine, Session};
use model::{activity::Click, stats::StatsQuery};

use super::{
    Asked,
    activity::{Named, Places, chips, csv, query, who},
    lists::{self, Names},
    words::capital,
};
use crate::{
    admin::{
        page::{Cell, Choice, Empty, Page, Part, Tone},
        table::{Column, Row, Table},
    },
    error::AppError,
};

pub async fn clicks(engine: &Engine, session: &Session, asked: &Asked<'_>) -> Result<Page, AppError> {
    let places = Places::of(asked);
    let query = query(asked)?;
    let found = engine.list_clicks(session, &query).await?;
    let ids =
        found.items.iter().flat_map(|it| [Some(it.link_id.0), Some(it.campaign_id.0), it.influencer_id.map(|id| id.0)]);
    let names = Named::new(Names::of(engine, session, ids).await?, places, Some(asked));
    let mut selects = who(engine, session, asked, places).await?;
    let kinds = [("false", "People"), ("true", "Bots")];
    let kinds = kinds.map(|(value, label)| Choice { value: value.into(), label: label.into() });
    selects.push(lists::select(asked, "is_bot", "Made by", "People and bots", kinds.into()));
    let mut filters = lists::filters(asked, "", selects);
    filters.chips = chips(engine, session, asked, places).await?;
    let table = Table {
        caption: "Clicks".into(),
        columns: ["When (UTC)", "Link", "Influencer", "Campaign", "Device", "Country", "From", "Visitor"]
            .map(Column::text)
            .into(),
        rows: found.items.iter().map(|click| click_row(click, &names)).collect(),
        filters: Some(filters),
        first: asked.first(),
        next: asked.next(found.next_cursor.as_deref()),
        empty: asked.empty(Empty {
            title: "No clicks".into(),
            text: "Every followed link is here within seconds.".into(),
            action: None,
        }),
        ..Table::default()
    };
    let with_bots = StatsQuery { include_bots: query.is_bot != Some(false), ..query.within };
    let more = (query.is_bot == Some(true)).then_some("people too");
    Ok(Page {
        title: "Clicks".into(),
        actions: vec![csv(with_bots, "/api/v1/exports/clicks.csv", "clicks.csv", more)],
        parts: vec![Part::Table(Box::new(table))],
        ..Page::default()
    })
}

fn click_row(click: &Click, names: &Named<'_>) -> Row {
    let device = [click.browser.as_deref(), click.os.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let visitor = match (click.is_bot, click.is_first) {
        (true, _) => Cell::Status(Tone::Warn, "Bot".into()),
        (false, true) => Cell::text("First today"),
        (false, false) => Cell::text("Again"),
    };
    Row::new(vec![
        Cell::Time(click.clicked_at),
        names.link(Some(click.link_id.0)),
        names.influencer(click.influencer_id.map(|id| id.0)),
        names.campaign(Some(click.campaign_id.0)),
        Cell::text(capital(click.device.as_str())).with_note(device),
        Cell::maybe(click.country.as_deref()),
        Cell::maybe(click.referrer_host.as_deref()),
        visitor,
    ])
}
