//! `kill -9` under load: no answered click is lost, none is counted twice, and no answered event either.
//!
//! `TRIBUTARY_KILL_ROUNDS` sets how often the server is killed (default 6; `make test-kill` 100).

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::{
    collections::HashSet,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rand::RngExt;
use reqwest::{Client, redirect::Policy};
use serde_json::{Value, json};
use sqlx::{Connection, Row, SqliteConnection};
use tokio::task::JoinSet;
use uuid::Uuid;

const EMAIL: &str = "admin@example.com";
const PASSWORD: &str = "correct horse battery";
const CLIENTS: usize = 16;

struct Server {
    process: Child,
    base: String,
}

impl Server {
    /// Starts the binary and waits until it serves.
    async fn start(folder: &Path, port: u16) -> Self {
        let site = folder.join("site");
        std::fs::create_dir_all(&site).unwrap();
        std::fs::write(site.join("manifest.json"), r#"{"js":"a","wasm":"b","css":"c","charts":"d"}"#).unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_tributary"))
            .args(["serve", "--addr", &format!("127.0.0.1:{port}"), "--log", "error"])
            .arg("--data-dir")
            .arg(folder.join("data"))
            .arg("--site-dir")
            .arg(&site)
            .env("TRIBUTARY_ADMIN_EMAIL", EMAIL)
            .env("TRIBUTARY_ADMIN_PASSWORD", PASSWORD)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let base = format!("http://127.0.0.1:{port}");
        let client = Client::new();
        let deadline = Instant::now() + Duration::from_secs(20);
        while client.get(format!("{base}/healthz")).send().await.is_err() {
            assert!(Instant::now() < deadline, "the server does not come up");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Self { process, base }
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

struct Ledger {
    clicks: Mutex<HashSet<Uuid>>,
    events: Mutex<HashSet<String>>,
    next_event: AtomicU64,
    stop: AtomicBool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answered_click_and_event_is_in_the_database_once() {
    let rounds: u32 = std::env::var("TRIBUTARY_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(6);
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let server = Server::start(folder.path(), port).await;
    let (code, key) = set_up(&server.base).await;
    let ledger = Arc::new(Ledger {
        clicks: Mutex::default(),
        events: Mutex::default(),
        next_event: AtomicU64::new(0),
        stop: AtomicBool::new(false),
    });
    let mut load = JoinSet::new();
    for n in 0..CLIENTS {
        load.spawn(click_on(Arc::clone(&ledger), format!("{}/r/{code}", server.base)));
        if n % 4 == 0 {
            load.spawn(order_on(Arc::clone(&ledger), format!("{}/api/v1/events", server.base), key.clone()));
        }
    }
    let mut server = server;
    for round in 0..rounds {
        // Long enough for the drain to be anywhere in its work, never the same moment.
        let run = rand::rng().random_range(60..400);
        tokio::time::sleep(Duration::from_millis(run)).await;
        server.kill();
        if round % 10 == 9 {
            println!("{} rounds, {} clicks answered", round + 1, ledger.clicks.lock().unwrap().len());
        }
        server = Server::start(folder.path(), port).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    ledger.stop.store(true, Ordering::Relaxed);
    while let Some(done) = load.join_next().await {
        done.unwrap();
    }
    wait_until_drained(&server.base).await;
    server.kill();

    let url = format!("sqlite://{}", folder.path().join("data/tributary.db").display());
    let mut database = SqliteConnection::connect(&url).await.unwrap();
    let rows = sqlx::query("SELECT id FROM clicks").fetch_all(&mut database).await.unwrap();
    let stored: Vec<Uuid> = rows.iter().map(|row| row.get(0)).collect();
    let distinct: HashSet<Uuid> = stored.iter().copied().collect();
    assert_eq!(stored.len(), distinct.len(), "a click is stored twice");
    let answered = ledger.clicks.lock().unwrap().clone();
    let lost = answered.iter().filter(|id| !distinct.contains(id)).count();
    assert_eq!(lost, 0, "of {} answered clicks", answered.len());
    let unanswered = distinct.len() - answered.len();
    assert!(unanswered <= CLIENTS * (rounds as usize + 1), "{unanswered} clicks nobody was answered for");
    assert!(answered.len() > rounds as usize * 10, "too little load to prove anything: {} clicks", answered.len());

    let rows =
        sqlx::query("SELECT event_id, COUNT(*) FROM events GROUP BY event_id").fetch_all(&mut database).await.unwrap();
    let counts: Vec<(String, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert!(counts.iter().all(|(_, count)| *count == 1), "an event is stored twice");
    let stored: HashSet<&str> = counts.iter().map(|(id, _)| id.as_str()).collect();
    let events = ledger.events.lock().unwrap().clone();
    let lost = events.iter().filter(|id| !stored.contains(id.as_str())).count();
    assert_eq!(lost, 0, "of {} answered events", events.len());
    println!("{rounds} kills: {} clicks and {} events answered, none lost, none doubled", answered.len(), events.len());
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A campaign whose redirects tell the click's id. Returns the link's code and an API key.
async fn set_up(base: &str) -> (String, String) {
    let client = Client::new();
    let post = |token: String, path: String, body: Value| {
        let request = client.post(format!("{base}/api/v1/{path}")).bearer_auth(token).json(&body);
        async move { request.send().await.unwrap().error_for_status().unwrap().json::<Value>().await.unwrap() }
    };
    let login = post(String::new(), "auth/login".into(), json!({ "email": EMAIL, "password": PASSWORD })).await;
    let token = login["token"].as_str().unwrap().to_owned();
    let advertiser = post(token.clone(), "advertisers".into(), json!({ "name": "Shop" })).await;
    let campaign = json!({
        "advertiser_id": advertiser["id"], "name": "Spring", "destination_url": "https://shop.example/", "append_click_id": true,
    });
    let campaign = post(token.clone(), "campaigns".into(), campaign).await;
    let link = post(token.clone(), "links".into(), json!({ "campaign_id": campaign["id"] })).await;
    let keys = format!("advertisers/{}/api-keys", advertiser["id"].as_str().unwrap());
    let key = post(token, keys, json!({ "name": "Backend" })).await;
    (link["code"].as_str().unwrap().to_owned(), key["key"].as_str().unwrap().to_owned())
}

/// Follows the link until told to stop, and notes every click that was answered.
async fn click_on(ledger: Arc<Ledger>, url: String) {
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    while !ledger.stop.load(Ordering::Relaxed) {
        let Ok(answer) = client.get(&url).header("User-Agent", "Mozilla/5.0 Chrome/131.0").send().await else {
            // The server is down: it comes back.
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        let location = answer.headers()["location"].to_str().unwrap();
        let id = location.split("click_id=").nth(1).unwrap().parse().unwrap();
        assert!(ledger.clicks.lock().unwrap().insert(id), "two answers have one click id");
    }
}

/// Posts orders until told to stop, each again until it is answered, as a shop's backend does.
async fn order_on(ledger: Arc<Ledger>, url: String, key: String) {
    let client = Client::new();
    while !ledger.stop.load(Ordering::Relaxed) {
        let id = format!("A-{}", ledger.next_event.fetch_add(1, Ordering::Relaxed));
        let body = json!({ "action": "purchase", "event_id": id, "value": "1.00" });
        loop {
            let answer = client.post(&url).header("X-API-KEY", &key).json(&body).send().await;
            match answer {
                Ok(answer) if answer.status().is_success() => {
                    ledger.events.lock().unwrap().insert(id);
                    break;
                }
                _ if ledger.stop.load(Ordering::Relaxed) => break,
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }
}

async fn wait_until_drained(base: &str) {
    let client = Client::new();
    let body = json!({ "email": EMAIL, "password": PASSWORD });
    let login: Value =
        client.post(format!("{base}/api/v1/auth/login")).json(&body).send().await.unwrap().json().await.unwrap();
    let token = login["token"].as_str().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let answer = client.get(format!("{base}/api/v1/diagnostics")).bearer_auth(token).send().await.unwrap();
        let diagnostics: Value = answer.json().await.unwrap();
        if diagnostics["spool"]["waiting_bytes"] == 0 {
            return;
        }
        assert!(Instant::now() < deadline, "the click log does not empty: {diagnostics}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
