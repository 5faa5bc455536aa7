//! A million submissions over 64 connections, three in ten of what was sent before, across three `kill -9`: every order
//! is there once, and the sums are exact.
//!
//! `TRIBUTARY_SUBMISSIONS` sets how many (a multiple of 400).

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::Client;
use serde_json::{Value, json};
use sqlx::{Connection, MySqlConnection, SqliteConnection};
use tokio::task::JoinSet;

use super::support::{MOST_WAIT, MariaDb, Server, Shop, Start, until};

const CONNECTIONS: u64 = 64;
/// So many submissions go as one batch, then so many one by one.
const SHARE: u64 = 100;
const KILLS: u64 = 3;
const CURRENCIES: [&str; 3] = ["EUR", "JPY", "USD"];
/// Of ten submissions, so many are new orders.
const NEW: u64 = 7;

struct Work {
    shop: Shop,
    submissions: u64,
    begun: AtomicU64,
    done: AtomicU64,
    /// Answers with 201, 200 and 202.
    answers: [AtomicU64; 3],
    /// Tries without an answer, or with one that asks to try again.
    tries: AtomicU64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: make test-million"]
async fn a_million_submissions_are_exact_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("data/tributary.db").display().to_string();
    submit(Start::new(folder.path(), None), &database, "SQLite").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: make test-million"]
async fn a_million_submissions_are_exact_on_mariadb() {
    let folder = tempfile::tempdir().unwrap();
    let database = MariaDb::start().await;
    submit(Start::new(folder.path(), Some(database.url())), &database.url(), "MariaDB").await;
}

async fn submit(mut start: Start, database: &str, on: &str) {
    let submissions = std::env::var("TRIBUTARY_SUBMISSIONS").ok().and_then(|text| text.parse().ok());
    let submissions = submissions.unwrap_or(1_000_000);
    start.environment.push(("TRIBUTARY_EVENTS_PER_SECOND", "0".into()));
    let mut server = Server::start(&start).await;
    let shop = Shop::open(&server).await;
    let work = Arc::new(Work {
        shop,
        submissions,
        begun: AtomicU64::new(0),
        done: AtomicU64::new(0),
        answers: Default::default(),
        tries: AtomicU64::new(0),
    });
    let begun = Instant::now();
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        connections.spawn(send_shares(Arc::clone(&work)));
    }
    for kill in 1..=KILLS {
        while work.done.load(Ordering::Relaxed) < submissions * kill / (KILLS + 1) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server.kill();
        server = Server::start(&start).await;
    }
    connections.join_all().await;
    let took = begun.elapsed();
    let token = server.log_in().await;
    until("no event is aside", async || {
        server.diagnostics(&token).await.is_some_and(|told| told["queue"]["aside"] == 0)
    })
    .await;
    server.end();

    let orders = submissions / 10 * NEW;
    let mut expected = BTreeMap::new();
    for order in 0..orders {
        let (rows, sum): &mut (i64, i64) = expected.entry(currency(order).to_owned()).or_default();
        (*rows, *sum) = (*rows + 1, *sum + minor(order));
    }
    let found = read(database).await;
    let [created, again, queued] = work.answers.each_ref().map(|count| count.load(Ordering::Relaxed));
    println!(
        "{on}: {submissions} submissions of {orders} orders in {:.0} s, {} a second, across {KILLS} kills: \
         {created} × 201, {again} × 200, {queued} × 202, {} tries in vain",
        took.as_secs_f64(),
        (submissions as f64 / took.as_secs_f64()).round(),
        work.tries.load(Ordering::Relaxed),
    );
    for (currency, (rows, sum)) in &found {
        println!("{on}: {currency}: {rows} rows, {sum} in minor units");
    }
    assert_eq!(found, expected);
}

async fn send_shares(work: Arc<Work>) {
    let client = Client::builder().timeout(MOST_WAIT).build().unwrap();
    loop {
        let share = work.begun.fetch_add(1, Ordering::Relaxed);
        let first = share * SHARE;
        if first >= work.submissions {
            return;
        }
        let events: Vec<Value> = (first..first + SHARE).map(|submission| event(order(submission))).collect();
        if share.is_multiple_of(2) {
            work.send_until_answered(&client, "events/batch", &json!({ "events": events })).await;
            work.done.fetch_add(SHARE, Ordering::Relaxed);
        } else {
            for event in &events {
                work.send_until_answered(&client, "events", event).await;
                work.done.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

impl Work {
    /// Sends the same again until all of it is taken.
    async fn send_until_answered(&self, client: &Client, path: &str, body: &Value) {
        loop {
            match self.send(client, path, body).await {
                Some(codes) if codes.iter().all(|code| [200, 201, 202].contains(code)) => {
                    for code in codes {
                        let place = [201, 200, 202].iter().position(|it| *it == code).unwrap();
                        self.answers[place].fetch_add(1, Ordering::Relaxed);
                    }
                    return;
                }
                told => {
                    assert!(told.iter().flatten().all(|code| *code < 300 || *code == 503), "{told:?}: {body}");
                    self.tries.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }

    /// The status of each event; None without an answer.
    async fn send(&self, client: &Client, path: &str, body: &Value) -> Option<Vec<u64>> {
        let request = client.post(format!("{}/api/v1/{path}", self.shop.base)).header("X-API-KEY", &self.shop.key);
        let answer = request.json(body).send().await.ok()?;
        let status = u64::from(answer.status().as_u16());
        let told: Value = answer.json().await.ok()?;
        let results = told["results"].as_array();
        Some(results.map_or_else(
            || vec![status],
            |results| results.iter().map(|result| result["code"].as_u64().unwrap()).collect(),
        ))
    }
}

/// Three in ten name an order of any time before, or one that is being sent at this moment.
fn order(submission: u64) -> u64 {
    let (tens, place) = (submission / 10, submission % 10);
    if place < NEW {
        tens * NEW + place
    } else {
        // Spread by a multiplication, the same in every run.
        (submission.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16) % ((tens + 1) * NEW)
    }
}

fn currency(order: u64) -> &'static str {
    CURRENCIES[(order % 3) as usize]
}

fn minor(order: u64) -> i64 {
    (order * 7919 % 99_991) as i64
}

fn event(order: u64) -> Value {
    let (currency, minor) = (currency(order), minor(order));
    let value = if currency == "JPY" { minor.to_string() } else { format!("{}.{:02}", minor / 100, minor % 100) };
    json!({ "action": "purchase", "event_id": format!("O-{order}"), "value": value, "currency": currency,
        "coupon_code": Shop::coupon((order % 2) as usize) })
}

/// Rows and sums of each currency.
async fn read(database: &str) -> BTreeMap<String, (i64, i64)> {
    const SQL: &str = "SELECT currency, COUNT(*), CAST(SUM(value_minor) AS SIGNED) FROM events GROUP BY currency";
    let rows: Vec<(String, i64, i64)> = if database.starts_with("mysql://") {
        sqlx::query_as(SQL).fetch_all(&mut MySqlConnection::connect(database).await.unwrap()).await.unwrap()
    } else {
        let url = format!("sqlite://{database}");
        sqlx::query_as(SQL).fetch_all(&mut SqliteConnection::connect(&url).await.unwrap()).await.unwrap()
    };
    rows.into_iter().map(|(currency, rows, sum)| (currency, (rows, sum))).collect()
}
