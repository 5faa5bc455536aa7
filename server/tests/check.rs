//! `tributary check --figures` on the real binary: what is right ends with 0, what is not is named and ends with 1.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::{
    path::Path,
    process::{Command, Output},
};

use sqlx::{AssertSqlSafe, Connection, SqliteConnection, raw_sql};

fn tributary(data: &Path, command: &[&str]) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_tributary"));
    process.args(command).arg("--data-dir").arg(data).args(["--log", "error"]).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

async fn execute(data: &Path, sql: &str) {
    let url = format!("sqlite://{}", data.join("tributary.db").display());
    let mut conn = SqliteConnection::connect(&url).await.unwrap();
    raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

#[tokio::test]
async fn figures_are_compared_with_clicks_and_events_and_what_differs_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    assert!(tributary(data, &["demo"]).status.success());
    let right = tributary(data, &["check", "--figures"]);
    assert_eq!(right.status.code(), Some(0), "{right:?}");
    assert!(said(&right).contains("every sum is what clicks and events come to"), "{right:?}");
    for (sql, named) in [
        ("UPDATE click_totals SET human = human + 7 WHERE span = 96", "human +7"),
        ("DELETE FROM event_shares WHERE method = 'coupon'", "event_shares of"),
        ("UPDATE events SET method = 'none' WHERE method = 'ref_code'", "ref_code"),
        ("UPDATE click_shares SET advertiser_id = zeroblob(16)", "belong to no advertiser"),
    ] {
        execute(data, sql).await;
        let wrong = tributary(data, &["check", "--figures"]);
        assert_eq!(wrong.status.code(), Some(1), "{sql}: {wrong:?}");
        assert!(said(&wrong).contains(named) || said(&wrong).contains("only the first 20"), "{sql}: {wrong:?}");
    }
}

#[test]
fn a_database_that_is_not_there_is_said_and_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let refused = tributary(folder.path(), &["check"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("there is no database"), "{refused:?}");
    assert!(!folder.path().join("tributary.db").exists());
}
