//! Many links without asking the API for each: rows are copied while nobody has the database.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::Result;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

/// The code of the copy with this number.
pub fn code(number: u32) -> String {
    format!("b{number:09}")
}

/// Copies the first link under new codes, numbers `from` to `to`, the last included. To the catalog it is one
/// change: the rows carry a version of their own, so that a server with a snapshot takes them up.
pub async fn add(database: &Path, from: u32, to: u32) -> Result<()> {
    let options = SqliteConnectOptions::new().filename(database).pragma("cache_size", "-262144");
    let mut conn = SqliteConnection::connect_with(&options).await?;
    let columns: Vec<String> =
        sqlx::query_scalar("SELECT name FROM pragma_table_info('links')").fetch_all(&mut conn).await?;
    let values = columns.iter().map(|column| match column.as_str() {
        // In the shape of a UUIDv7, and in order, as those the server makes.
        "id" => "unhex(printf('%012x70008000%012x', 1767225600000, n))",
        "code" => "printf('b%09d', n)",
        "version" => "(SELECT version FROM installation)",
        other => other,
    });
    let insert = format!(
        "WITH RECURSIVE numbers (n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM numbers WHERE n < {to})
        INSERT INTO links ({}) SELECT {} FROM numbers, (SELECT * FROM links ORDER BY created_at LIMIT 1)",
        columns.join(", "),
        values.collect::<Vec<_>>().join(", ")
    );
    let mut change = conn.begin().await?;
    sqlx::query("UPDATE installation SET version = version + 1").execute(&mut *change).await?;
    sqlx::query(AssertSqlSafe(insert)).execute(&mut *change).await?;
    change.commit().await?;
    Ok(conn.close().await?)
}

/// Writes the copies' codes, one a line, for the generator to draw from.
pub fn write_codes(file: &Path, count: u32) -> Result<()> {
    let mut text = String::new();
    for number in 1..=count {
        writeln!(text, "{}", code(number))?;
    }
    Ok(fs::write(file, text)?)
}
