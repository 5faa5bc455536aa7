//! `bench bare-events PORT DATABASE [TABLE]`: checks a key, parses an event, and inserts its bare row durably.
//!
//! One task commits whatever waits: one multi-row insert a batch, `synchronous=FULL` in WAL mode. No attribution, no
//! duplicates answered. The table is `ours`, with all its columns and indexes, or a `least` one: seven columns, one
//! unique index.

use std::{collections::HashMap, sync::Arc};

use anyhow::Result;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Deserialize;
use sqlx::{
    Connection, QueryBuilder, Sqlite, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::sync::{mpsc, oneshot};

use super::our_table;

/// The one key it knows.
pub const KEY: &str = "trb_live_00000000000000000000000000000000";
/// As many as Tributary's writer takes at once.
const BATCH: usize = 250;

#[derive(Deserialize)]
struct Event {
    event_id: String,
    action: String,
    value: f64,
    currency: String,
    ref_code: String,
    customer_id: String,
}

struct Submission {
    advertiser: i64,
    event: Event,
    done: oneshot::Sender<bool>,
}

#[derive(Clone)]
struct Shared {
    keys: Arc<HashMap<String, i64>>,
    queue: mpsc::Sender<Submission>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Table {
    Ours,
    Least,
}

pub async fn serve(port: u16, database: &str, table: Table) -> Result<()> {
    let (queue, submissions) = mpsc::channel(4096);
    match table {
        Table::Ours => {
            let table = our_table::open(database).await?;
            tokio::spawn(write_ours(table, submissions));
        }
        Table::Least => {
            let conn = least(database).await?;
            tokio::spawn(write_least(conn, submissions));
        }
    }
    let shared = Shared { keys: Arc::new(HashMap::from([(KEY.to_owned(), 1)])), queue };
    super::serve(Router::new().route("/api/v1/events", post(record)).with_state(shared), port).await
}

async fn least(database: &str) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(database)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut conn = SqliteConnection::connect_with(&options).await?;
    sqlx::raw_sql(
        "CREATE TABLE events (event_id TEXT NOT NULL UNIQUE, advertiser INTEGER NOT NULL, action TEXT NOT NULL,
            value_minor INTEGER NOT NULL, currency TEXT NOT NULL, ref_code TEXT NOT NULL, customer TEXT NOT NULL) STRICT",
    )
    .execute(&mut conn)
    .await?;
    Ok(conn)
}

async fn record(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let key = headers.get("x-api-key").and_then(|key| key.to_str().ok()).and_then(|key| shared.keys.get(key));
    let Some(&advertiser) = key else { return StatusCode::UNAUTHORIZED.into_response() };
    let Ok(event) = serde_json::from_slice(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    let (done, answered) = oneshot::channel();
    let sent = shared.queue.send(Submission { advertiser, event, done }).await;
    if sent.is_err() || answered.await != Ok(true) {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    (StatusCode::CREATED, [(header::CONTENT_TYPE, "application/json")], r#"{"status":"recorded"}"#).into_response()
}

async fn write_least(mut conn: SqliteConnection, mut submissions: mpsc::Receiver<Submission>) {
    let mut batch = Vec::with_capacity(BATCH);
    while submissions.recv_many(&mut batch, BATCH).await > 0 {
        let mut insert: QueryBuilder<Sqlite> = QueryBuilder::new(
            "INSERT INTO events (event_id, advertiser, action, value_minor, currency, ref_code, customer) ",
        );
        insert.push_values(&batch, |mut row, submission| {
            let event = &submission.event;
            #[expect(clippy::cast_possible_truncation, reason = "a yardstick's prices are small")]
            let value_minor = (event.value * 100.0).round() as i64;
            row.push_bind(&event.event_id)
                .push_bind(submission.advertiser)
                .push_bind(&event.action)
                .push_bind(value_minor)
                .push_bind(&event.currency)
                .push_bind(&event.ref_code)
                .push_bind(&event.customer_id);
        });
        // One statement is one transaction: it is on the disk when this returns.
        let stored = insert.build().execute(&mut conn).await;
        if let Err(error) = &stored {
            eprintln!("{error}");
        }
        for submission in batch.drain(..) {
            let _ = submission.done.send(stored.is_ok());
        }
    }
}

async fn write_ours(mut table: our_table::Table, mut submissions: mpsc::Receiver<Submission>) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut rows = 0;
    while submissions.recv_many(&mut batch, BATCH).await > 0 {
        let (ids, done): (Vec<_>, Vec<_>) =
            batch.drain(..).map(|submission: Submission| (submission.event.event_id, submission.done)).unzip();
        let stored = our_table::insert(&mut table, &ids, rows).await;
        rows += i64::try_from(ids.len()).unwrap_or(0);
        if let Err(error) = &stored {
            eprintln!("{error}");
        }
        for done in done {
            let _ = done.send(stored.is_ok());
        }
    }
}

/// How many rows stand in the least table.
pub async fn least_rows(database: &str) -> Result<u64> {
    let options = SqliteConnectOptions::new().filename(database).read_only(true);
    let mut conn = SqliteConnection::connect_with(&options).await?;
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM events").fetch_one(&mut conn).await?;
    Ok(count.unsigned_abs())
}

/// How many rows stand in our table.
pub async fn our_rows(database: &str) -> Result<u64> {
    our_table::rows(&mut our_table::open(database).await?).await
}
