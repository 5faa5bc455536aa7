//! What the log holds at its most talkative, and what it never does.

use std::{cell::RefCell, fs};

use reqwest::{Client, RequestBuilder, Response, StatusCode, header, redirect::Policy};
use rustix::process::Signal;
use serde_json::{Value, json};
use sqlx::{Connection, MySqlConnection};
use uuid::Uuid;

use super::support::{MOST_WAIT, MariaDb, Server, Shop, Start, until};

/// Everything of ours, down to what is only for whoever mends it.
const ALL: &str = "info,tributary=trace,server=trace,engine=trace,app=trace,model=trace";
const PASSWORD: &str = "correct horse battery";

/// What was sent and shown, and belongs to nobody but whom it was sent by or shown to.
#[derive(Default)]
struct Secrets(RefCell<Vec<String>>);

impl Secrets {
    fn keep(&self, secret: impl Into<String>) -> String {
        let secret = secret.into();
        assert!(secret.len() >= 6, "{secret} could stand there by chance");
        self.0.borrow_mut().push(secret.clone());
        secret
    }
}

struct Talk {
    server: Server,
    client: Client,
    secrets: Secrets,
}

impl Talk {
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.base)
    }

    /// From an address of its own, as a proxy tells it.
    async fn send(&self, request: RequestBuilder) -> Response {
        request.header("X-Forwarded-For", "203.0.113.77").send().await.unwrap()
    }

    async fn log_in(&self, email: &str, password: &str) -> Response {
        let body = json!({ "email": email, "password": password });
        self.send(self.client.post(self.url("/api/v1/auth/login")).json(&body)).await
    }

    async fn event(&self, key: &str, body: &Value) -> StatusCode {
        let request = self.client.post(self.url("/api/v1/events")).header("X-API-KEY", key).json(body);
        self.send(request).await.status()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_address_or_query_is_ever_in_the_log_and_every_line_is_json() {
    let mut database = MariaDb::start().await;
    let secrets = Secrets::default();
    let password = secrets.keep("db-pass-7731");
    let mut conn = MySqlConnection::connect(&database.url()).await.unwrap();
    let user = format!("CREATE USER t@127.0.0.1 IDENTIFIED BY '{password}'; GRANT ALL ON tributary.* TO t@127.0.0.1");
    sqlx::raw_sql(sqlx::AssertSqlSafe(user)).execute(&mut conn).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let url = format!("mysql://t:{password}@127.0.0.1:{}/tributary", database.port());
    let mut start = Start::new(folder.path(), Some(url));
    start.environment.push(("TRIBUTARY_LOG", ALL.into()));
    start.environment.push(("TRIBUTARY_PUBLIC_URL", format!("http://127.0.0.1:{}", start.port)));
    start.environment.push(("TRIBUTARY_TRUSTED_PROXIES", "loopback".into()));
    let server = Server::start(&start).await;
    let shop = Shop::open(&server).await;
    let client = Client::builder().redirect(Policy::none()).timeout(MOST_WAIT).build().unwrap();
    secrets.keep(PASSWORD);
    secrets.keep("admin@example.com");
    secrets.keep("203.0.113.77");
    secrets.keep(&shop.key);
    secrets.keep(fs::read_to_string(folder.path().join("data/secret.key")).unwrap().trim());
    let mut talk = Talk { server, client, secrets };

    people(&talk).await;
    shops(&talk, &shop).await;
    shoppers(&talk, &shop).await;
    let failed = failures(&talk, &mut conn).await;

    database.stop(Signal::TERM);
    until("the server says that it is not ready", async || !talk.server.is_ready().await).await;
    let order = json!({ "action": "purchase", "event_id": "ORDER-IN-OUTAGE", "customer_id": "customer-4711" });
    assert_eq!(talk.event(&shop.key, &order).await, StatusCode::ACCEPTED);
    let late = talk.log_in("late.login@mail.example", "another guess 55").await;
    assert_eq!(late.status(), StatusCode::SERVICE_UNAVAILABLE);
    talk.secrets.keep("ORDER-IN-OUTAGE");
    talk.secrets.keep("late.login");
    talk.secrets.keep("another guess");
    database.start_again().await;
    until("the server is ready", async || talk.server.is_ready().await).await;
    talk.server.end();

    let log = talk.server.log();
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect();
    assert!(lines.len() > 40, "it was talkative: {} lines", lines.len());
    for secret in talk.secrets.0.take() {
        let line = log.lines().find(|line| line.contains(secret.as_str()));
        assert_eq!(line, None, "{secret} is in the log");
    }
    for line in &lines {
        let fields = line.as_object().unwrap();
        assert!(["timestamp", "level", "message", "target"].iter().all(|name| fields[*name].is_string()), "{line}");
        assert!(fields.values().all(|value| !value.is_object() && !value.is_array()), "it is flat: {line}");
    }
    let found = |id: &str, message: &str| {
        lines.iter().find(|line| line["request_id"] == id && line["message"] == message).cloned().unwrap_or_default()
    };
    let said = found(&failed, "a request failed");
    assert_eq!((&said["level"], &said["route"]), (&json!("ERROR"), &json!("/api/v1/ingest-failures")), "{said}");
    assert!(said["account_id"].as_str().is_some_and(|id| id.parse::<Uuid>().is_ok()), "{said}");
    let ended = found(&failed, "a request was answered");
    assert_eq!((&ended["status"], &ended["method"]), (&json!(500), &json!("GET")), "{ended}");
    assert!(ended["duration_ms"].is_u64(), "{ended}");
    let guess = lines.iter().find(|line| line["message"] == "a login failed").unwrap();
    assert_eq!((&guess["level"], &guess["route"]), (&json!("INFO"), &json!("/api/v1/auth/login")), "{guess}");
    let writes = lines.iter().filter(|line| line["level"] == "INFO" && line["message"] == "a request was answered");
    let routes: Vec<_> = writes.filter_map(|line| line["route"].as_str()).collect();
    assert!(
        routes.contains(&"/api/v1/accounts") && !routes.contains(&"/api/v1/events"),
        "who changed what: {routes:?}"
    );
}

fn as_form(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let fields = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(fields)
}

/// Logins, right and wrong, by page and by API; a login that is made, and its password set by its link.
async fn people(talk: &Talk) {
    let wrong =
        talk.log_in(&talk.secrets.keep("nobody.known@mail.example"), &talk.secrets.keep("a wrong guess 123")).await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    let right = talk.log_in("admin@example.com", PASSWORD).await.json::<Value>().await.unwrap();
    let token = talk.secrets.keep(right["token"].as_str().unwrap());
    let origin = talk.server.base.clone();
    let form = [("email", "admin@example.com"), ("password", PASSWORD), ("next", "/admin?note=secret-note")];
    let by_page = as_form(talk.client.post(talk.url("/api/ui/log_in")).header(header::ORIGIN, &origin), &form);
    let by_page = talk.send(by_page.header(header::ACCEPT, "text/html")).await;
    let cookie = by_page.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    talk.secrets.keep(cookie.split_once('=').unwrap().1.split_once(';').unwrap().0);
    talk.secrets.keep("secret-note");

    let email = talk.secrets.keep("new.person@mail.example");
    let body = json!({ "email": email, "role": "admin" });
    let made = talk.send(talk.client.post(talk.url("/api/v1/accounts")).bearer_auth(&token).json(&body)).await;
    let made: Value = made.json().await.unwrap();
    let link = made["set_password_url"].as_str().unwrap().to_owned();
    let secret = talk.secrets.keep(link.rsplit_once('/').unwrap().1);
    assert_eq!(talk.send(talk.client.get(&link)).await.status(), StatusCode::OK);
    let chosen = talk.secrets.keep("a new pass phrase 9");
    let fields =
        [("form", "set_password"), ("token", &secret), ("new_password", &chosen), ("repeated_password", &chosen)];
    let set = talk.send(as_form(talk.client.post(&link).header(header::ORIGIN, &origin), &fields)).await;
    assert_eq!(set.status(), StatusCode::SEE_OTHER);
    // Twice the same address: 409, or what the database says of it.
    let again = talk.client.post(talk.url("/api/v1/accounts")).bearer_auth(&token).json(&body);
    assert_eq!(talk.send(again).await.status(), StatusCode::CONFLICT);
    for path in [
        "/api/v1/lookup?q=searched-for-this",
        "/api/v1/influencers?q=person%40mail.example",
        "/set-password/not-a-token-at-all",
        "/set-password//odd-token-place",
        "/nowhere/path.person@mail.example?token=query-token-1",
        "/api/v1/nowhere/api.person@mail.example",
    ] {
        let _ = talk.send(talk.client.get(talk.url(path)).bearer_auth(&token)).await;
    }
    for secret in [
        "searched-for-this",
        "person%40mail",
        "not-a-token-at-all",
        "odd-token-place",
        "path.person",
        "query-token-1",
        "api.person",
    ] {
        talk.secrets.keep(secret);
    }
    let void = talk.client.get(talk.url("/api/v1/auth/me")).bearer_auth(talk.secrets.keep("void.bearer.token"));
    assert_eq!(talk.send(void).await.status(), StatusCode::UNAUTHORIZED);
}

/// Events, right and wrong, with all that may be personal in them.
async fn shops(talk: &Talk, shop: &Shop) {
    let order = json!({
        "action": "purchase", "event_id": talk.secrets.keep("ORDER-778899"), "value": "12.50",
        "customer_id": talk.secrets.keep("customer-4711"),
        "properties": { "email": talk.secrets.keep("shopper@mail.example") },
        "landing_url": "https://shop.example/?from=landing-query-1",
    });
    talk.secrets.keep("landing-query-1");
    assert_eq!(talk.event(&shop.key, &order).await, StatusCode::CREATED);
    let mut other = order.clone();
    other["value"] = json!("13");
    assert_eq!(talk.event(&shop.key, &other).await, StatusCode::CONFLICT);
    let wrong = json!({ "action": "wrong-action-1", "customer_id": "customer-4711" });
    assert_eq!(talk.event(&shop.key, &wrong).await, StatusCode::UNPROCESSABLE_ENTITY);
    talk.secrets.keep("wrong-action-1");
    let unknown = talk.secrets.keep("trb_live_0123456789abcdefghijklmnopqrstuv");
    assert_eq!(talk.event(&unknown, &order).await, StatusCode::UNAUTHORIZED);
    let signed = talk.client.post(talk.url("/api/v1/events")).header("X-API-KEY", &shop.key).json(&order);
    let signature = talk.secrets.keep("0123456789abcdef".repeat(4));
    let signed = signed.header("X-Signature", format!("t=1,v1={signature}"));
    assert_eq!(talk.send(signed).await.status(), StatusCode::UNAUTHORIZED);
    let keyed = talk.client.post(talk.url("/api/v1/events")).header("X-API-KEY", &shop.key);
    let keyed =
        keyed.header("Idempotency-Key", talk.secrets.keep("IDEMPOTENT-55")).json(&json!({ "action": "signup" }));
    assert_eq!(talk.send(keyed).await.status(), StatusCode::CREATED);
}

/// Links followed, with what a browser tells.
async fn shoppers(talk: &Talk, shop: &Shop) {
    let code = talk.secrets.keep(&shop.links[0]);
    for path in [format!("/r/{code}?utm_source=query-utm-1"), "/r/nosuchcode77".to_owned()] {
        let request = talk.client.get(talk.url(&path)).header("User-Agent", "Agent-Of-Anna/1.0");
        let _ = talk.send(request.header("Referer", "https://social.example/anna-page")).await;
    }
    for secret in ["query-utm-1", "nosuchcode77", "Agent-Of-Anna", "anna-page"] {
        talk.secrets.keep(secret);
    }
}

/// The database refuses what it should take: a server's error, by its request's id.
async fn failures(talk: &Talk, conn: &mut MySqlConnection) -> String {
    let token = talk.secrets.keep(talk.server.log_in().await);
    sqlx::raw_sql("RENAME TABLE ingest_failures TO elsewhere").execute(&mut *conn).await.unwrap();
    let request = talk.client.get(talk.url("/api/v1/ingest-failures?code=query-code-1")).bearer_auth(&token);
    let answer = talk.send(request).await;
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    talk.secrets.keep("query-code-1");
    sqlx::raw_sql("RENAME TABLE elsewhere TO ingest_failures").execute(conn).await.unwrap();
    answer.headers()["x-request-id"].to_str().unwrap().to_owned()
}
