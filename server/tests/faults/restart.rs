//! Restarts under load: whoever holds the listening socket hands it to the next process, and nobody notices.

use std::{
    collections::HashSet,
    net::TcpListener,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::{Client, StatusCode};
use serde_json::json;
use sqlx::{Connection, SqliteConnection};
use tokio::{net::TcpSocket, task::JoinSet};

use super::support::{Load, Server, Start, count, outage};

const SHOPS: usize = 4;
/// A build without optimisation shares two cores with the load.
const RATE: f64 = if cfg!(debug_assertions) { 300.0 } else { 1000.0 };
/// A stop lasts 5 s at most, and a start is waited for in the socket's queue.
const MOST_WAIT: Duration = Duration::from_secs(10);

/// What shops were answered.
#[derive(Default)]
struct Orders {
    recorded: Mutex<HashSet<String>>,
    stop: AtomicBool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_and_no_click_is_lost_while_the_server_is_restarted() {
    let folder = tempfile::tempdir().unwrap();
    let listener = listen();
    let mut start = Start::new(folder.path(), None);
    start.port = listener.local_addr().unwrap().port();
    start.socket = Some(Arc::new(listener));
    let mut server = Server::start(&start).await;
    let (code, key) = server.set_up().await;

    let orders = Arc::new(Orders::default());
    let mut shops = JoinSet::new();
    for shop in 0..SHOPS {
        // Half of them keep their connection, half open one for each event.
        let keep = if shop % 2 == 0 { 1 } else { 0 };
        let client = Client::builder().pool_max_idle_per_host(keep).timeout(MOST_WAIT).build().unwrap();
        let url = format!("{}/api/v1/events", server.base);
        shops.spawn(order_on(Arc::clone(&orders), client, url, key.clone(), shop));
    }
    // Shoppers who stay on their connection, and shoppers who open one each.
    let loads = [Load::at_rate(&server.base, &code, RATE), Load::one_each(&server.base, &code, RATE)];

    let restarts = (outage().as_secs() / 2).max(2);
    let mut longest = Duration::ZERO;
    for _ in 0..restarts {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let begun = Instant::now();
        server.end();
        longest = longest.max(begun.elapsed());
        server = Server::start(&start).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    orders.stop.store(true, Ordering::Relaxed);
    while let Some(done) = shops.join_next().await {
        done.unwrap();
    }
    let outcomes: Vec<_> = loads.into_iter().map(Load::end_without_a_miss).collect();
    println!("restarted {restarts} times; the longest stop took {longest:.1?}");
    assert!(longest < Duration::from_secs(5), "{longest:?}");
    let late = outcomes.iter().map(|outcome| outcome.summary().most / 1000.0).fold(0.0, f64::max);
    println!("restarted: the latest redirect came after {late:.0} ms");

    let database = folder.path().join("data/tributary.db").display().to_string();
    count(outcomes, &database, "restarted").await;
    server.end();
    count_orders(&orders, &database).await;
}

/// As systemd does, with room for all who come while no process accepts them.
fn listen() -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    socket.listen(4096).unwrap().into_std().unwrap()
}

/// Posts orders until told to stop, each once: none may fail.
async fn order_on(orders: Arc<Orders>, client: Client, url: String, key: String, shop: usize) {
    for number in 0.. {
        if orders.stop.load(Ordering::Relaxed) {
            return;
        }
        let id = format!("A-{shop}-{number}");
        let body = json!({ "action": "purchase", "event_id": id, "value": "1.00" });
        let answer = client.post(&url).header("X-API-KEY", &key).json(&body).send().await;
        let status = answer.unwrap_or_else(|error| panic!("{id} was not answered: {error:?}")).status();
        assert!(matches!(status, StatusCode::CREATED | StatusCode::ACCEPTED), "{id}: {status}");
        orders.recorded.lock().unwrap().insert(id);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn count_orders(orders: &Orders, database: &str) {
    let mut conn = SqliteConnection::connect(&format!("sqlite://{database}")).await.unwrap();
    let stored: Vec<String> = sqlx::query_scalar("SELECT event_id FROM events").fetch_all(&mut conn).await.unwrap();
    let answered = orders.recorded.lock().unwrap();
    assert!(answered.len() > 100, "too few to prove anything: {}", answered.len());
    assert_eq!(stored.len(), answered.len(), "each once");
    assert_eq!(stored.into_iter().collect::<HashSet<_>>(), *answered);
    println!("restarted: {} events answered, each recorded once", answered.len());
}
