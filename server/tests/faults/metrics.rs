//! What Prometheus is told, before and after everything it tells of has happened.

use std::{collections::BTreeSet, fs, path::Path};

use reqwest::{Client, Method, StatusCode, redirect::Policy};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{
    exposition::Exposition,
    support::{MOST_WAIT, MariaDb, Server, Shop, Start, free_port, until},
};

const CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
const BOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

/// Requests that an account may make in a minute, and at once.
const REQUESTS: usize = 200;

/// A server that is watched.
struct Watched {
    server: Server,
    client: Client,
    metrics: String,
    shop: Shop,
    token: String,
}

impl Watched {
    async fn start(folder: &Path, database: Option<String>) -> Self {
        let mut start = Start::new(folder, database);
        let port = free_port();
        start.environment.push(("TRIBUTARY_METRICS_ADDR", format!("127.0.0.1:{port}")));
        start.environment.push(("TRIBUTARY_REQUESTS_PER_MINUTE", REQUESTS.to_string()));
        let server = Server::start(&start).await;
        let shop = Shop::open(&server).await;
        let client = Client::builder().redirect(Policy::none()).timeout(MOST_WAIT).build().unwrap();
        let token = server.log_in().await;
        Self { server, client, metrics: format!("http://127.0.0.1:{port}/metrics"), shop, token }
    }

    async fn told(&self) -> Exposition {
        let answer = self.client.get(&self.metrics).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        Exposition::parse(&answer.text().await.unwrap())
    }

    async fn follow(&self, code: &str, agent: &str) -> StatusCode {
        let request = self.client.get(format!("{}/r/{code}", self.server.base)).header("User-Agent", agent);
        request.send().await.unwrap().status()
    }

    async fn post(&self, path: &str, key: &str, body: Value) -> StatusCode {
        let request = self.client.post(format!("{}{path}", self.server.base)).header("X-API-KEY", key);
        request.json(&body).send().await.unwrap().status()
    }

    async fn event(&self, body: Value) -> StatusCode {
        self.post("/api/v1/events", &self.shop.key, body).await
    }

    async fn ask(&self, method: Method, path: &str) -> StatusCode {
        let request = self.client.request(method, format!("{}{path}", self.server.base)).bearer_auth(&self.token);
        let answer = request.send().await.unwrap();
        let status = answer.status();
        // Whoever takes an export takes all of it.
        let _ = answer.bytes().await;
        status
    }
}

/// How much more of each series there is.
struct Since<'a>(&'a Exposition, &'a Exposition);

impl Since<'_> {
    #[track_caller]
    fn is(&self, name: &str, labels: &[(&str, &str)], more: f64) {
        let added = self.1.get(name, labels) - self.0.get(name, labels);
        assert_eq!(added, more, "{name} {labels:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_is_told_to_the_last_request_click_and_event() {
    let mut database = MariaDb::start().await;
    let folder = tempfile::tempdir().unwrap();
    let watched = Watched::start(folder.path(), Some(database.url())).await;
    let first = watched.told().await;
    do_everything_once(&watched).await;
    until("clicks are drained", async || {
        watched.told().await.get("tributary_drain_clicks_total", &[("visitor", "human")]) == 7.0
    })
    .await;
    let second = watched.told().await;
    check_what_was_done(&Since(&first, &second));

    database.stop(Signal::TERM);
    until("the server says that it is not ready", async || !watched.server.is_ready().await).await;
    for number in 0..4 {
        let order = json!({ "action": "purchase", "event_id": format!("AWAY-{number}") });
        assert_eq!(watched.event(order).await, StatusCode::ACCEPTED);
    }
    for _ in 0..2 {
        assert_eq!(watched.follow(&watched.shop.links[1], CHROME).await, StatusCode::FOUND);
    }
    assert_eq!(watched.ask(Method::GET, "/api/v1/campaigns").await, StatusCode::SERVICE_UNAVAILABLE);
    let away = watched.told().await;
    let since = Since(&second, &away);
    since.is("tributary_events_total", &[("outcome", "queued")], 4.0);
    since.is("tributary_events_total", &[("outcome", "recorded")], 0.0);
    since.is("tributary_clicks_recorded_total", &[], 2.0);
    since.is("tributary_clicks_lost_total", &[], 0.0);
    since.is("tributary_http_requests_total", &route("GET", "/api/v1/campaigns", "5xx"), 1.0);
    assert_eq!(away.find("tributary_database_up", &[]), Some(0.0));
    assert_eq!(away.find("tributary_database_latency_seconds", &[]), None);
    assert_eq!(away.find("tributary_events_aside", &[]), Some(4.0));
    for waits in [
        "tributary_events_aside_oldest_age_seconds",
        "tributary_spool_waiting_bytes",
        "tributary_spool_oldest_click_age_seconds",
    ] {
        assert!(away.get(waits, &[]) > 0.0, "{waits}");
    }

    database.start_again().await;
    until("nothing waits any more", async || {
        let told = watched.told().await;
        told.get("tributary_events_aside", &[]) == 0.0 && told.get("tributary_spool_waiting_bytes", &[]) == 0.0
    })
    .await;
    let back = watched.told().await;
    let since = Since(&away, &back);
    since.is("tributary_events_replayed_total", &[("outcome", "recorded")], 4.0);
    since.is("tributary_drain_clicks_total", &[("visitor", "human")], 2.0);
    assert_eq!(back.find("tributary_database_up", &[]), Some(1.0));
    assert_eq!(back.find("tributary_spool_oldest_click_age_seconds", &[]), Some(0.0));
    assert_eq!(back.find("tributary_events_aside_oldest_age_seconds", &[]), Some(0.0));
    names_nobody(&watched, &back);
}

/// What [`check_what_was_done`] expects.
async fn do_everything_once(watched: &Watched) {
    let [ours, _] = &watched.shop.links;
    for _ in 0..7 {
        assert_eq!(watched.follow(ours, CHROME).await, StatusCode::FOUND);
    }
    for _ in 0..2 {
        assert_eq!(watched.follow(ours, BOT).await, StatusCode::FOUND);
    }
    for _ in 0..3 {
        assert_eq!(watched.follow("nosuchcode", CHROME).await, StatusCode::NOT_FOUND);
    }
    for number in 0..5 {
        let order = json!({ "action": "purchase", "event_id": format!("A-{number}"), "customer_id": "c-17" });
        assert_eq!(watched.event(order).await, StatusCode::CREATED);
    }
    for _ in 0..2 {
        let order = json!({ "action": "purchase", "event_id": "A-0", "customer_id": "c-17" });
        assert_eq!(watched.event(order).await, StatusCode::OK);
    }
    assert_eq!(watched.event(json!({ "action": "signup", "event_id": "A-0" })).await, StatusCode::CONFLICT);
    for _ in 0..3 {
        assert_eq!(watched.event(json!({ "action": "buy" })).await, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let unknown = "trb_live_00000000000000000000000000000000";
    assert_eq!(watched.post("/api/v1/events", unknown, json!({})).await, StatusCode::UNAUTHORIZED);
    let batch = json!({ "events": [{ "action": "signup" }, { "action": "buy" }, { "action": "signup" }, 5] });
    assert_eq!(watched.post("/api/v1/events/batch", &watched.shop.key, batch).await, StatusCode::OK);
    for _ in 0..2 {
        let wrong = json!({ "email": "nobody@mail.example", "password": "a wrong guess" });
        assert_eq!(watched.post("/api/v1/auth/login", "", wrong).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(watched.ask(Method::GET, "/api/v1/exports/events.csv").await, StatusCode::OK);
    assert_eq!(watched.ask(Method::GET, "/api/v1/nothing/anna@mail.example").await, StatusCode::NOT_FOUND);
    let strange = Method::from_bytes(b"ANNA").unwrap();
    assert_eq!(watched.ask(strange, "/api/v1/campaigns").await, StatusCode::METHOD_NOT_ALLOWED);
    let id = "01890000-0000-7000-8000-000000000000";
    assert_eq!(watched.ask(Method::GET, &format!("/api/v1/campaigns/{id}")).await, StatusCode::NOT_FOUND);
}

fn route<'a>(method: &'a str, route: &'a str, status: &'a str) -> [(&'a str, &'a str); 3] {
    [("method", method), ("route", route), ("status", status)]
}

fn check_what_was_done(since: &Since<'_>) {
    let redirects = "tributary_redirects_total";
    since.is(redirects, &[("outcome", "redirected")], 9.0);
    since.is(redirects, &[("outcome", "not_found")], 3.0);
    since.is(redirects, &[("outcome", "gone")], 0.0);
    since.is("tributary_clicks_recorded_total", &[], 9.0);
    since.is("tributary_clicks_lost_total", &[], 0.0);
    since.is("tributary_drain_clicks_total", &[("visitor", "human")], 7.0);
    since.is("tributary_drain_clicks_total", &[("visitor", "bot")], 2.0);
    since.is("tributary_drain_batch_clicks_sum", &[], 9.0);
    let events = "tributary_events_total";
    since.is(events, &[("outcome", "recorded")], 7.0);
    since.is(events, &[("outcome", "duplicate")], 2.0);
    since.is(events, &[("outcome", "conflict")], 1.0);
    since.is(events, &[("outcome", "queued")], 0.0);
    since.is(events, &[("outcome", "failed")], 0.0);
    // One at a time, but the two of the batch: eight new or known, one conflict.
    since.is("tributary_event_batch_events_sum", &[], 10.0);
    since.is("tributary_event_batch_events_count", &[], 9.0);
    since.is("tributary_event_commit_duration_seconds_count", &[], 9.0);
    let rejected = "tributary_events_rejected_total";
    since.is(rejected, &[("problem", "validation")], 5.0);
    since.is(rejected, &[("problem", "conflict")], 1.0);
    since.is(rejected, &[("problem", "api-key")], 1.0);
    let requests = "tributary_http_requests_total";
    since.is(requests, &route("POST", "/api/v1/events", "2xx"), 7.0);
    since.is(requests, &route("POST", "/api/v1/events", "4xx"), 5.0);
    since.is(requests, &route("POST", "/api/v1/events", "5xx"), 0.0);
    since.is(requests, &route("POST", "/api/v1/events/batch", "2xx"), 1.0);
    since.is(requests, &route("POST", "/api/v1/auth/login", "4xx"), 2.0);
    since.is(requests, &route("GET", "/api/v1/exports/events.csv", "2xx"), 1.0);
    since.is(requests, &route("GET", "/api/v1/campaigns/{id}", "4xx"), 1.0);
    since.is(requests, &route("GET", "unmatched", "4xx"), 1.0);
    since.is(requests, &route("other", "/api/v1/campaigns", "4xx"), 1.0);
    let events = [("method", "POST"), ("route", "/api/v1/events")];
    since.is("tributary_http_request_duration_seconds_count", &events, 12.0);
    since.is("tributary_logins_total", &[("outcome", "failed")], 2.0);
    since.is("tributary_logins_total", &[("outcome", "succeeded")], 0.0);
    since.is("tributary_exports_begun_total", &[], 1.0);
    since.is("tributary_exports_refused_total", &[], 0.0);
    let now = since.1;
    assert_eq!(now.get("tributary_logins_total", &[("outcome", "succeeded")]), 2.0);
    assert_eq!(now.find("tributary_database_up", &[]), Some(1.0));
    assert!(now.find("tributary_database_latency_seconds", &[]).is_some_and(|seconds| seconds < 1.0));
    let open: f64 = ["used", "idle"]
        .map(|state| now.get("tributary_database_connections", &[("pool", "all"), ("state", state)]))
        .iter()
        .sum();
    assert!((1.0..=16.0).contains(&open), "{open}");
    for (kind, count) in [("advertiser", 1.0), ("campaign", 2.0), ("influencer", 2.0), ("link", 2.0), ("coupon", 2.0)] {
        assert_eq!(now.find("tributary_catalog_entries", &[("kind", kind)]), Some(count), "{kind}");
    }
    assert_eq!(now.find("tributary_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), Some(1.0));
    for some in ["process_resident_memory_bytes", "process_open_fds", "process_threads", "process_start_time_seconds"] {
        assert!(now.get(some, &[]) > 1.0, "{some}");
    }
}

/// Labels hold routes, outcomes and kinds, and nothing that came with a request.
fn names_nobody(watched: &Watched, told: &Exposition) {
    let Shop { key, links, base } = &watched.shop;
    let host = base.strip_prefix("http://").unwrap();
    let secrets = [
        key.as_str(),
        &links[0],
        &links[1],
        &watched.token,
        host,
        "nosuchcode",
        "@",
        "mail.example",
        "anna",
        "ANNA",
        "c-17",
        "A-0",
        "127.0.0.1",
        "01890000",
        "guess",
        "Chrome",
    ];
    for value in told.label_values() {
        assert!(secrets.iter().all(|secret| !value.contains(secret)), "{value}");
        assert!(value.len() <= 64, "{value}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_too_fast_is_counted_once_for_each_refusal() {
    let folder = tempfile::tempdir().unwrap();
    let watched = Watched::start(folder.path(), None).await;
    let mut refused = 0.0;
    for _ in 0..REQUESTS + 20 {
        match watched.ask(Method::GET, "/api/v1/auth/me").await {
            StatusCode::TOO_MANY_REQUESTS => refused += 1.0,
            answered => assert_eq!(answered, StatusCode::OK),
        }
    }
    assert!(refused > 0.0, "some were too many");
    let told = watched.told().await;
    assert_eq!(told.get("tributary_rate_limited_total", &[("limit", "requests")]), refused);
    assert_eq!(told.get("tributary_rate_limited_total", &[("limit", "events")]), 0.0);
    assert_eq!(told.get("tributary_http_requests_total", &route("GET", "/api/v1/auth/me", "4xx")), refused);
}

/// Every name in the expressions of a file's lines that begin so.
fn named_in(text: &str, begins: &str) -> BTreeSet<String> {
    let expressions = text.lines().filter_map(|line| line.trim().strip_prefix(begins));
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let words = expressions.flat_map(|expression| expression.split(word));
    words.filter(|name| name.starts_with("tributary_") || name.starts_with("process_")).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dashboard_and_alerts_ask_for_what_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let watched = Watched::start(folder.path(), None).await;
    assert_eq!(watched.event(json!({ "action": "buy" })).await, StatusCode::UNPROCESSABLE_ENTITY);
    let told = watched.told().await;
    let read = |file: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(file);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let dashboard = read("grafana/tributary.json");
    let panels: Value = serde_json::from_str(&dashboard).unwrap();
    assert!(panels["panels"].as_array().unwrap().len() > 10);
    for (file, text, begins, least) in
        [("the dashboard", dashboard, "\"expr\":", 30), ("the alerts", read("prometheus/alerts.yml"), "expr:", 10)]
    {
        let named = named_in(&text, begins);
        assert!(named.len() >= least, "{file} names {} metrics", named.len());
        let names = told.names();
        // Of a server with TLS of its own alone; `tests/http/metrics.rs` has one.
        let known = |name: &str| names.contains(name) || name == "tributary_tls_certificate_expiry_timestamp_seconds";
        let unknown: Vec<_> = named.iter().filter(|name| !known(name)).collect();
        assert!(unknown.is_empty(), "{file} names {unknown:?}");
    }
}
