//! The system's clock jumps by hours, there and back, also over midnight and over restarts.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use sqlx::{Connection, SqliteConnection};

use super::support::{Load, Server, Start, count, outage, until};

const DAY: u64 = 24 * 3600;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_are_counted_once_whatever_the_clock_does() {
    let folder = tempfile::tempdir().unwrap();
    let clock = folder.path().join("clock");
    set(&clock, "+0");
    let mut start = Start::new(folder.path(), None);
    start.environment = vec![
        ("LD_PRELOAD", library().display().to_string()),
        ("FAKETIME_TIMESTAMP_FILE", clock.display().to_string()),
        // The file is read whenever the time is asked for. Waiting goes by the monotonic clock, which never jumps.
        ("FAKETIME_NO_CACHE", "1".into()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        ("NO_FAKE_STAT", "1".into()),
    ];
    let mut server = Server::start(&start).await;
    let (code, _) = server.set_up().await;
    let mut outcomes = Vec::new();
    let mut load = Load::start(&server.base, &code);
    for restarts in [false, true] {
        for jump in [&before_midnight(), "+3h", "-5h", "+24h", "+0", "-24h", "+1h"] {
            tokio::time::sleep(outage() / 12).await;
            if restarts {
                // Each begins a segment of the log, at a moment that may lie before those of all others.
                outcomes.push(load.end_without_a_miss());
                server.end();
                set(&clock, jump);
                server = Server::start(&start).await;
                load = Load::start(&server.base, &code);
            } else {
                set(&clock, jump);
            }
            let token = server.log_in().await;
            assert!(server.diagnostics(&token).await.is_some(), "whoever logs in now is let in: {jump}");
        }
    }
    tokio::time::sleep(outage() / 12).await;
    outcomes.push(load.end_without_a_miss());
    let token = server.log_in().await;
    until("nothing waits", async || {
        server.diagnostics(&token).await.is_some_and(|told| told["spool"]["waiting_bytes"] == 0)
    })
    .await;
    let database = folder.path().join("data/tributary.db").display().to_string();
    count(outcomes, &database, "clock jumping").await;
    let days = days(&database).await;
    assert!(days >= 3, "yesterday, today and tomorrow have clicks: {days}");
    assert_eq!(server.said("ERROR", ""), 0, "{}", server.log());
    server.end();
}

/// What is away from the system's time by this is a moment before the day's end, in UTC.
fn before_midnight() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    format!("+{}", DAY - now % DAY - 1)
}

/// Renamed into place: no reader finds half of it.
fn set(clock: &Path, away: &str) {
    let partial = clock.with_extension("new");
    fs::write(&partial, away).unwrap();
    fs::rename(partial, clock).unwrap();
}

fn library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path());
    let mut places = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1"));
    let found = places.find(|place| place.exists());
    found.expect("libfaketime is missing, and clocks need it: scripts/ensure-apt.sh faketime=faketime")
}

async fn days(database: &str) -> i64 {
    let mut conn = SqliteConnection::connect(&format!("sqlite://{database}")).await.unwrap();
    let days = sqlx::query_scalar("SELECT COUNT(DISTINCT clicked_at / 86400000) FROM clicks");
    days.fetch_one(&mut conn).await.unwrap()
}
