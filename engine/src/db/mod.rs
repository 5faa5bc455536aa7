//! The only SQL. One text for SQLite and MySQL, compiled for both drivers.

pub mod accounts;
pub mod activity;
pub mod advertisers;
pub mod api_keys;
pub mod archive;
pub mod campaigns;
pub mod clicks;
pub mod copies;
pub mod coupons;
mod dialect;
pub mod erasure;
pub mod events;
pub mod exports;
pub mod failure_groups;
pub mod failures;
pub mod held;
pub mod influencers;
pub mod installation;
pub mod links;
pub(crate) mod list;
mod lower_case;
pub mod names;
pub mod overview;
pub mod page;
mod presence;
pub mod retention;
pub mod rollup_check;
pub mod rollups;
pub mod rollups_read;
mod round;
pub mod schema;
pub mod signing_secrets;
pub mod stats;
pub mod uses;

use std::{path::Path, str::FromStr, sync::Arc, time::Duration};

use model::text::RuleError;
use sqlx::{
    Connection, MySql, MySqlConnection, MySqlPool, Sqlite, SqliteConnection, SqlitePool, Transaction,
    mysql::{MySqlConnectOptions, MySqlPoolOptions},
    pool::PoolConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::presence::Presence;
use crate::error::{Error, Result};

/// How long a statement waits for another's lock before the caller is told.
const LOCK_WAIT: Duration = Duration::from_secs(2);
/// In KiB, as SQLite says it: what 500 events touch of the indexes over hashes is read once, and written once.
const WRITERS_CACHE: &str = "-8192";
/// Pages in SQLite's log before they move to the database's own file. A page that was written often in between moves once;
/// whoever commits meanwhile waits for it.
const CHECKPOINT_PAGES: &str = "4000";
const MOST_CONNECTIONS: u32 = 16;
/// How long a request waits for a connection.
const ACQUIRE_WAIT: Duration = Duration::from_secs(3);
/// The same across a network, where one may have to be made over a slow way. Once it is known that nobody is there,
/// nobody waits.
const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// After so long without work a connection is closed.
const MOST_IDLE: Duration = Duration::from_secs(2);
/// One that was idle for so long is asked whether it lives.
const IDLE: Duration = Duration::from_secs(1);
/// How long that may take.
const MOST_PING: Duration = Duration::from_secs(1);
/// What each connection begins with. A read inside a transaction must see what other nodes have committed meanwhile.
/// The locks of a connection that died unnoticed are held until the database has waited so long for its next word.
const SESSION: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
    SET SESSION innodb_lock_wait_timeout = 2; SET SESSION wait_timeout = 5";

/// SQLite's begins with the first read.
const SQLITE_SNAPSHOT_APART: &str = "BEGIN; SELECT version FROM installation";
/// Prepared statements that a connection to MySQL keeps. One too many is closed without an answer, and sqlx leaves Nagle's
/// algorithm on: what is sent next waits 40 ms for a delayed acknowledgement. A server has 16,382 for all connections.
const STATEMENTS: usize = 250;
/// Between two reads as much time may pass as a slow reader is given; no read may take longer, also where nobody waits
/// for it any more. MySQL and MariaDB have other names for that.
const MYSQL_SNAPSHOT_APART: &str = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ;
    SET SESSION wait_timeout = 120 /*!80000 , SESSION max_execution_time = 60000 */
        /*M!100100 , SESSION max_statement_time = 60 */;
    START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";

#[derive(Clone, Debug)]
pub enum Db {
    /// One writer, so that writes queue in order; readers beside it see committed snapshots.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
        /// Held by whoever writes, through whichever connection. It is passed on in the order it was asked for,
        /// which SQLite's own lock is not.
        turn: Arc<Semaphore>,
    },
    MySql {
        pool: MySqlPool,
        presence: Presence,
    },
}

/// A borrowed connection of one or the other kind; a transaction until it is committed, where it came from `begin`.
pub enum Conn {
    SqliteWrite(Transaction<'static, Sqlite>, OwnedSemaphorePermit),
    SqliteRead(PoolConnection<Sqlite>),
    SqliteSnapshot(Transaction<'static, Sqlite>),
    MySqlWrite(Transaction<'static, MySql>),
    MySqlRead(PoolConnection<MySql>),
    MySqlSnapshot(Transaction<'static, MySql>),
}

/// Begins a read of one state, whatever is committed meanwhile.
const SNAPSHOT: &str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
    START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";

/// What [`on`] matches on.
pub enum Driver<'c> {
    Sqlite(&'c mut SqliteConnection),
    MySql(&'c mut MySqlConnection),
}

/// Compiles one body for both drivers: `on!(conn, c => sqlx::query(SQL).execute(c).await?)`.
macro_rules! on {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn.driver() {
            $crate::db::Driver::Sqlite($c) => $body,
            $crate::db::Driver::MySql($c) => $body,
        }
    };
}
pub(crate) use on;

impl Db {
    /// The database named by the URL, an SQLite one's file made where it is missing. Nothing is asked of it yet.
    pub fn open(url: &str) -> Result<Self> {
        if url.starts_with("sqlite:") {
            Self::sqlite(url, Arc::new(Semaphore::new(1)))
        } else {
            Self::mysql(url, MOST_CONNECTIONS, Presence::new())
        }
    }

    /// The same, but an SQLite file must be there already.
    pub fn open_existing(url: &str) -> Result<Self> {
        if url.starts_with("sqlite:") {
            let options = sqlite_options(url)?;
            let file = options.get_filename();
            if std::fs::metadata(file).map_or(0, |meta| meta.len()) == 0 {
                return Err(Error::Internal(format!("there is no database {}", file.display())));
            }
        }
        Self::open(url)
    }

    /// The same database through a connection of its own, for a thread of its own: SQLite works on a thread
    /// that is started by, and takes its priority from, whoever opens the connection.
    pub fn apart(&self, url: &str) -> Result<Self> {
        Ok(match self {
            Self::Sqlite { turn, .. } => Self::sqlite(url, Arc::clone(turn))?,
            // One to use, and the place of one that died.
            Self::MySql { presence, .. } => Self::mysql(url, 2, presence.clone())?,
        })
    }

    // Connections are made once they are needed.

    fn sqlite(url: &str, turn: Arc<Semaphore>) -> Result<Self> {
        let options = sqlite_options(url)?
            .create_if_missing(true)
            // What was answered survives power loss.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // Else each insert of many rows makes a file, and deletes it.
            .pragma("temp_store", "MEMORY")
            .busy_timeout(LOCK_WAIT);
        make_folder_of(options.get_filename())?;
        // The file remembers that it has a log; whoever only reads could not say so of a backup.
        let writing = options
            .clone()
            .journal_mode(SqliteJournalMode::Wal)
            .pragma("cache_size", WRITERS_CACHE)
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
            // What is deleted is somebody's: its bytes go too, not only the way to them.
            .pragma("secure_delete", "ON");
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE_WAIT)
            // A file is there or not, whatever a question beforehand would answer.
            .test_before_acquire(false)
            // After a full disk SQLite has ended the transaction itself, and sqlx still counts it:
            // such a connection begins no other, so another takes its place.
            .before_acquire(|connection, _| {
                let is_free = !connection.is_in_transaction();
                Box::pin(async move { Ok(is_free) })
            })
            .connect_lazy_with(writing);
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(ACQUIRE_WAIT)
            .test_before_acquire(false)
            .connect_lazy_with(options.read_only(true));
        Ok(Self::Sqlite { writer, readers, turn })
    }

    fn mysql(url: &str, most_connections: u32, presence: Presence) -> Result<Self> {
        let options = MySqlConnectOptions::from_str(url)
            .map_err(|error| Error::Internal(format!("database URL: {error}; expected sqlite://… or mysql://…")))?
            .statement_cache_capacity(STATEMENTS);
        let (before, after) = (presence.clone(), presence.clone());
        let pool = MySqlPoolOptions::new()
            .max_connections(most_connections)
            .acquire_timeout(CONNECT_WAIT)
            .idle_timeout(MOST_IDLE)
            .test_before_acquire(false)
            .before_acquire(move |connection, it| {
                let is_trusted = before.trusts(it.age);
                Box::pin(async move { Ok(is_trusted && (it.idle_for < IDLE || lives(connection).await?)) })
            })
            // Also after a statement that nobody waits for any more: a dead connection must not hold its place.
            .after_release(move |connection, it| {
                let is_trusted = after.trusts(it.age);
                Box::pin(async move { if is_trusted { lives(connection).await } else { Err(dead()) } })
            })
            .after_connect(|connection, _| {
                Box::pin(async move { sqlx::raw_sql(SESSION).execute(connection).await.map(drop) })
            })
            .connect_lazy_with(options);
        Ok(Self::MySql { pool, presence })
    }

    /// A connection to read from.
    pub async fn read(&self) -> Result<Conn> {
        Ok(match self {
            Self::Sqlite { readers, .. } => Conn::SqliteRead(readers.acquire().await?),
            Self::MySql { pool, presence } => {
                presence.check()?;
                Conn::MySqlRead(pool.acquire().await?)
            }
        })
    }

    /// A connection to read one state of everything from, whatever is committed meanwhile.
    pub async fn snapshot(&self) -> Result<Conn> {
        Ok(match self {
            Self::Sqlite { readers, .. } => Conn::SqliteSnapshot(readers.begin().await?),
            Self::MySql { pool, presence } => {
                presence.check()?;
                Conn::MySqlSnapshot(pool.begin_with(SNAPSHOT).await?)
            }
        })
    }

    /// A connection of its own that sees the database as it is now, however long it is read from: whoever takes his
    /// time keeps none from others.
    pub async fn snapshot_apart(&self) -> Result<Conn> {
        match self {
            Self::Sqlite { readers, .. } => {
                let options = (*readers.connect_options()).clone();
                let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE_WAIT);
                let mut connection = pool.connect_lazy_with(options).acquire().await?;
                connection.close_on_drop();
                sqlx::raw_sql(SQLITE_SNAPSHOT_APART).execute(&mut *connection).await?;
                Ok(Conn::SqliteRead(connection))
            }
            Self::MySql { pool, presence } => {
                presence.check()?;
                let options = (*pool.connect_options()).clone();
                let pool = MySqlPoolOptions::new().max_connections(1).acquire_timeout(CONNECT_WAIT);
                let mut connection = pool.connect_lazy_with(options).acquire().await?;
                connection.close_on_drop();
                sqlx::raw_sql(MYSQL_SNAPSHOT_APART).execute(&mut *connection).await?;
                Ok(Conn::MySqlRead(connection))
            }
        }
    }

    /// A transaction to write in. Dropped without `commit`, it changes nothing.
    pub async fn begin(&self) -> Result<Conn> {
        Ok(match self {
            Self::Sqlite { writer, turn, .. } => {
                let turn = tokio::time::timeout(ACQUIRE_WAIT, Arc::clone(turn).acquire_owned()).await;
                let turn = turn.ok().and_then(std::result::Result::ok);
                let turn = turn.ok_or_else(|| Error::unavailable("others have been writing for too long"))?;
                Conn::SqliteWrite(writer.begin_with("BEGIN IMMEDIATE").await?, turn)
            }
            Self::MySql { pool, presence } => {
                presence.check()?;
                Conn::MySqlWrite(pool.begin().await?)
            }
        })
    }

    /// Finds out whether the database is there, until it is dropped. Without it, nobody hears of a turn.
    pub async fn follow(&self) {
        match self {
            // A file neither goes nor hangs.
            Self::Sqlite { .. } => std::future::pending().await,
            Self::MySql { pool, presence } => presence.follow(&pool.connect_options()).await,
        }
    }

    /// Whether the database answers: as is known, or else as it does now.
    pub async fn answers(&self) -> bool {
        let asked = async { installation::version(&mut self.read().await?).await };
        match self {
            Self::Sqlite { .. } => tokio::time::timeout(LOCK_WAIT, asked).await.is_ok_and(|answer| answer.is_ok()),
            Self::MySql { presence, .. } => !presence.is_away(),
        }
    }

    /// Whether it is known that the database does not answer: whoever asks for a connection is told at once.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::MySql { presence, .. } if presence.is_away())
    }

    /// Waits until the database is known to be away, having been there.
    pub async fn lost(&self) {
        self.turns(true).await;
    }

    /// Waits until the database answers after it did not: what was asked before may never be answered.
    pub async fn returned(&self) {
        self.turns(false).await;
    }

    async fn turns(&self, to_away: bool) {
        match self {
            Self::Sqlite { .. } => std::future::pending().await,
            Self::MySql { presence, .. } => presence.turns(to_away).await,
        }
    }

    /// How many connections each pool holds.
    pub fn connections(&self) -> Vec<Connections> {
        match self {
            Self::Sqlite { writer, readers, .. } => {
                vec![Connections::of("writer", writer), Connections::of("readers", readers)]
            }
            Self::MySql { pool, .. } => vec![Connections::of("all", pool)],
        }
    }

    /// Whether all who write wait for one another.
    pub fn has_one_writer(&self) -> bool {
        matches!(self, Self::Sqlite { .. })
    }

    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers, .. } => {
                readers.close().await;
                writer.close().await;
            }
            Self::MySql { pool, .. } => pool.close().await,
        }
    }
}

/// What a pool of connections holds.
#[derive(Clone, Copy, Debug)]
pub struct Connections {
    pub pool: &'static str,
    pub open: u64,
    /// Of these, those that nobody uses.
    pub idle: u64,
}

impl Connections {
    fn of<D: sqlx::Database>(name: &'static str, pool: &sqlx::Pool<D>) -> Self {
        let (open, idle) = (u64::from(pool.size()), pool.num_idle() as u64);
        // The two are counted apart.
        Self { pool: name, open, idle: idle.min(open) }
    }
}

impl Conn {
    pub fn driver(&mut self) -> Driver<'_> {
        match self {
            Self::SqliteWrite(connection, _) => Driver::Sqlite(connection),
            Self::SqliteRead(connection) => Driver::Sqlite(connection),
            Self::SqliteSnapshot(connection) => Driver::Sqlite(connection),
            Self::MySqlWrite(connection) => Driver::MySql(connection),
            Self::MySqlRead(connection) => Driver::MySql(connection),
            Self::MySqlSnapshot(connection) => Driver::MySql(connection),
        }
    }

    /// Looks up from a read every so many of SQLite's steps, and ends it where nobody waits for it any more. What
    /// another database reads ends with the connection.
    pub async fn give_up_when(
        &mut self,
        steps: i32,
        mut nobody_waits: impl FnMut() -> bool + Send + 'static,
    ) -> Result<()> {
        if let Driver::Sqlite(connection) = self.driver() {
            connection.lock_handle().await?.set_progress_handler(steps, move || !nobody_waits());
        }
        Ok(())
    }

    pub async fn commit(self) -> Result<()> {
        match self {
            Self::SqliteWrite(transaction, _turn) => transaction.commit().await?,
            Self::MySqlWrite(transaction) => transaction.commit().await?,
            // Nothing was written.
            Self::SqliteRead(_) | Self::SqliteSnapshot(_) | Self::MySqlRead(_) | Self::MySqlSnapshot(_) => {}
        }
        Ok(())
    }
}

fn sqlite_options(url: &str) -> Result<SqliteConnectOptions> {
    SqliteConnectOptions::from_str(url).map_err(|error| Error::Internal(format!("database URL: {error}")))
}

/// An error where it does not, or not soon: then it is closed without another word.
async fn lives(connection: &mut MySqlConnection) -> sqlx::Result<bool> {
    match tokio::time::timeout(MOST_PING, connection.ping()).await {
        Ok(answer) => answer.map(|()| true),
        Err(_) => Err(dead()),
    }
}

fn dead() -> sqlx::Error {
    sqlx::Error::Protocol("a connection is given up: the database may never answer it".into())
}

fn make_folder_of(file: &Path) -> Result<()> {
    let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    std::fs::create_dir_all(folder)
        .map_err(|error| Error::Internal(format!("cannot make the folder {}: {error}", folder.display())))
}

/// A stored word of a closed set. Another one means a newer or damaged database.
pub(crate) fn word<T: FromStr<Err = RuleError>>(text: &str) -> Result<T> {
    text.parse().map_err(|rule| Error::Internal(format!("stored value {text:?} {rule}")))
}

/// A stored 32-byte hash.
pub(crate) fn hash(bytes: &[u8]) -> Result<[u8; 32]> {
    bytes.try_into().map_err(|_| Error::Internal("a stored hash does not have 32 bytes".into()))
}

/// A word of a closed set that a list is narrowed to.
pub(crate) fn filter_word<T: FromStr<Err = RuleError>>(field: &str, text: Option<&str>) -> Result<Option<T>> {
    let text = text.filter(|text| !text.is_empty());
    text.map(|text| text.parse().map_err(|rule| Error::invalid(field, rule))).transpose()
}
