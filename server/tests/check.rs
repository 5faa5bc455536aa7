//! `tributary check`, `migrate` and `admin` on the real binary: what is right ends with 0, what is not is named and ends
//! with 1.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use sqlx::{AssertSqlSafe, Connection, SqliteConnection, raw_sql};

fn tributary(data: &Path, command: &[&str]) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_tributary"));
    process.args(command).arg("--data-dir").arg(data).args(["--log", "error"]).output().unwrap()
}

fn with_input(data: &Path, command: &[&str], input: &str) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_tributary"));
    process.args(command).arg("--data-dir").arg(data).args(["--log", "error"]);
    let streams = process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = streams.spawn().unwrap();
    process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    process.wait_with_output().unwrap()
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
    assert!(tributary(data, &["demo", "--clicks", "20000"]).status.success());
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
    assert!(said(&refused).contains("FAILED   there is no database"), "{refused:?}");
    assert!(!folder.path().join("tributary.db").exists());
}

#[tokio::test]
async fn each_thing_looked_at_has_its_line_and_json_has_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let data = &folder.path().join("data");
    assert!(tributary(data, &["demo", "--clicks", "1000"]).status.success());
    let right = tributary(data, &["check"]);
    assert_eq!(right.status.code(), Some(0), "{right:?}");
    let lines = said(&right);
    for of in ["configuration:", "database:", "spool:", "events aside:", "disk:", "clock:"] {
        assert!(lines.lines().any(|line| line.starts_with(of) && line.contains(" ok ")), "{of} {lines}");
    }
    let json = tributary(data, &["check", "--json", "--figures"]);
    let findings: Vec<serde_json::Value> =
        said(&json).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(findings.len(), 7);
    assert!(findings.iter().all(|finding| finding["state"] == "ok"), "{findings:?}");
    let clicks = std::fs::read_dir(data.join("clicks")).unwrap().map(|entry| entry.unwrap().path());
    let segment = clicks.filter(|path| path.extension().is_some_and(|it| it == "clicks")).max().unwrap();
    let bytes = std::fs::read(&segment).unwrap();
    // As if the database had read nothing of it, and the disk had lost some of it.
    execute(data, "UPDATE spools SET segment = 0, position = 0").await;
    let mut damaged = bytes.clone();
    damaged[bytes.len() / 2] ^= 1;
    std::fs::write(&segment, damaged).unwrap();
    let wrong = tributary(data, &["check"]);
    assert_eq!(wrong.status.code(), Some(1), "{wrong:?}");
    assert!(said(&wrong).contains("among waiting clicks are damaged"), "{wrong:?}");
}

#[tokio::test]
async fn migrate_says_from_where_to_where_and_a_dry_run_does_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    assert_eq!(tributary(data, &["migrate", "--dry-run"]).status.code(), Some(1), "there is nothing to look at");
    let made = tributary(data, &["migrate"]);
    assert!(made.status.success() && said(&made).contains("from schema 0 to "), "{made:?}");
    execute(data, "DELETE FROM _sqlx_migrations WHERE version >= 3; DROP TABLE failure_groups").await;
    let dry = tributary(data, &["migrate", "--dry-run"]);
    assert!(said(&dry).contains("database: schema 2, ") && said(&dry).contains("  3 failure groups"), "{dry:?}");
    let check = tributary(data, &["check"]);
    assert!(said(&check).contains("run `tributary migrate`"), "{check:?}");
    assert!(said(&tributary(data, &["migrate", "--dry-run"])).contains("schema 2, "), "nothing was done");
    execute(data, "INSERT INTO _sqlx_migrations VALUES (99, 'later', 0, 1, x'00', 0)").await;
    for command in [&["migrate"][..], &["migrate", "--dry-run"], &["serve", "--addr", "127.0.0.1:0"], &["demo"]] {
        let refused = tributary(data, command);
        let text = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && text.contains("newer version of Tributary"), "{command:?}: {refused:?}");
    }
}

#[test]
fn an_admin_is_made_and_freed_by_a_password_from_standard_input_or_by_one_that_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let create = ["admin", "create", "--email", "Ops@Example.com"];
    assert!(!tributary(data, &create).status.success(), "there is no database yet");
    assert!(tributary(data, &["migrate"]).status.success());
    let made = tributary(data, &create);
    assert!(made.status.success() && said(&made).contains("shown this once"), "{made:?}");
    let short =
        with_input(data, &["admin", "reset-password", "--email", "ops@example.com", "--password-stdin"], "short\n");
    assert!(String::from_utf8_lossy(&short.stderr).contains("the password must"), "{short:?}");
    let long = "correct horse battery\n";
    let reset = with_input(data, &["admin", "reset-password", "--email", "ops@example.com", "--password-stdin"], long);
    assert!(reset.status.success() && !said(&reset).contains("horse"), "{reset:?}");
    let nobody = tributary(data, &["admin", "reset-password", "--email", "nobody@example.com"]);
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("there is no account"), "{nobody:?}");
}
