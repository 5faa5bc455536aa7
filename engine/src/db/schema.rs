//! The database's schema: which it has, which this version works with, and how it gets from one to the other.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use sqlx::{
    MySqlConnection, SqlitePool,
    migrate::{MigrateError, Migrator},
};

use super::{Conn, Db, list::Select, lower_case, on};
use crate::{
    error::{Error, Result},
    secret::sha256,
};

static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");
static MYSQL: Migrator = sqlx::migrate!("../migrations/mysql");

/// How long an SQLite file is waited for that others write into: their migration may sum up years of clicks.
const MOST_WAIT: Duration = Duration::from_secs(3600);
const BETWEEN_TRIES: Duration = Duration::from_millis(200);

/// What stands in a database, and what is missing there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// The newest step that was taken; 0 where there is none.
    pub version: i64,
    /// The newest that this version knows.
    pub known: i64,
    /// Steps that are still to be taken.
    pub pending: Vec<SchemaStep>,
    /// One that ended half way: on MySQL a step cannot be taken back.
    pub broken: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaStep {
    pub number: i64,
    pub name: String,
}

impl Schema {
    pub fn is_newer(&self) -> bool {
        self.version > self.known
    }

    /// Whether this version can read and write it as it is.
    pub fn check(&self) -> Result<()> {
        self.check_not_newer()?;
        if self.version == 0 {
            return Err(Error::Internal("this database holds no installation yet; start a server on it first".into()));
        }
        if let Some(step) = self.pending.first() {
            return Err(Error::Internal(format!(
                "this database has schema {}, and this version of Tributary works with {} (from {} on); run \
                 `tributary migrate`, or start the server, which does it too",
                self.version, self.known, step.number,
            )));
        }
        Ok(())
    }

    /// Nothing may be written into what a newer version has made, nor be read from it as if it were known.
    pub fn check_not_newer(&self) -> Result<()> {
        if self.is_newer() {
            return Err(newer(self.version));
        }
        if let Some(step) = self.broken {
            return Err(half_way(step));
        }
        Ok(())
    }
}

fn newer(version: i64) -> Error {
    let known = SQLITE.iter().map(|step| step.version).max().unwrap_or(0);
    Error::Internal(format!(
        "this database has schema {version}, made by a newer version of Tributary; this one knows up to {known}. Start \
         the newer version, or restore a backup from before it"
    ))
}

fn half_way(step: i64) -> Error {
    Error::Internal(format!(
        "step {step} of the schema ended half way (the database or the process went away meanwhile): restore the backup \
         from before the upgrade, then run `tributary migrate` again"
    ))
}

impl Db {
    /// As it is; nothing is changed.
    pub async fn schema(&self) -> Result<Schema> {
        let known = match self {
            Self::Sqlite { .. } => &SQLITE,
            Self::MySql { .. } => &MYSQL,
        };
        let mut applied: Vec<(i64, bool)> = Vec::new();
        if self.is_there() {
            let mut conn = self.read().await?;
            if has_steps(&mut conn).await? {
                applied = Select::new("SELECT version, success FROM _sqlx_migrations").fetch(&mut conn).await?;
            }
        }
        let done: BTreeSet<i64> = applied.iter().map(|(step, _)| *step).collect();
        let pending = known.iter().filter(|step| !done.contains(&step.version));
        Ok(Schema {
            version: done.last().copied().unwrap_or(0),
            known: known.iter().map(|step| step.version).max().unwrap_or(0),
            pending: pending
                .map(|step| SchemaStep { number: step.version, name: step.description.clone().into_owned() })
                .collect(),
            broken: applied.iter().find(|(_, success)| !success).map(|(step, _)| *step),
        })
    }

    /// Brings the schema up to date, and what SQL alone could not fill in. Nodes that do so at once wait for each other.
    pub async fn migrate(&self) -> Result<()> {
        let schema = self.schema().await?;
        schema.check_not_newer()?;
        // Where nothing is to be done, nobody who writes is waited for.
        if !schema.pending.is_empty() {
            self.migrate_schema().await?;
        }
        lower_case::fill(self).await
    }

    async fn migrate_schema(&self) -> Result<()> {
        let done = match self {
            Self::Sqlite { writer, .. } => {
                let begun = Instant::now();
                // What is summed up is sorted first: years of clicks must not be so in memory.
                set_temp_store(writer, has_temp_folder()).await?;
                // One transaction around all steps: whoever comes meanwhile finds them all taken, or none.
                let mut whole = loop {
                    match writer.begin_with("BEGIN IMMEDIATE").await.map_err(Error::from) {
                        Err(Error::Unavailable(error)) if is_busy(&*error) && begun.elapsed() < MOST_WAIT => {
                            tokio::time::sleep(BETWEEN_TRIES).await;
                        }
                        begun => break begun?,
                    }
                };
                let done = match SQLITE.run_direct(None, &mut *whole, false).await {
                    Ok(()) => whole.commit().await.map_err(MigrateError::Execute),
                    failed => failed,
                };
                set_temp_store(writer, false).await?;
                done
            }
            Self::MySql { pool, .. } => {
                // Its lock ends with the connection, also where a step fails.
                let mut conn = pool.acquire().await?;
                conn.close_on_drop();
                lock(&mut conn).await?;
                MYSQL.run_direct(None, &mut *conn, false).await
            }
        };
        done.map_err(|error| match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            MigrateError::VersionMissing(version) => newer(version),
            MigrateError::Dirty(step) => half_way(step),
            error => Error::Internal(format!("migration: {error}")),
        })
    }

    /// Whether there is a file with something in it; across a network nobody knows beforehand.
    fn is_there(&self) -> bool {
        match self {
            Self::Sqlite { writer, .. } => {
                std::fs::metadata(writer.connect_options().get_filename()).is_ok_and(|file| file.len() > 0)
            }
            Self::MySql { .. } => true,
        }
    }
}

/// Of the one writer.
async fn set_temp_store(writer: &SqlitePool, in_files: bool) -> Result<()> {
    let sql = if in_files { "PRAGMA temp_store = FILE" } else { "PRAGMA temp_store = MEMORY" };
    sqlx::query(sql).execute(writer).await?;
    Ok(())
}

/// Whether SQLite can make files of its own: with all read-only it works in memory.
fn has_temp_folder() -> bool {
    ["/var/tmp", "/tmp"].iter().any(|folder| rustix::fs::access(*folder, rustix::fs::Access::WRITE_OK).is_ok())
}

/// Only one connection at a time brings a database's schema up to date. The lock that sqlx takes waits for ever by a
/// negative time, which MariaDB takes for none at all.
async fn lock(conn: &mut MySqlConnection) -> Result<()> {
    const NAME: &str = "SELECT DATABASE()";
    const TAKE: &str = "SELECT GET_LOCK(?, ?)";
    let database: Option<String> = sqlx::query_scalar(NAME).fetch_one(&mut *conn).await?;
    // Of all databases of the server, at most 64 characters.
    let name = hex::encode(&sha256(format!("tributary schema {}", database.unwrap_or_default()).as_bytes())[..16]);
    let taken: Option<i64> =
        sqlx::query_scalar(TAKE).bind(name).bind(MOST_WAIT.as_secs()).fetch_one(&mut *conn).await?;
    if taken == Some(1) { Ok(()) } else { Err(Error::unavailable("another node is bringing the schema up to date")) }
}

async fn has_steps(conn: &mut Conn) -> Result<bool> {
    let sql = conn.has_table();
    let found: i64 = on!(conn, c => sqlx::query_scalar(sql).bind("_sqlx_migrations").fetch_one(c).await)?;
    Ok(found > 0)
}

/// Others write at the moment; nothing is wrong.
fn is_busy(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    let code = error.downcast_ref::<sqlx::Error>().and_then(|error| error.as_database_error()?.code()?.parse().ok());
    code.is_some_and(|code: u32| matches!(code & 0xff, 5 | 6))
}
