//! Accounts.

use model::{
    AccountId, Timestamp,
    account::{Account, AccountStatus, Role},
    page::{ListQuery, Page, Sort},
};
use uuid::Uuid;

use super::{
    Conn, filter_word,
    list::{Keys, Place, Select, given},
    on, word,
};
use crate::error::{Error, Result, is_taken};

/// An account with what only the engine may see.
#[derive(Clone, Debug)]
pub struct StoredAccount {
    pub account: Account,
    pub password_hash: Option<String>,
    pub session_version: i64,
}

impl StoredAccount {
    /// Whether the same password opens it, and the same sessions stand.
    pub fn is_same_login(&self, other: &Self) -> bool {
        let login = |of: &Self| (of.password_hash.clone(), of.session_version, of.account.status);
        login(self) == login(other)
    }
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
    created_at: i64,
    version: i64,
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
                has_password: row.password_hash.is_some(),
                created_at: Timestamp(row.created_at),
                version: row.version,
            },
            password_hash: row.password_hash,
            session_version: row.session_version,
        })
    }
}

pub async fn insert(conn: &mut Conn, new: &StoredAccount) -> Result<()> {
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
        .bind(account.created_at.0)
        .bind(account.version)
        .execute(c).await.map(drop));
    done.map_err(email_taken)
}

fn email_taken(error: sqlx::Error) -> Error {
    if is_taken(&error) { Error::Conflict("this e-mail address has an account already".into()) } else { error.into() }
}

/// Writes e-mail, status and session version.
pub async fn update(conn: &mut Conn, changed: &StoredAccount) -> Result<()> {
    const SQL: &str = "UPDATE accounts SET email = ?, status = ?, session_version = ?, version = ? WHERE id = ?";
    let account = &changed.account;
    let done = on!(conn, c => sqlx::query(SQL)
        .bind(&account.email)
        .bind(account.status.as_str())
        .bind(changed.session_version)
        .bind(account.version)
        .bind(account.id.0)
        .execute(c).await.map(drop));
    done.map_err(email_taken)
}

/// Sets a password and ends all sessions.
pub async fn set_password(conn: &mut Conn, id: AccountId, password_hash: &str, version: i64) -> Result<()> {
    const SQL: &str =
        "UPDATE accounts SET password_hash = ?, session_version = session_version + 1, version = ? WHERE id = ?";
    on!(conn, c => sqlx::query(SQL).bind(password_hash).bind(version).bind(id.0).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn list(conn: &mut Conn, query: &ListQuery) -> Result<Page<Account>> {
    const COLUMNS: &str =
        "SELECT id, email, password_hash, role, advertiser_id, influencer_id, status, session_version,
            created_at, version FROM accounts";
    let status = filter_word::<AccountStatus>("status", query.status.as_deref())?;
    let role = filter_word::<Role>("role", query.role.as_deref())?;
    let place = Place::read(query, Sort::Newest)?;
    let mut select = Select::new(COLUMNS);
    select
        .and_id("advertiser_id = ?", query.advertiser_id)
        .and_id("influencer_id = ?", query.influencer_id)
        .and_word("role = ?", role.map(Role::as_str))
        .and_word("status = ?", status.map(AccountStatus::as_str))
        .and_contains("email", given(query.q.as_deref()));
    place.apply(&mut select, Keys { name: "email", id: "id" });
    let rows: Vec<Row> = select.fetch(conn).await?;
    let items = rows.into_iter().map(|row| Ok(StoredAccount::try_from(row)?.account)).collect::<Result<_>>()?;
    Ok(place.page(items, |item: &Account| (item.email.clone(), item.id.0)))
}

pub async fn find(conn: &mut Conn, id: AccountId) -> Result<Option<StoredAccount>> {
    const SQL: &str = "SELECT id, email, password_hash, role, advertiser_id, influencer_id, status, session_version,
            created_at, version FROM accounts WHERE id = ?";
    let row: Option<Row> = on!(conn, c => sqlx::query_as(SQL).bind(id.0).fetch_optional(c).await)?;
    row.map(StoredAccount::try_from).transpose()
}

/// Makes a one-time link; earlier ones of the account end.
pub async fn replace_password_link(
    conn: &mut Conn,
    account: AccountId,
    token_hash: &[u8; 32],
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    const SQL: &str = "INSERT INTO password_links (token_hash, account_id, created_at, expires_at) VALUES (?, ?, ?, ?)";
    forget_password_links(conn, account).await?;
    on!(conn, c => sqlx::query(SQL)
        .bind(&token_hash[..]).bind(account.0).bind(now.0).bind(expires_at.0)
        .execute(c).await.map(drop))?;
    Ok(())
}

pub async fn forget_password_links(conn: &mut Conn, account: AccountId) -> Result<()> {
    const SQL: &str = "DELETE FROM password_links WHERE account_id = ?";
    on!(conn, c => sqlx::query(SQL).bind(account.0).execute(c).await.map(drop))?;
    Ok(())
}

/// Whose password a link sets, while it is valid and the account active.
pub async fn password_link(conn: &mut Conn, token_hash: &[u8; 32], now: Timestamp) -> Result<Option<AccountId>> {
    const SQL: &str = "SELECT p.account_id FROM password_links p JOIN accounts a ON a.id = p.account_id
        WHERE p.token_hash = ? AND p.expires_at > ? AND a.status = ?";
    let id: Option<Uuid> = on!(conn, c => sqlx::query_scalar(SQL)
        .bind(&token_hash[..]).bind(now.0).bind(AccountStatus::Active.as_str())
        .fetch_optional(c).await)?;
    Ok(id.map(AccountId))
}

pub async fn find_by_email(conn: &mut Conn, email: &str) -> Result<Option<StoredAccount>> {
    const SQL: &str = "SELECT id, email, password_hash, role, advertiser_id, influencer_id, status, session_version,
            created_at, version
        FROM accounts WHERE email = ?";
    let row: Option<Row> = on!(conn, c => sqlx::query_as(SQL).bind(email).fetch_optional(c).await)?;
    row.map(StoredAccount::try_from).transpose()
}

pub async fn count_of_role(conn: &mut Conn, role: Role) -> Result<i64> {
    const SQL: &str = "SELECT COUNT(*) FROM accounts WHERE role = ?";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(role.as_str()).fetch_one(c).await)?)
}

/// Active admins beside this one who have a password: those who could let it back in.
pub async fn other_admins(conn: &mut Conn, id: AccountId) -> Result<i64> {
    const SQL: &str =
        "SELECT COUNT(*) FROM accounts WHERE role = ? AND status = ? AND password_hash IS NOT NULL AND id <> ?";
    Ok(on!(conn, c => sqlx::query_scalar(SQL)
        .bind(Role::Admin.as_str()).bind(AccountStatus::Active.as_str()).bind(id.0)
        .fetch_one(c).await)?)
}

/// Ends all sessions of an account.
pub async fn raise_session_version(conn: &mut Conn, id: AccountId, version: i64) -> Result<()> {
    const SQL: &str = "UPDATE accounts SET session_version = session_version + 1, version = ? WHERE id = ?";
    on!(conn, c => sqlx::query(SQL).bind(version).bind(id.0).execute(c).await.map(drop))?;
    Ok(())
}

/// Those that changed after a catalog version.
pub async fn changed_since(conn: &mut Conn, version: i64) -> Result<Vec<StoredAccount>> {
    const SQL: &str = "SELECT id, email, password_hash, role, advertiser_id, influencer_id, status, session_version,
            created_at, version
        FROM accounts WHERE version > ?";
    let rows: Vec<Row> = on!(conn, c => sqlx::query_as(SQL).bind(version).fetch_all(c).await)?;
    rows.into_iter().map(StoredAccount::try_from).collect()
}
