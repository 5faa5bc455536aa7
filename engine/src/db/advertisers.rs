//! Advertisers.

use model::{AdvertiserId, Timestamp, advertiser::Advertiser, page::Page};
use uuid::Uuid;

use super::{Conn, on, page::PageAt, word};
use crate::error::Result;

#[derive(sqlx::FromRow)]
pub struct Row {
    pub id: Uuid,
    pub name: String,
    pub time_zone: String,
    pub require_signature: bool,
    pub status: String,
    pub created_at: i64,
}

impl TryFrom<Row> for Advertiser {
    type Error = crate::Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            name: row.name,
            time_zone: row.time_zone,
            require_signature: row.require_signature,
            status: word(&row.status)?,
            created_at: Timestamp(row.created_at),
        })
    }
}

pub async fn insert(conn: &mut Conn, advertiser: &Advertiser, version: i64) -> Result<()> {
    const SQL: &str = "INSERT INTO advertisers (id, name, time_zone, require_signature, status, created_at, version)
        VALUES (?, ?, ?, ?, ?, ?, ?)";
    on!(conn, c => sqlx::query(SQL)
        .bind(advertiser.id.0)
        .bind(&advertiser.name)
        .bind(&advertiser.time_zone)
        .bind(advertiser.require_signature)
        .bind(advertiser.status.as_str())
        .bind(advertiser.created_at.0)
        .bind(version)
        .execute(c).await.map(drop))?;
    Ok(())
}

/// `within`: the only advertiser the caller may see; None for all.
pub async fn list(conn: &mut Conn, within: Option<AdvertiserId>, at: PageAt) -> Result<Page<Advertiser>> {
    const SQL: &str = "SELECT id, name, time_zone, require_signature, status, created_at FROM advertisers
        WHERE id < ? AND (? IS NULL OR id = ?) ORDER BY id DESC LIMIT ?";
    let within = within.map(|id| id.0);
    let rows: Vec<Row> = on!(conn, c => sqlx::query_as(SQL)
        .bind(at.below()).bind(within).bind(within).bind(at.rows())
        .fetch_all(c).await)?;
    let items = rows.into_iter().map(Advertiser::try_from).collect::<Result<_>>()?;
    Ok(at.page(items, |item: &Advertiser| item.id.0))
}

pub async fn find(conn: &mut Conn, id: AdvertiserId) -> Result<Option<Advertiser>> {
    const SQL: &str = "SELECT id, name, time_zone, require_signature, status, created_at FROM advertisers WHERE id = ?";
    let row: Option<Row> = on!(conn, c => sqlx::query_as(SQL).bind(id.0).fetch_optional(c).await)?;
    row.map(Advertiser::try_from).transpose()
}

/// Those that changed after a catalog version.
pub async fn changed_since(conn: &mut Conn, version: i64) -> Result<Vec<Advertiser>> {
    const SQL: &str =
        "SELECT id, name, time_zone, require_signature, status, created_at FROM advertisers WHERE version > ?";
    let rows: Vec<Row> = on!(conn, c => sqlx::query_as(SQL).bind(version).fetch_all(c).await)?;
    rows.into_iter().map(Advertiser::try_from).collect()
}
