//! Accounts.

use model::{
    AccountId, Timestamp,
    account::{Account, Role},
};
use uuid::Uuid;

use super::{Conn, on, word};
use crate::error::{Error, Result, is_taken};

/// An account with what only the engine may see.
#[derive(Clone, Debug)]
pub struct StoredAccount {
    pub account: Account,
    pub password_hash: Option<String>,
    pub session_version: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    email: String,
    password_hash: Option<String>,
    role: String,
    advertiser_id: Option<Uuid>,
    influencer_id: Option<Uuid>,
    status: String,
    session_version: i64,
}

impl TryFrom<Row> for StoredAccount {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            account: Account {
                id: row.id.into(),
                email: row.email,
                role: word(&row.role)?,
                advertiser_id: row.advertiser_id.map(Into::into),
                influencer_id: row.influencer_id.map(Into::into),
                status: word(&row.status)?,
            },
            password_hash: row.password_hash,
            session_version: row.session_version,
        })
    }
}

pub async fn insert(conn: &mut Conn, new: &StoredAccount, now: Timestamp, version: i64) -> Result<()> {
    const SQL: &str = "INSERT INTO accounts (id, email, password_hash, role, advertiser_id, influencer_id, status,
            session_version, created_at, version)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let account = &new.account;
    let done = on!(conn, c => sqlx::query(SQL)
        .bind(account.id.0)
        .bind(&account.email)
        .bind(&new.password_hash)
        .bind(account.role.as_str())
        .bind(account.advertiser_id.map(|id| id.0))
        .bind(account.influencer_id.map(|id| id.0))
        .bind(account.status.as_str())
        .bind(new.session_version)
        .bind(now.0)
        .bind(version)
        .execute(c).await.map(drop));
    done.map_err(|error| {
        if is_taken(&error) {
            Error::Conflict("this e-mail address has an account already".into())
        } else {
            error.into()
        }
    })
}

pub async fn find_by_email(conn: &mut Conn, email: &str) -> Result<Option<StoredAccount>> {
    const SQL: &str = "SELECT id, email, password_hash, role, advertiser_id, influencer_id, status, session_version
        FROM accounts WHERE email = ?";
    let row: Option<Row> = on!(conn, c => sqlx::query_as(SQL).bind(email).fetch_optional(c).await)?;
    row.map(StoredAccount::try_from).transpose()
}

pub async fn count_of_role(conn: &mut Conn, role: Role) -> Result<i64> {
    const SQL: &str = "SELECT COUNT(*) FROM accounts WHERE role = ?";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(role.as_str()).fetch_one(c).await)?)
}

/// Ends all sessions of an account.
pub async fn raise_session_version(conn: &mut Conn, id: AccountId, version: i64) -> Result<()> {
    const SQL: &str = "UPDATE accounts SET session_version = session_version + 1, version = ? WHERE id = ?";
    on!(conn, c => sqlx::query(SQL).bind(version).bind(id.0).execute(c).await.map(drop))?;
    Ok(())
}

/// Those that changed after a catalog version.
pub async fn changed_since(conn: &mut Conn, version: i64) -> Result<Vec<StoredAccount>> {
    const SQL: &str = "SELECT id, email, password_hash, role, advertiser_id, influencer_id, status, session_version
        FROM accounts WHERE version > ?";
    let rows: Vec<Row> = on!(conn, c => sqlx::query_as(SQL).bind(version).fetch_all(c).await)?;
    rows.into_iter().map(StoredAccount::try_from).collect()
}
