//! From start to the first redirect, and idle memory, with one link and with ten thousand.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    contest::median,
    nginx,
    process::Server,
    report::Report,
    tributary::{self, Tributary},
    wait,
};

const STARTS: usize = 5;
const LINKS: u32 = 10_000;

pub async fn measure(folder: &Path, report: &mut Report) -> Result<()> {
    eprintln!("starts:");
    let home = folder.join("tributary");
    let (tributary, set_up) = Tributary::fresh(&home).await?;
    tributary.server.stop()?;
    let path = format!("/r/{}", set_up.code);
    let start = |port| tributary::spawn(&home, port);
    let start_nginx = |port| nginx::start("nginx, access log", &folder.join("nginx"), port, true);

    let (one, one_memory) = median_start(&path, start)?;
    add_links(&home.join("data/tributary.db"), LINKS - 1).await?;
    let (many, many_memory) = median_start(&path, start)?;
    let (yardstick, yardstick_memory) = median_start(&path, start_nginx)?;

    report.ratio("start to first redirect, 1 link: to nginx", format!("{:.1} ×", one / yardstick), "");
    report.ratio(format!("start to first redirect, {LINKS} links: to nginx"), format!("{:.1} ×", many / yardstick), "");
    report.ratio(format!("idle memory, {LINKS} links: to 20 MiB"), format!("{:.2} ×", many_memory / 20.0), "≤ 1.0");
    report.detail(format!(
        "start to first redirect, medians of {STARTS}: {one:.0} ms with 1 link, {many:.0} ms with {LINKS}, nginx {yardstick:.0} ms"
    ));
    report.detail(format!(
        "resident memory idle: {one_memory:.1} MiB with 1 link, {many_memory:.1} MiB with {LINKS}, nginx {yardstick_memory:.1} MiB"
    ));
    Ok(())
}

/// Milliseconds to the first redirect, and MiB a second later; medians.
fn median_start(path: &str, start: impl Fn(u16) -> Result<Server>) -> Result<(f64, f64)> {
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    for number in 0..STARTS {
        let port = wait::free_port()?;
        let begin = Instant::now();
        let mut server = start(port)?;
        wait::until_answered(&mut server, port, path, 302)?;
        times.push(begin.elapsed().as_secs_f64() * 1000.0);
        // Memory moves little from start to start: once is enough to wait for.
        if number == 0 {
            std::thread::sleep(Duration::from_secs(1));
            memory.push(server.memory("VmRSS"));
        }
        server.stop()?;
    }
    Ok((median(times), median(memory)))
}

/// Copies the one link under new codes, while nobody has the database.
async fn add_links(database: &Path, count: u32) -> Result<()> {
    let mut conn = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(database)).await?;
    let columns: Vec<String> =
        sqlx::query_scalar("SELECT name FROM pragma_table_info('links')").fetch_all(&mut conn).await?;
    let values = columns.iter().map(|column| match column.as_str() {
        "id" => "randomblob(16)",
        "code" => "printf('bench%07d', n)",
        other => other,
    });
    let insert = format!(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})
        INSERT INTO links ({}) SELECT {} FROM numbers, (SELECT * FROM links LIMIT 1)",
        columns.join(", "),
        values.collect::<Vec<_>>().join(", ")
    );
    sqlx::query(AssertSqlSafe(insert)).execute(&mut conn).await?;
    Ok(conn.close().await?)
}
