//! Two nodes behind a balancer, on one database: what is changed through one stands on the other within two seconds, and
//! both tell the same figures.

use std::{
    cell::Cell,
    process::Command,
    time::{Duration, Instant},
};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::support::{MariaDb, Server, Start, until};

/// How soon the other node knows.
const SOON: Duration = Duration::from_secs(2);
const PASSWORD: &str = "shop horse battery";

struct Nodes {
    nodes: [Server; 2],
    starts: [Start; 2],
    token: String,
    database: MariaDb,
    _folders: [TempDir; 2],
}

impl Nodes {
    async fn start() -> Self {
        let database = MariaDb::start().await;
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let first_start = Start::new(folders[0].path(), Some(database.url()));
        let mut second_start = Start::new(folders[1].path(), Some(database.url()));
        second_start.secret = Some(folders[0].path().join("data/secret.key"));
        // The second reads the key that the first has made.
        let first = Server::start(&first_start).await;
        let second = Server::start(&second_start).await;
        until("the second node is ready", async || second.is_ready().await).await;
        let token = first.log_in().await;
        let nodes = [first, second];
        Self { nodes, starts: [first_start, second_start], token, database, _folders: folders }
    }

    async fn make(&self, path: &str, body: Value) -> Value {
        self.nodes[0].post(&self.token, path, body).await
    }

    /// What was just changed on the first stands on the second in time.
    async fn soon(&self, what: &str, holds: impl AsyncFnMut() -> bool) {
        let took = until(what, holds).await;
        println!("{what}: {} ms", took.as_millis());
        assert!(took < SOON, "{what}: {took:?}");
    }

    /// Where a token is good, by node.
    async fn session(&self, node: usize, token: &str) -> StatusCode {
        self.nodes[node].ask(Method::GET, "auth/me", token, Value::Null).await.0
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_or_coupon_made_and_a_key_revoked_on_one_node_are_so_on_the_other_within_two_seconds() {
    let nodes = Nodes::start().await;
    let [first, second] = &nodes.nodes;
    let shop = nodes.make("advertisers", json!({ "name": "Shop" })).await;
    let campaign = json!({ "advertiser_id": shop["id"], "name": "Spring", "destination_url": "https://shop.example/" });
    let campaign = nodes.make("campaigns", campaign).await;
    let anna = nodes.make("influencers", json!({ "name": "Anna" })).await;
    let keys = format!("advertisers/{}/api-keys", text(&shop["id"]));
    let key = nodes.make(&keys, json!({ "name": "Backend" })).await;
    let link = nodes.make("links", json!({ "campaign_id": campaign["id"] })).await;
    let followed = format!("/r/{}", text(&link["code"]));
    nodes.soon("a link redirects", async || second.status(&followed).await == Some(StatusCode::FOUND)).await;

    let coupon = json!({ "campaign_id": campaign["id"], "influencer_id": anna["id"], "code": "ANNA10" });
    nodes.make("coupons", coupon).await;
    let event = json!({ "action": "purchase", "coupon_code": "ANNA10" });
    let weighed = async |node: &Server| node.shop_sends(text(&key["key"]), "events/validate", &event).await;
    nodes.soon("a coupon credits", async || weighed(second).await.1["attribution"]["method"] == "coupon").await;

    let revoked = first.ask(Method::DELETE, &format!("api-keys/{}", text(&key["id"])), &nodes.token, Value::Null).await;
    assert_eq!(revoked.0, StatusCode::NO_CONTENT);
    assert_eq!(weighed(first).await.0, StatusCode::UNAUTHORIZED, "at once here");
    nodes.soon("a revoked key is dead", async || weighed(second).await.0 == StatusCode::UNAUTHORIZED).await;

    let deactivate = format!("links/{}/deactivate", text(&link["id"]));
    nodes.make(&deactivate, json!({})).await;
    nodes.soon("an inactive link is gone", async || second.status(&followed).await == Some(StatusCode::GONE)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_changed_an_account_ended_and_a_logout_void_sessions_on_the_other_node_within_two_seconds() {
    let nodes = Nodes::start().await;
    let [first, second] = &nodes.nodes;
    let mut accounts = Vec::new();
    for name in ["changes", "ends", "leaves"] {
        let email = format!("{name}@example.com");
        let body = json!({ "email": email, "role": "admin", "password": PASSWORD });
        let account = nodes.make("accounts", body).await;
        let mut token = String::new();
        nodes
            .soon("an account logs in", async || {
                let body = json!({ "email": email, "password": PASSWORD });
                let (status, told) = second.ask(Method::POST, "auth/login", "", body).await;
                token = told["token"].as_str().unwrap_or_default().to_owned();
                status == StatusCode::OK
            })
            .await;
        until("the token is good on both", async || {
            nodes.session(0, &token).await == StatusCode::OK && nodes.session(1, &token).await == StatusCode::OK
        })
        .await;
        accounts.push((account, token));
    }
    let change = json!({ "current_password": PASSWORD, "new_password": "another horse battery" });
    let ends = format!("accounts/{}", text(&accounts[1].0["id"]));
    for (what, of, method, path, token, body) in [
        ("a changed password voids its sessions", 0, Method::POST, "auth/password", accounts[0].1.as_str(), change),
        ("an ended account has no session", 1, Method::DELETE, ends.as_str(), nodes.token.as_str(), Value::Null),
        ("a logout is one everywhere", 2, Method::POST, "auth/logout", accounts[2].1.as_str(), Value::Null),
    ] {
        let done = first.ask(method, path, token, body).await;
        assert!(done.0.is_success(), "{what}: {done:?}");
        assert_eq!(nodes.session(0, &accounts[of].1).await, StatusCode::UNAUTHORIZED, "{what}: at once here");
        nodes.soon(what, async || nodes.session(1, &accounts[of].1).await == StatusCode::UNAUTHORIZED).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_and_clicks_of_both_nodes_are_the_same_figures_on_both() {
    let mut nodes = Nodes::start().await;
    let (code, key) = nodes.nodes[0].set_up().await;
    let followed = format!("/r/{code}");
    let [first, second] = &nodes.nodes;
    let clicks = Cell::new(0);
    let follow = async |node: &Server| {
        let is_sent_on = node.status(&followed).await == Some(StatusCode::FOUND);
        clicks.set(clicks.get() + i64::from(is_sent_on));
        is_sent_on
    };
    for node in [first, second] {
        until("the link redirects", async || follow(node).await).await;
    }
    let body = |order: u32| json!({ "action": "purchase", "event_id": format!("O-{order}"), "value": "2.50", "ref_code": code });
    let mut told = [0_u32; 2];
    for order in 0..60 {
        // Every third order is sent to both, at the same moment.
        let of_both = order % 3 == 0;
        let nodes = if of_both { vec![first, second] } else { vec![[first, second][order as usize % 2]] };
        let event = body(order);
        let sends = nodes.iter().map(|node| node.shop_sends(&key, "events", &event));
        let answers = futures_util::future::join_all(sends).await;
        let ids: Vec<&Value> = answers.iter().map(|(_, answer)| &answer["id"]).collect();
        assert!(ids.windows(2).all(|ids| ids[0] == ids[1]), "{answers:?}");
        for (status, answer) in &answers {
            match status.as_u16() {
                201 => told[0] += 1,
                200 => told[1] += 1,
                _ => panic!("{status}: {answer}"),
            }
        }
        for node in nodes {
            assert!(follow(node).await);
        }
    }
    assert_eq!(told, [60, 20], "each is recorded once, its double is told the first answer");
    let figures = async |node: &Server| {
        let (status, told) = node.ask(Method::GET, "stats/overview?range=7d", &nodes.token, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        told
    };
    let begun = Instant::now();
    until("every click of both is counted", async || {
        let told = figures(first).await;
        let counted = told["clicks"].as_i64().unwrap() + told["bot_clicks"].as_i64().unwrap();
        assert!(counted <= clicks.get(), "none twice: {told}");
        counted == clicks.get()
    })
    .await;
    println!("every click of both was counted {} ms later", begun.elapsed().as_millis());
    let [one, other] = [figures(first).await, figures(second).await];
    assert_eq!(one, other);
    assert_eq!((&one["conversions"], &one["gmv"][0]["amount"]), (&json!(60), &json!("150.00")), "{one}");
    for path in ["stats/funnel?range=7d", "stats/per-link?range=7d", "stats/chart?range=7d"] {
        let [one, other] = [
            first.ask(Method::GET, path, &nodes.token, Value::Null).await,
            second.ask(Method::GET, path, &nodes.token, Value::Null).await,
        ];
        assert_eq!((one.0, &one), (StatusCode::OK, &other), "{path}");
    }
    let checked = Command::new(env!("CARGO_BIN_EXE_tributary"))
        .args(["check", "--figures", "--log", "error", "--database-url", &nodes.database.url(), "--data-dir"])
        .arg(nodes.starts[1].folder.join("data"))
        .arg("--secret-key-file")
        .arg(nodes.starts[1].secret.as_ref().unwrap())
        .output()
        .unwrap();
    assert!(checked.status.success(), "{checked:?}");
    nodes.nodes.iter_mut().for_each(Server::end);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_on_a_nodes_folder_and_a_node_with_another_secret_refuse_to_start() {
    let nodes = Nodes::start().await;
    let beside = Start { port: super::support::free_port(), ..nodes.starts[1].clone() };
    let said = Server::refusal(&beside).await;
    assert!(said.contains("another process has the click log"), "{said}");

    let folder = tempfile::tempdir().unwrap();
    let stranger = Start::new(folder.path(), Some(nodes.database.url()));
    let said = Server::refusal(&stranger).await;
    assert!(said.contains("made with another secret key"), "{said}");

    // Neither has disturbed those that run.
    for node in &nodes.nodes {
        assert!(node.is_ready().await);
        assert_eq!(node.said("ERROR", ""), 0, "{}", node.log());
    }
    let told = nodes.nodes[1].diagnostics(&nodes.token).await.unwrap();
    assert_eq!(told["spool"]["is_displaced"], false, "{told}");
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
