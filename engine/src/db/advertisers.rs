//! Advertisers.

use model::{
    AdvertiserId, Timestamp,
    advertiser::{Advertiser, AdvertiserStatus},
    page::{ListQuery, Page, Sort},
};
use uuid::Uuid;

use super::{
    Conn, filter_word,
    list::{Keys, Place, Select, given},
    on, word,
};
use crate::error::Result;

#[derive(sqlx::FromRow)]
pub struct Row {
    pub id: Uuid,
    pub name: String,
    pub time_zone: String,
    pub require_signature: bool,
    pub status: String,
    pub created_at: i64,
    pub version: i64,
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
            version: row.version,
        })
    }
}

pub async fn insert(conn: &mut Conn, advertiser: &Advertiser) -> Result<()> {
    const SQL: &str =
        "INSERT INTO advertisers (id, name, name_lower, time_zone, require_signature, status, created_at, version)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    on!(conn, c => sqlx::query(SQL)
        .bind(advertiser.id.0)
        .bind(&advertiser.name)
        .bind(advertiser.name.to_lowercase())
        .bind(&advertiser.time_zone)
        .bind(advertiser.require_signature)
        .bind(advertiser.status.as_str())
        .bind(advertiser.created_at.0)
        .bind(advertiser.version)
        .execute(c).await.map(drop))?;
    Ok(())
}

pub async fn update(conn: &mut Conn, advertiser: &Advertiser) -> Result<()> {
    const SQL: &str =
        "UPDATE advertisers SET name = ?, name_lower = ?, time_zone = ?, require_signature = ?, status = ?, version = ?
        WHERE id = ?";
    on!(conn, c => sqlx::query(SQL)
        .bind(&advertiser.name)
        .bind(advertiser.name.to_lowercase())
        .bind(&advertiser.time_zone)
        .bind(advertiser.require_signature)
        .bind(advertiser.status.as_str())
        .bind(advertiser.version)
        .bind(advertiser.id.0)
        .execute(c).await.map(drop))?;
    Ok(())
}

/// `within`: the only advertiser the caller may see; None for all.
pub async fn list(conn: &mut Conn, within: Option<AdvertiserId>, query: &ListQuery) -> Result<Page<Advertiser>> {
    let status = filter_word::<AdvertiserStatus>("status", query.status.as_deref())?;
    let place = Place::read(query, Sort::Newest)?;
    let mut select =
        Select::new("SELECT id, name, time_zone, require_signature, status, created_at, version FROM advertisers");
    select
        .and_id("id = ?", within)
        .and_id("id = ?", query.advertiser_id)
        .and_word("status = ?", status.map(AdvertiserStatus::as_str))
        .and_contains("name_lower", given(query.q.as_deref()));
    place.apply(&mut select, Keys { name: "name_lower", id: "id" });
    let rows: Vec<Row> = select.fetch(conn).await?;
    let items = rows.into_iter().map(Advertiser::try_from).collect::<Result<_>>()?;
    Ok(place.page(items, |item: &Advertiser| (item.name.to_lowercase(), item.id.0)))
}

pub async fn find(conn: &mut Conn, id: AdvertiserId) -> Result<Option<Advertiser>> {
    const SQL: &str =
        "SELECT id, name, time_zone, require_signature, status, created_at, version FROM advertisers WHERE id = ?";
    let row: Option<Row> = on!(conn, c => sqlx::query_as(SQL).bind(id.0).fetch_optional(c).await)?;
    row.map(Advertiser::try_from).transpose()
}

/// Those that changed after a catalog version.
pub async fn changed_since(conn: &mut Conn, version: i64) -> Result<Vec<Advertiser>> {
    const SQL: &str =
        "SELECT id, name, time_zone, require_signature, status, created_at, version FROM advertisers WHERE version > ?";
    let rows: Vec<Row> = on!(conn, c => sqlx::query_as(SQL).bind(version).fetch_all(c).await)?;
    rows.into_iter().map(Advertiser::try_from).collect()
}

pub async fn ids(conn: &mut Conn) -> Result<Vec<AdvertiserId>> {
    const SQL: &str = "SELECT id FROM advertisers ORDER BY id";
    let ids: Vec<Uuid> = on!(conn, c => sqlx::query_scalar(SQL).fetch_all(c).await)?;
    Ok(ids.into_iter().map(Into::into).collect())
}
