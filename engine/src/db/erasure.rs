//! What there is of a shop's customer, found and deleted.

use model::{AdvertiserId, EventId};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    Conn,
    list::{Arg, Select},
    on, retention,
};
use crate::error::Result;

/// Some of a customer's events.
pub async fn events_of(
    conn: &mut Conn,
    advertiser: AdvertiserId,
    customer: &[u8; 16],
    most: i64,
) -> Result<Vec<EventId>> {
    const SQL: &str = "SELECT id FROM events WHERE advertiser_id = ? AND customer = ? ORDER BY occurred_at LIMIT ?";
    let ids: Vec<Uuid> =
        on!(conn, c => sqlx::query_scalar(SQL).bind(advertiser.0).bind(&customer[..]).bind(most).fetch_all(c).await)?;
    Ok(ids.into_iter().map(Into::into).collect())
}

pub async fn count_events(conn: &mut Conn, advertiser: AdvertiserId, customer: &[u8; 16]) -> Result<i64> {
    const SQL: &str = "SELECT COUNT(*) FROM events WHERE advertiser_id = ? AND customer = ?";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(advertiser.0).bind(&customer[..]).fetch_one(c).await)?)
}

/// Deletes events. Whoever asks takes them out of the sums.
pub async fn delete_events(conn: &mut Conn, ids: impl Iterator<Item = EventId>) -> Result<()> {
    retention::delete(conn, "events", ids.map(|id| id.0)).await
}

/// What an advertiser's calls that failed had for a body, those behind an id, in order of their ids.
pub async fn bodies(conn: &mut Conn, advertiser: AdvertiserId, after: Uuid, most: i64) -> Result<Vec<(Uuid, String)>> {
    let mut select = Select::new("SELECT id, body FROM ingest_failures");
    select.and_id("advertiser_id = ?", Some(advertiser)).and("id > ?", [Arg::Id(after)]);
    select.push(" ORDER BY id LIMIT ?").bind([Arg::Number(most)]);
    select.fetch(conn).await
}

/// Forgets what these calls sent: the failure stays, and cannot be tried again.
pub async fn forget_bodies(conn: &mut Conn, ids: &[Uuid]) -> Result<()> {
    on!(conn, c => {
        let mut update = QueryBuilder::new("UPDATE ingest_failures SET body = '', is_whole = ");
        update.push_bind(false).push(" WHERE id IN (");
        let mut list = update.separated(", ");
        for id in ids {
            list.push_bind(*id);
        }
        update.push(")");
        update.build().execute(&mut *c).await?;
    });
    Ok(())
}
