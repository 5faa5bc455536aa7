//! SQLite databases as files: copied while others write, read without being touched, and let go of.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use sqlx::{
    ConnectOptions, Connection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions},
};
use tokio::sync::Semaphore;

use super::{ACQUIRE_WAIT, Conn, Db, LOCK_WAIT, list::Select, on, sqlite_options};
use crate::error::{Error, Result};

/// An SQLite database's file; None of another.
pub fn file_of(url: &str) -> Result<Option<PathBuf>> {
    if !url.starts_with("sqlite:") {
        return Ok(None);
    }
    Ok(Some(sqlite_options(url)?.get_filename().to_owned()))
}

impl Db {
    /// A file that nobody works on: it is read, and nothing beside it is made.
    pub fn open_copy(file: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(file).read_only(true).immutable(true);
        let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE_WAIT).connect_lazy_with(options);
        Self::Sqlite { writer: pool.clone(), readers: pool, turn: Arc::new(Semaphore::new(1)) }
    }

    /// Writes all there is at this moment into an empty file, over a connection of its own: others go on writing.
    pub async fn copy_into(&self, file: &Path) -> Result<()> {
        let Self::Sqlite { readers, .. } = self else {
            return Err(Error::Internal("only SQLite databases are copied".into()));
        };
        let file = file.to_str().ok_or_else(|| Error::Internal("the target's path is no UTF-8".into()))?;
        let mut connection = (*readers.connect_options()).clone().connect().await?;
        sqlx::query("VACUUM INTO ?").bind(file).execute(&mut connection).await?;
        connection.close().await?;
        Ok(())
    }
}

/// Moves what stands beside a database into its file, and makes sure that nobody has it open.
pub async fn let_go(file: &Path) -> Result<()> {
    let options = SqliteConnectOptions::new().filename(file).busy_timeout(LOCK_WAIT);
    // SQLite changes this only for whoever is alone.
    options.journal_mode(SqliteJournalMode::Delete).connect().await?.close().await?;
    Ok(())
}

/// Whether a file is no database at all, or a broken one.
pub fn is_broken(error: &Error) -> bool {
    // SQLite: corrupt, not a database. Others than outages come as text.
    matches!(error, Error::Internal(text) if text.contains("malformed") || text.contains("not a database"))
}

/// What a whole database has no word for.
pub async fn damage(conn: &mut Conn) -> Result<Option<String>> {
    const SQL: &str = "PRAGMA integrity_check(1)";
    let word: String = on!(conn, c => sqlx::query_scalar(SQL).fetch_one(c).await)?;
    Ok((word != "ok").then_some(word))
}

/// The tables that a copy is compared by, and that exist since the first schema.
pub async fn is_ours(conn: &mut Conn) -> Result<bool> {
    let mut select = Select::new("SELECT COUNT(*) FROM sqlite_master");
    select.and("type = 'table' AND name IN ('installation', 'clicks', 'events', '_sqlx_migrations')", []);
    let found: Vec<(i64,)> = select.fetch(conn).await?;
    Ok(found == [(4,)])
}
