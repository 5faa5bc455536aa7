//! `kill -9` under load: no answered click is lost, none is counted twice, and no answered event either.
//!
//! `TRIBUTARY_KILL_ROUNDS` sets how often the server is killed (default 6; `make test-kill` 1,000).

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use rand::RngExt;
use reqwest::Client;
use serde_json::json;
use sqlx::{Connection, MySqlConnection, SqliteConnection};
use tokio::task::JoinSet;

use super::support::{Load, MariaDb, RATE, Server, Start, count};

const SHOPS: usize = 4;

/// Orders that were answered with 2xx.
#[derive(Default)]
struct Orders {
    answered: Mutex<HashSet<String>>,
    next: AtomicU64,
    stop: AtomicBool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answered_click_and_event_is_in_sqlite_once() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("data/tributary.db").display().to_string();
    kill_often(&Start::new(folder.path(), None), &database, "killed, on SQLite").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answered_click_and_event_is_in_mariadb_once() {
    let folder = tempfile::tempdir().unwrap();
    let database = MariaDb::start().await;
    let start = Start::new(folder.path(), Some(database.url()));
    kill_often(&start, &database.url(), "killed, on MariaDB").await;
}

async fn kill_often(start: &Start, database: &str, fault: &str) {
    let rounds: u32 = std::env::var("TRIBUTARY_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(6);
    let mut server = Server::start(start).await;
    let (code, key) = server.set_up().await;
    let orders = Arc::new(Orders::default());
    let mut shops = JoinSet::new();
    for _ in 0..SHOPS {
        shops.spawn(order_on(Arc::clone(&orders), format!("{}/api/v1/events", server.base), key.clone()));
    }
    // As fast as a build without optimisation follows, and beyond.
    let load = Load::at_rate(&server.base, &code, if cfg!(debug_assertions) { RATE } else { 5.0 * RATE });
    for round in 1..=rounds {
        // Long enough for the drain to be anywhere in its work, never the same moment.
        let run = rand::rng().random_range(30..300);
        tokio::time::sleep(Duration::from_millis(run)).await;
        server.kill();
        if round % 100 == 0 {
            println!("{fault}: {round} times, {} orders answered", orders.answered.lock().unwrap().len());
        }
        server = Server::start(start).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let outcome = load.end();
    orders.stop.store(true, Ordering::Relaxed);
    while let Some(done) = shops.join_next().await {
        done.unwrap();
    }
    let summary = outcome.summary();
    assert_eq!(summary.redirects, summary.answers, "whoever is answered is sent on: {summary}");
    assert!(summary.redirects > u64::from(rounds) * 10, "too little load to prove anything: {summary}");
    println!("{fault}: {rounds} times");
    count(vec![outcome], database, fault).await;
    server.kill();
    count_orders(&orders, database, fault).await;
}

/// Posts orders until told to stop, each again until it is answered, as a shop's backend does.
async fn order_on(orders: Arc<Orders>, url: String, key: String) {
    let client = Client::new();
    while !orders.stop.load(Ordering::Relaxed) {
        let id = format!("A-{}", orders.next.fetch_add(1, Ordering::Relaxed));
        let body = json!({ "action": "purchase", "event_id": id, "value": "1.00" });
        loop {
            let answer = client.post(&url).header("X-API-KEY", &key).json(&body).send().await;
            match answer {
                Ok(answer) if answer.status().is_success() => {
                    orders.answered.lock().unwrap().insert(id);
                    break;
                }
                _ if orders.stop.load(Ordering::Relaxed) => break,
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }
}

async fn count_orders(orders: &Orders, database: &str, fault: &str) {
    const SQL: &str = "SELECT event_id, COUNT(*) FROM events GROUP BY event_id";
    let counts: Vec<(String, i64)> = if database.starts_with("mysql://") {
        sqlx::query_as(SQL).fetch_all(&mut MySqlConnection::connect(database).await.unwrap()).await.unwrap()
    } else {
        let url = format!("sqlite://{database}");
        sqlx::query_as(SQL).fetch_all(&mut SqliteConnection::connect(&url).await.unwrap()).await.unwrap()
    };
    assert!(counts.iter().all(|(_, count)| *count == 1), "{fault}: an event is stored twice");
    let stored: HashSet<&str> = counts.iter().map(|(id, _)| id.as_str()).collect();
    let answered = orders.answered.lock().unwrap();
    let lost = answered.iter().filter(|id| !stored.contains(id.as_str())).count();
    assert_eq!(lost, 0, "{fault}: of {} answered events", answered.len());
    println!("{fault}: {} orders answered, none lost, none twice", answered.len());
}
