//! API keys: hashes and prefixes, never the keys.

use model::{AdvertiserId, ApiKeyId, Timestamp, api_key::ApiKey, page::Page};
use uuid::Uuid;

use super::{Conn, hash, on, page::PageAt};
use crate::error::Result;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    advertiser_id: Uuid,
    name: String,
    key_hash: Vec<u8>,
    prefix: String,
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    last_used_at: Option<i64>,
}

impl From<Row> for ApiKey {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            advertiser_id: row.advertiser_id.into(),
            name: row.name,
            prefix: row.prefix,
            created_at: Timestamp(row.created_at),
            expires_at: row.expires_at.map(Timestamp),
            revoked_at: row.revoked_at.map(Timestamp),
            last_used_at: row.last_used_at.map(Timestamp),
        }
    }
}

pub async fn insert(conn: &mut Conn, key: &ApiKey, key_hash: &[u8; 32], version: i64) -> Result<()> {
    const SQL: &str = "INSERT INTO api_keys (id, advertiser_id, name, key_hash, prefix, created_at, version)
        VALUES (?, ?, ?, ?, ?, ?, ?)";
    on!(conn, c => sqlx::query(SQL)
        .bind(key.id.0)
        .bind(key.advertiser_id.0)
        .bind(&key.name)
        .bind(&key_hash[..])
        .bind(&key.prefix)
        .bind(key.created_at.0)
        .bind(version)
        .execute(c).await.map(drop))?;
    Ok(())
}

pub async fn revoke(conn: &mut Conn, id: ApiKeyId, now: Timestamp, version: i64) -> Result<()> {
    const SQL: &str = "UPDATE api_keys SET revoked_at = ?, version = ? WHERE id = ? AND revoked_at IS NULL";
    on!(conn, c => sqlx::query(SQL).bind(now.0).bind(version).bind(id.0).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn expire(conn: &mut Conn, id: ApiKeyId, at: Timestamp, version: i64) -> Result<()> {
    const SQL: &str = "UPDATE api_keys SET expires_at = ?, version = ? WHERE id = ?";
    on!(conn, c => sqlx::query(SQL).bind(at.0).bind(version).bind(id.0).execute(c).await.map(drop))?;
    Ok(())
}

/// Writes down when keys were last used; an earlier moment than what stands changes nothing.
pub async fn note_uses(conn: &mut Conn, uses: &[(ApiKeyId, Timestamp)]) -> Result<()> {
    const SQL: &str =
        "UPDATE api_keys SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)";
    for (id, at) in uses {
        on!(conn, c => sqlx::query(SQL).bind(at.0).bind(id.0).bind(at.0).execute(c).await.map(drop))?;
    }
    Ok(())
}

pub async fn find(conn: &mut Conn, id: ApiKeyId) -> Result<Option<ApiKey>> {
    const SQL: &str =
        "SELECT id, advertiser_id, name, key_hash, prefix, created_at, expires_at, revoked_at, last_used_at
        FROM api_keys WHERE id = ?";
    let row: Option<Row> = on!(conn, c => sqlx::query_as(SQL).bind(id.0).fetch_optional(c).await)?;
    Ok(row.map(ApiKey::from))
}

pub async fn list(conn: &mut Conn, of: AdvertiserId, at: PageAt) -> Result<Page<ApiKey>> {
    const SQL: &str =
        "SELECT id, advertiser_id, name, key_hash, prefix, created_at, expires_at, revoked_at, last_used_at
        FROM api_keys WHERE advertiser_id = ? AND id < ? ORDER BY id DESC LIMIT ?";
    let rows: Vec<Row> =
        on!(conn, c => sqlx::query_as(SQL).bind(of.0).bind(at.below()).bind(at.rows()).fetch_all(c).await)?;
    Ok(at.page(rows.into_iter().map(ApiKey::from).collect(), |item: &ApiKey| item.id.0))
}

/// Those that changed after a catalog version, with their hashes.
pub async fn changed_since(conn: &mut Conn, version: i64) -> Result<Vec<([u8; 32], ApiKey)>> {
    const SQL: &str =
        "SELECT id, advertiser_id, name, key_hash, prefix, created_at, expires_at, revoked_at, last_used_at
        FROM api_keys WHERE version > ?";
    let rows: Vec<Row> = on!(conn, c => sqlx::query_as(SQL).bind(version).fetch_all(c).await)?;
    rows.into_iter().map(|row| Ok((hash(&row.key_hash)?, row.into()))).collect()
}
