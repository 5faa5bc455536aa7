//! What goes wrong how often, above the list of failures.

use engine::{Engine, Session};
use model::{AdvertiserId, activity::FailureGroup};

use super::{activity::Places, lists::Names, words::capital};
use crate::{
    address::with_query,
    admin::{
        page::Cell,
        table::{Column, Row, Table},
    },
    error::AppError,
};

/// Groups shown: what went wrong last.
const MOST: usize = 20;

/// None where nothing has gone wrong yet.
pub async fn table(
    engine: &Engine,
    session: &Session,
    places: Places,
    of: Option<AdvertiserId>,
) -> Result<Option<Table>, AppError> {
    let groups = engine.failure_groups(session, of).await?;
    if groups.is_empty() {
        return Ok(None);
    }
    let names = Names::of(engine, session, groups.iter().map(|group| Some(group.advertiser_id.0))).await?;
    let rows = groups.iter().take(MOST).map(|group| {
        let mut cells = vec![
            Cell::link(capital(&group.code.replace('-', " ")), narrowed(group, places)),
            group.field.as_deref().map_or(Cell::None, Cell::text),
            Cell::code(&group.key_prefix),
            Cell::Count(group.count),
            Cell::Time(group.first_at),
            Cell::Time(group.last_at),
        ];
        if places.is_admin {
            cells.insert(2, names.advertiser(group.advertiser_id));
        }
        Row::new(cells)
    });
    let mut columns = vec![
        Column::text("Error"),
        Column::text("Field"),
        Column::text("Key"),
        Column::figure("Times"),
        Column::text("First (UTC)"),
        Column::text("Last (UTC)"),
    ];
    if places.is_admin {
        columns.insert(2, Column::text("Advertiser"));
    }
    Ok(Some(Table {
        caption: "What goes wrong, what was last first".into(),
        columns,
        rows: rows.collect(),
        ..Table::default()
    }))
}

/// The list narrowed to a group.
fn narrowed(group: &FailureGroup, places: Places) -> String {
    let mut pairs = vec![("api_key_id", group.api_key_id.to_string()), ("code", group.code.clone())];
    if places.is_admin {
        pairs.insert(0, ("advertiser_id", group.advertiser_id.to_string()));
    }
    pairs.extend(group.field.clone().map(|field| ("field", field)));
    with_query(places.failures, pairs)
}
