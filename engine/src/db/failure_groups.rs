//! What goes wrong how often: failures counted by advertiser, key, kind of error and field.

use std::collections::BTreeMap;

use model::{AdvertiserId, Timestamp, activity::FailureGroup};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    Conn,
    failures::StoredFailure,
    list::{Arg, Select},
    on,
};
use crate::error::Result;

const MOST_FIELD: usize = 64;

/// Advertiser, API key, kind of error, field.
type Key<'a> = (Uuid, Uuid, &'a str, String);
/// How often, first, last.
type Counted = (i64, i64, i64);

/// Counts failures, each under every field that it names.
pub async fn count(conn: &mut Conn, failures: &[StoredFailure]) -> Result<()> {
    // Sorted: two nodes that count the same ones wait for each other, and never for ever.
    let mut groups: BTreeMap<Key<'_>, Counted> = BTreeMap::new();
    for failure in failures {
        let mut fields: Vec<String> =
            failure.errors.iter().map(|error| error.field.chars().take(MOST_FIELD).collect()).collect();
        fields.sort_unstable();
        fields.dedup();
        if fields.is_empty() {
            fields.push(String::new());
        }
        for field in fields {
            let at = failure.received_at.0;
            let key = (failure.advertiser_id.0, failure.api_key_id.0, failure.code.as_str(), field);
            let (count, first, last) = groups.entry(key).or_insert((0, at, at));
            (*count, *first, *last) = (*count + 1, at.min(*first), at.max(*last));
        }
    }
    if groups.is_empty() {
        return Ok(());
    }
    let or_add = conn.or_add("advertiser_id, api_key_id, code, field", "failures", "last_at");
    on!(conn, c => {
        let mut insert = QueryBuilder::new(
            "INSERT INTO failure_groups (advertiser_id, api_key_id, code, field, failures, first_at, last_at) ",
        );
        insert.push_values(&groups, |mut row, ((advertiser, key, code, field), (count, first, last))| {
            row.push_bind(*advertiser)
                .push_bind(*key)
                .push_bind(*code)
                .push_bind(field)
                .push_bind(*count)
                .push_bind(*first)
                .push_bind(*last);
        });
        insert.push(or_add);
        insert.build().execute(&mut *c).await?;
    });
    Ok(())
}

/// What went wrong last, first. `within`: the only advertiser whose groups are wanted; None for all.
pub async fn newest(
    conn: &mut Conn,
    within: Option<AdvertiserId>,
    of: Option<AdvertiserId>,
    most: u32,
) -> Result<Vec<FailureGroup>> {
    let mut select = Select::new(
        "SELECT g.advertiser_id, g.api_key_id, k.prefix, g.code, g.field, g.failures, g.first_at, g.last_at
            FROM failure_groups g JOIN api_keys k ON k.id = g.api_key_id",
    );
    select.and_id("g.advertiser_id = ?", within).and_id("g.advertiser_id = ?", of);
    select.push(" ORDER BY g.last_at DESC, g.advertiser_id, g.api_key_id, g.code, g.field LIMIT ?");
    select.bind([Arg::Number(i64::from(most))]);
    let rows: Vec<Row> = select.fetch(conn).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

#[derive(sqlx::FromRow)]
struct Row {
    advertiser_id: Uuid,
    api_key_id: Uuid,
    prefix: String,
    code: String,
    field: String,
    failures: i64,
    first_at: i64,
    last_at: i64,
}

impl From<Row> for FailureGroup {
    fn from(row: Row) -> Self {
        Self {
            advertiser_id: row.advertiser_id.into(),
            api_key_id: row.api_key_id.into(),
            key_prefix: row.prefix,
            code: row.code,
            field: Some(row.field).filter(|field| !field.is_empty()),
            count: row.failures,
            first_at: Timestamp(row.first_at),
            last_at: Timestamp(row.last_at),
        }
    }
}
