//! The bare row in the very table that Tributary has, every index included: no attribution, no duplicates told.

use anyhow::Result;
use sqlx::{
    Connection, MySqlConnection, QueryBuilder, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use uuid::Uuid;

const INSERT: &str =
    "INSERT INTO events (receipt_id, id, advertiser_id, event_id, fingerprint, action, value_minor, currency,
    occurred_at, occurred_at_sent, quarter, received_at, customer, attribution_keys, method, influencer_id,
    campaign_id, link_id, trace) ";
const OWNER: Uuid = Uuid::from_u128(7);
/// The first moment of the rows; each next one is a millisecond later.
const BEGIN: i64 = 1_800_000_000_000;
/// What an event with a `ref_code` has in its trace, and among its keys.
const TRACE: &str =
    r#"[{"candidate":"ref_code","value":"abcdefghjk","outcome":"won","reason":"an active link of this influencer"}]"#;
const KEYS: &str = r#"{"coupon_codes":[],"ref_code":"abcdefghjk","click_id":null,"landing_url":null,"referrer":null}"#;

/// A connection to a database of our schema.
pub enum Table {
    Sqlite(SqliteConnection),
    MySql(MySqlConnection),
}

/// Opens an SQLite file with the journal and the durability that Tributary has, and SQLite's own defaults else; or a
/// MySQL database by its URL.
pub async fn open(database: &str) -> Result<Table> {
    if database.starts_with("mysql://") {
        let mut conn = MySqlConnection::connect(database).await?;
        sqlx::migrate!("../migrations/mysql").run(&mut conn).await?;
        return Ok(Table::MySql(conn));
    }
    let options = SqliteConnectOptions::new()
        .filename(database)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true);
    let mut conn = SqliteConnection::connect_with(&options).await?;
    sqlx::migrate!("../migrations/sqlite").run(&mut conn).await?;
    Ok(Table::Sqlite(conn))
}

/// One row for each of the shop's ids, in one statement, which is one transaction: on the disk when this returns.
pub async fn insert(table: &mut Table, event_ids: &[String], first: i64) -> Result<()> {
    macro_rules! insert {
        ($conn:expr) => {{
            let mut insert = QueryBuilder::new(INSERT);
            let mut at = BEGIN + first;
            insert.push_values(event_ids, |mut row, event_id| {
                at += 1;
                // As scattered as a hash, and as ordered as a UUIDv7.
                let scattered = u128::from(at.unsigned_abs()).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
                let ordered = (u128::from(at.unsigned_abs()) << 80) | (scattered >> 48);
                row.push_bind(Uuid::from_u128(ordered))
                    .push_bind(Uuid::from_u128(scattered))
                    .push_bind(OWNER)
                    .push_bind(event_id)
                    .push_bind([scattered.to_be_bytes(), scattered.to_le_bytes()].concat())
                    .push_bind("purchase")
                    .push_bind(4990_i64)
                    .push_bind("USD")
                    .push_bind(at)
                    .push_bind(false)
                    .push_bind(at / 900_000)
                    .push_bind(at)
                    .push_bind(scattered.rotate_left(64).to_be_bytes().to_vec())
                    .push_bind(KEYS)
                    .push_bind("ref_code")
                    .push_bind(OWNER)
                    .push_bind(OWNER)
                    .push_bind(OWNER)
                    .push_bind(TRACE);
            });
            insert.build().execute($conn).await?;
        }};
    }
    match table {
        Table::Sqlite(conn) => insert!(conn),
        Table::MySql(conn) => insert!(conn),
    }
    Ok(())
}

/// How many rows stand.
pub async fn rows(table: &mut Table) -> Result<u64> {
    const SQL: &str = "SELECT COUNT(*) FROM events";
    let count: i64 = match table {
        Table::Sqlite(conn) => sqlx::query_scalar(SQL).fetch_one(conn).await?,
        Table::MySql(conn) => sqlx::query_scalar(SQL).fetch_one(conn).await?,
    };
    Ok(count.unsigned_abs())
}
