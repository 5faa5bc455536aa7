//! Signing secrets, sealed.

use model::{AdvertiserId, SigningSecretId, Timestamp, api_key::SigningSecret};
use uuid::Uuid;

use super::{Conn, on};
use crate::error::Result;

/// A secret as it is stored.
#[derive(Clone, Debug)]
pub struct StoredSecret {
    pub id: SigningSecretId,
    pub advertiser_id: AdvertiserId,
    pub sealed: Vec<u8>,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
}

impl From<StoredSecret> for SigningSecret {
    fn from(stored: StoredSecret) -> Self {
        Self { id: stored.id, created_at: stored.created_at, expires_at: stored.expires_at }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    advertiser_id: Uuid,
    sealed: Vec<u8>,
    created_at: i64,
    expires_at: Option<i64>,
}

impl From<Row> for StoredSecret {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            advertiser_id: row.advertiser_id.into(),
            sealed: row.sealed,
            created_at: Timestamp(row.created_at),
            expires_at: row.expires_at.map(Timestamp),
        }
    }
}

pub async fn insert(conn: &mut Conn, secret: &StoredSecret, version: i64) -> Result<()> {
    const SQL: &str = "INSERT INTO signing_secrets (id, advertiser_id, sealed, created_at, expires_at, version)
        VALUES (?, ?, ?, ?, ?, ?)";
    on!(conn, c => sqlx::query(SQL)
        .bind(secret.id.0)
        .bind(secret.advertiser_id.0)
        .bind(&secret.sealed)
        .bind(secret.created_at.0)
        .bind(secret.expires_at.map(|at| at.0))
        .bind(version)
        .execute(c).await.map(drop))?;
    Ok(())
}

pub async fn expire(conn: &mut Conn, id: SigningSecretId, at: Timestamp, version: i64) -> Result<()> {
    const SQL: &str = "UPDATE signing_secrets SET expires_at = ?, version = ? WHERE id = ?";
    on!(conn, c => sqlx::query(SQL).bind(at.0).bind(version).bind(id.0).execute(c).await.map(drop))?;
    Ok(())
}

/// Those of an advertiser that have not ended, newest first.
pub async fn live(conn: &mut Conn, of: AdvertiserId, now: Timestamp) -> Result<Vec<StoredSecret>> {
    const SQL: &str = "SELECT id, advertiser_id, sealed, created_at, expires_at FROM signing_secrets
        WHERE advertiser_id = ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY id DESC";
    let rows: Vec<Row> = on!(conn, c => sqlx::query_as(SQL).bind(of.0).bind(now.0).fetch_all(c).await)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Those that changed after a catalog version.
pub async fn changed_since(conn: &mut Conn, version: i64) -> Result<Vec<StoredSecret>> {
    const SQL: &str =
        "SELECT id, advertiser_id, sealed, created_at, expires_at FROM signing_secrets WHERE version > ? ORDER BY id";
    let rows: Vec<Row> = on!(conn, c => sqlx::query_as(SQL).bind(version).fetch_all(c).await)?;
    Ok(rows.into_iter().map(Into::into).collect())
}
