//! What goes wrong how often, above the list of failures.

use engine::{Engine, Session};
use model::{AdvertiserId, activity::FailureGroup};

use super::{activity::FAILURES, lists::Names, words::capital};
use crate::{
    address::escape,
    admin::{
        page::Cell,
        table::{Column, Row, Table},
    },
    error::AppError,
};

/// Groups shown: what went wrong last.
const MOST: usize = 20;

/// None where nothing has gone wrong yet.
pub async fn table(engine: &Engine, session: &Session, of: Option<AdvertiserId>) -> Result<Option<Table>, AppError> {
    let groups = engine.failure_groups(session, of).await?;
    if groups.is_empty() {
        return Ok(None);
    }
    let names = Names::of(engine, session, groups.iter().map(|group| Some(group.advertiser_id.0))).await?;
    let rows = groups.iter().take(MOST).map(|group| {
        Row::new(vec![
            Cell::link(capital(&group.code.replace('-', " ")), narrowed(group)),
            group.field.as_deref().map_or(Cell::None, Cell::text),
            names.advertiser(group.advertiser_id),
            Cell::code(&group.key_prefix),
            Cell::Count(group.count),
            Cell::Time(group.first_at),
            Cell::Time(group.last_at),
        ])
    });
    Ok(Some(Table {
        caption: "What goes wrong, what was last first".into(),
        columns: vec![
            Column::text("Error"),
            Column::text("Field"),
            Column::text("Advertiser"),
            Column::text("Key"),
            Column::figure("Times"),
            Column::text("First (UTC)"),
            Column::text("Last (UTC)"),
        ],
        rows: rows.collect(),
        ..Table::default()
    }))
}

/// The list narrowed to a group.
fn narrowed(group: &FailureGroup) -> String {
    let mut href =
        format!("{FAILURES}?advertiser_id={}&api_key_id={}&code={}", group.advertiser_id, group.api_key_id, group.code);
    if let Some(field) = &group.field {
        href.push_str("&field=");
        escape(field, &mut href);
    }
    href
}
