//! The one row every node shares: the catalog's version and the secret's fingerprint.

use model::Timestamp;

use super::{Conn, list::Select, on};
use crate::error::Result;

/// Raises the catalog's version and returns the new one. The row stays locked until
/// the transaction ends, so versions appear in the order of their commits.
pub async fn raise_version(conn: &mut Conn) -> Result<i64> {
    const SQL: &str = "UPDATE installation SET version = version + 1 WHERE id = 1";
    on!(conn, c => sqlx::query(SQL).execute(c).await.map(drop))?;
    version(conn).await
}

pub async fn version(conn: &mut Conn) -> Result<i64> {
    const SQL: &str = "SELECT version FROM installation WHERE id = 1";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).fetch_one(c).await)?)
}

/// The fingerprint of the secret this database was made with; the first to ask sets it.
pub async fn secret_fingerprint(conn: &mut Conn, ours: &[u8; 32]) -> Result<Vec<u8>> {
    const SET: &str = "UPDATE installation SET secret_fingerprint = ? WHERE id = 1 AND secret_fingerprint IS NULL";
    const GET: &str = "SELECT secret_fingerprint FROM installation WHERE id = 1";
    on!(conn, c => sqlx::query(SET).bind(&ours[..]).execute(c).await.map(drop))?;
    Ok(on!(conn, c => sqlx::query_scalar(GET).fetch_one(c).await)?)
}

/// The same, asked without setting it; None where no node has been there yet.
pub async fn known_fingerprint(conn: &mut Conn) -> Result<Option<Vec<u8>>> {
    const SQL: &str = "SELECT secret_fingerprint FROM installation WHERE id = 1";
    Ok(on!(conn, c => sqlx::query_scalar::<_, Option<Vec<u8>>>(SQL).fetch_optional(c).await)?.flatten())
}

/// What the database's own clock says.
pub async fn clock(conn: &mut Conn) -> Result<Timestamp> {
    let sql = conn.clock();
    Ok(Timestamp(on!(conn, c => sqlx::query_scalar(sql).fetch_one(c).await)?))
}

/// When the newest click or event happened.
pub async fn newest_row(conn: &mut Conn) -> Result<Option<Timestamp>> {
    let mut newest = None;
    for sql in ["SELECT MAX(clicked_at) FROM clicks", "SELECT MAX(occurred_at) FROM events"] {
        let found: Vec<(Option<i64>,)> = Select::new(sql).fetch(conn).await?;
        newest = newest.max(found.into_iter().find_map(|(at,)| at));
    }
    Ok(newest.map(Timestamp))
}
