//! `tributary archive` on the real binary, to a real S3 server where `TEST_S3_ENDPOINT` names one (`scripts/s3.sh`).

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::{
    collections::BTreeMap,
    io::Read,
    path::Path,
    process::{Command, Output},
};

use flate2::read::GzDecoder;
use futures_util::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, aws::AmazonS3Builder};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, raw_sql};

const KEY: &str = "S3RVER";

async fn tributary(data: &Path, command: &[&str], key: &str) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_tributary"));
    process
        .args(command)
        .arg("--data-dir")
        .arg(data)
        .args(["--log", "error"])
        .env("AWS_ACCESS_KEY_ID", key)
        .env("AWS_SECRET_ACCESS_KEY", KEY);
    tokio::task::spawn_blocking(move || process.output().unwrap()).await.unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

async fn connect(data: &Path) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite://{}", data.join("tributary.db").display())).await.unwrap()
}

async fn count(data: &Path, from: &str) -> i64 {
    let sql = AssertSqlSafe(format!("SELECT COUNT(*) FROM {from}"));
    sqlx::query_scalar(sql).fetch_one(&mut connect(data).await).await.unwrap()
}

/// All objects below a prefix.
async fn objects(store: &impl ObjectStore, prefix: &str) -> BTreeMap<String, Vec<u8>> {
    let listed: Vec<_> = store.list(Some(&prefix.into())).try_collect().await.unwrap();
    let mut found = BTreeMap::new();
    for object in listed {
        let bytes = store.get(&object.location).await.unwrap().bytes().await.unwrap();
        found.insert(object.location.to_string(), bytes.to_vec());
    }
    found
}

fn lines(packed: &[u8]) -> Vec<Value> {
    let mut text = String::new();
    GzDecoder::new(packed).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closed_days_are_put_into_a_bucket_whole_and_only_what_changed_is_put_there_again() {
    let Some(endpoint) = std::env::var("TEST_S3_ENDPOINT").ok().filter(|endpoint| !endpoint.is_empty()) else {
        println!("not run: TEST_S3_ENDPOINT is not set");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let data: &Path = &folder.path().join("data");
    assert!(tributary(data, &["demo", "--clicks", "20000"], "").await.status.success());
    // s3rver cannot go on with a list that has more than 1,000 objects, which are 333 days.
    let younger = "DELETE FROM clicks WHERE clicked_at < (SELECT MAX(clicked_at) FROM clicks) - 300 * 86400000;
        DELETE FROM events WHERE occurred_at < (SELECT MAX(clicked_at) FROM clicks) - 300 * 86400000";
    raw_sql(AssertSqlSafe(younger.to_owned())).execute(&mut connect(data).await).await.unwrap();
    let store = AmazonS3Builder::new()
        .with_bucket_name("archive")
        .with_endpoint(&endpoint)
        .with_allow_http(true)
        .with_access_key_id(KEY)
        .with_secret_access_key(KEY)
        .build()
        .unwrap();
    // Parts far smaller than in earnest, so that files have several.
    let archive = ["archive", "--to", "s3://archive/raw/shop", "--endpoint", &endpoint, "--part", "2KiB"];
    let refused = tributary(data, &archive, "NOBODY").await;
    assert!(!refused.status.success() && said(&refused).contains("InvalidAccessKeyId"), "{}", said(&refused));
    assert!(objects(&store, "raw/shop").await.is_empty());
    let done = tributary(data, &archive, KEY).await;
    assert!(done.status.success() && said(&done).contains("; 0 days were there already"), "{}", said(&done));

    let there = objects(&store, "raw/shop").await;
    let today = there.keys().filter_map(|name| name.split('/').nth(2)).max().unwrap().to_owned();
    let mut rows = [0, 0];
    for (name, manifest) in there.iter().filter(|(name, _)| name.ends_with("manifest.json")) {
        let manifest: Value = serde_json::from_slice(manifest).unwrap();
        for (kind, sum) in ["clicks", "events"].into_iter().zip(&mut rows) {
            let stands = &manifest[kind];
            let of_day = stands["rows"].as_i64().unwrap();
            *sum += of_day;
            let Some(file) = there.get(&name.replace("manifest.json", &format!("{kind}.ndjson.gz"))) else {
                assert_eq!(of_day, 0, "{name}");
                continue;
            };
            assert_eq!(file.len(), usize::try_from(stands["stored_bytes"].as_i64().unwrap()).unwrap());
            assert_eq!(hex::encode(Sha256::digest(file)), stands["stored_sha256"]);
            let lines = lines(file);
            assert_eq!(lines.len(), usize::try_from(of_day).unwrap(), "{name}");
            let at = if kind == "clicks" { "clicked_at" } else { "occurred_at" };
            let day = manifest["day"].as_str().unwrap();
            assert!(lines.iter().all(|line| line[at].as_str().unwrap().starts_with(day)), "{name}");
        }
    }
    let midnight = format!("(SELECT CAST(strftime('%s', '{today}') AS INTEGER) * 1000 + 86400000)");
    assert_eq!(rows[0], count(data, &format!("clicks WHERE clicked_at < {midnight}")).await);
    assert_eq!(rows[1], count(data, &format!("events WHERE occurred_at < {midnight}")).await);
    assert!(rows[0] > 10_000 && rows[1] > 1_000, "{rows:?}");
    assert_eq!(count(data, &format!("retention WHERE archived_to = {midnight}")).await, 1);
    let event =
        there.iter().filter(|(name, _)| name.ends_with("events.ndjson.gz")).find_map(|(_, file)| lines(file).pop());
    let event = event.unwrap();
    assert!(event["trace"].is_array() && event["attribution_keys"].is_object(), "{event}");

    let again = tributary(data, &archive, KEY).await;
    assert!(said(&again).starts_with("0 days written: 0 clicks"), "{}", said(&again));
    // One event changed, one file lost: these two days, and no other.
    let (lost, _) = there.iter().rfind(|(name, _)| name.ends_with("clicks.ndjson.gz")).unwrap();
    store.delete(&lost.as_str().into()).await.unwrap();
    let change = "UPDATE events SET name = 'changed' WHERE id = (SELECT id FROM events ORDER BY occurred_at LIMIT 1)";
    raw_sql(AssertSqlSafe(change.to_owned())).execute(&mut connect(data).await).await.unwrap();
    let mended = tributary(data, &archive, KEY).await;
    assert!(said(&mended).starts_with("2 days written"), "{}", said(&mended));
    assert_eq!(objects(&store, "raw/shop").await.len(), there.len());
    // Rows that are gone are never taken for all there were.
    let delete =
        "UPDATE retention SET rows_from = (SELECT MAX(clicked_at) FROM clicks) / 86400000 * 86400000 - 86400000;
        DELETE FROM clicks WHERE clicked_at < (SELECT rows_from FROM retention)";
    raw_sql(AssertSqlSafe(delete.to_owned())).execute(&mut connect(data).await).await.unwrap();
    let after = tributary(data, &archive, KEY).await;
    assert!(said(&after).starts_with("0 days written"), "{}", said(&after));
    assert_eq!(objects(&store, "raw/shop").await.len(), there.len());
}

#[tokio::test]
async fn a_day_that_is_not_over_is_not_archived() {
    let folder = tempfile::tempdir().unwrap();
    let data: &Path = &folder.path().join("data");
    assert!(tributary(data, &["migrate"], "").await.status.success());
    let to = format!("file://{}", folder.path().join("archive").display());
    let refused = tributary(data, &["archive", "--to", &to, "--before", "2999-01-01"], "").await;
    assert!(
        !refused.status.success() && said(&refused).contains("--before must be a day that has begun"),
        "{}",
        said(&refused)
    );
    let nowhere = tributary(data, &["archive", "--to", "https://example.com/x"], "").await;
    assert!(!nowhere.status.success() && said(&nowhere).contains("s3://BUCKET/PREFIX"), "{}", said(&nowhere));
}
