//! When links were last followed and coupons last credited: one small row each, so that asking costs nothing.

use std::collections::{BTreeMap, HashMap};

use model::Timestamp;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    Conn,
    list::{Arg, Select},
    on, round,
};
use crate::error::Result;

/// Notes uses, in the transaction that records them. An earlier moment than what stands changes nothing.
pub async fn note(conn: &mut Conn, uses: impl IntoIterator<Item = (Uuid, Timestamp)>) -> Result<()> {
    // Sorted: two nodes that note the same ones wait for each other, and never for ever.
    let mut latest: BTreeMap<Uuid, i64> = BTreeMap::new();
    for (id, at) in uses {
        let last = latest.entry(id).or_insert(at.0);
        *last = at.0.max(*last);
    }
    if latest.is_empty() {
        return Ok(());
    }
    let latest: Vec<(Uuid, i64)> = latest.into_iter().collect();
    let (begin, or_later) = (conn.insert(), conn.or_later("id", "used_at"));
    on!(conn, c => {
        let mut insert = QueryBuilder::new(begin);
        insert.push("last_uses (id, used_at) ");
        insert.push_values(round::filled(&latest), |mut row, (id, at)| {
            row.push_bind(*id).push_bind(*at);
        });
        insert.push(or_later);
        insert.build().execute(&mut *c).await?;
    });
    Ok(())
}

/// Those of these links and coupons that were ever used.
pub async fn of(conn: &mut Conn, ids: &[Uuid]) -> Result<HashMap<Uuid, Timestamp>> {
    let mut found = HashMap::new();
    for some in ids.chunks(500) {
        let marks = vec!["?"; some.len()].join(", ");
        let mut select = Select::new("SELECT id, used_at FROM last_uses");
        select.and(&format!("id IN ({marks})"), some.iter().copied().map(Arg::Id));
        let rows: Vec<(Uuid, i64)> = select.fetch(conn).await?;
        found.extend(rows.into_iter().map(|(id, at)| (id, Timestamp(at))));
    }
    Ok(found)
}
