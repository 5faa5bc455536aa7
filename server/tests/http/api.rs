//! A server for one test, and a client that speaks to it as admins and shops do.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use clap::Parser;
use model::account::LoggedIn;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, redirect::Policy};
use serde_json::{Value, json};
use server::{
    cli::{Cli, Command, ServeConfig},
    listeners::Listeners,
};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::databases::Database;

pub const EMAIL: &str = "admin@example.com";
pub const PASSWORD: &str = "correct horse battery";
pub const CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

pub struct Api {
    pub base: String,
    /// Where it speaks https, where it does.
    pub secure: Option<SocketAddr>,
    pub client: Client,
    pub token: String,
    /// The server's data; gone with the test.
    _folder: TempDir,
    database: Database,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<anyhow::Result<()>>,
}

/// A campaign that is ready to run, by its ids.
pub struct Running {
    pub advertiser: String,
    pub campaign: String,
    pub influencer: String,
    pub link: String,
    pub code: String,
    pub key: String,
}

impl Api {
    pub async fn start(database: Database) -> Self {
        Self::start_with(database, |config| config).await
    }

    pub async fn start_with(database: Database, change: impl FnOnce(ServeConfig) -> ServeConfig) -> Self {
        let mut api = Self::start_unreached(database, change).await;
        api.token = api.log_in().await.token;
        api
    }

    /// A server that nobody has logged in to.
    pub async fn start_unreached(database: Database, change: impl FnOnce(ServeConfig) -> ServeConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_site(&folder);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async {
            let _ = stopped.await;
        };
        let config = change(config(&folder, &database, addr));
        let listeners = if config.tls.is_on() {
            Listeners { main: TcpListener::bind("127.0.0.1:0").await.unwrap(), plain: Some(listener) }
        } else {
            listener.into()
        };
        let secure = listeners.plain.is_some().then(|| listeners.main.local_addr().unwrap());
        let server = tokio::spawn(server::run(config, listeners, shutdown));
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        Self {
            base: format!("http://{addr}"),
            secure,
            client,
            token: String::new(),
            _folder: folder,
            database,
            stop: Some(stop),
            server,
        }
    }

    /// Waits for the server, which opens its database first.
    async fn log_in(&self) -> LoggedIn {
        let answer = self.post_as("", "/api/v1/auth/login", json!({ "email": EMAIL, "password": PASSWORD })).await;
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.unwrap()
    }

    /// As SIGTERM does.
    pub fn tell_to_stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Stops the server, and says how it ended.
    pub async fn end(mut self) {
        self.tell_to_stop();
        self.server.await.unwrap().unwrap();
        self.database.remove().await;
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.url(path)).bearer_auth(&self.token)
    }

    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub async fn got(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.unwrap()
    }

    pub async fn post(&self, path: &str, body: Value) -> Response {
        self.request(Method::POST, path).json(&body).send().await.unwrap()
    }

    async fn post_as(&self, token: &str, path: &str, body: Value) -> Response {
        self.client.post(self.url(path)).bearer_auth(token).json(&body).send().await.unwrap()
    }

    /// As whoever the token belongs to; the admin's requests have functions of their own.
    pub async fn send(&self, token: &str, method: Method, path: &str, body: Value) -> Response {
        let request = self.client.request(method, self.url(path)).bearer_auth(token);
        let request = if body.is_null() { request } else { request.json(&body) };
        request.send().await.unwrap()
    }

    pub async fn patch(&self, path: &str, body: Value) -> Response {
        self.send(&self.token, Method::PATCH, path, body).await
    }

    pub async fn delete(&self, path: &str) -> Response {
        self.send(&self.token, Method::DELETE, path, Value::Null).await
    }

    /// An action without a body.
    pub async fn act(&self, path: &str) -> Response {
        self.send(&self.token, Method::POST, path, Value::Null).await
    }

    pub async fn acted(&self, path: &str) -> Value {
        let answer = self.act(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.unwrap()
    }

    /// Makes an account and logs in as it: the account, and its token.
    pub async fn account(&self, email: &str, rest: Value) -> (Value, String) {
        let mut body = json!({ "email": email, "password": PASSWORD });
        body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        let account = self.created("/api/v1/accounts", body).await;
        let answer = self.post_as("", "/api/v1/auth/login", json!({ "email": email, "password": PASSWORD })).await;
        let login: LoggedIn = answer.json().await.unwrap();
        (account, login.token)
    }

    /// Every page of a list, in order.
    pub async fn walked(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.got(&format!("{path}&cursor={cursor}")).await;
            items.extend(page["items"].as_array().unwrap().clone());
            match page["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => return items,
            }
        }
    }

    pub async fn created(&self, path: &str, body: Value) -> Value {
        let answer = self.post(path, body).await;
        assert_eq!(answer.status(), StatusCode::CREATED, "{path}");
        answer.json().await.unwrap()
    }

    /// The failures that are kept, newest first, once there are so many: they are written behind the answers.
    pub async fn failures(&self, count: usize) -> Vec<Value> {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let mut list = self.got("/api/v1/ingest-failures").await;
            let Value::Array(items) = list["items"].take() else { panic!("{list} is no list") };
            if items.len() >= count || Instant::now() > deadline {
                assert!(items.len() >= count, "{items:?}");
                return items;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn event(&self, key: &str, body: Value) -> Response {
        self.client.post(self.url("/api/v1/events")).header("X-API-KEY", key).json(&body).send().await.unwrap()
    }

    /// Follows a link as a shopper's browser does, up to the redirect.
    pub async fn follow(&self, code_and_query: &str) -> Response {
        let request = self.client.get(self.url(&format!("/r/{code_and_query}")));
        request.header("User-Agent", CHROME).header("Referer", "https://social.example/p/1").send().await.unwrap()
    }

    pub async fn running(&self) -> Running {
        self.running_with(json!({})).await
    }

    pub async fn running_with(&self, campaign: Value) -> Running {
        let id = |made: &Value| made["id"].as_str().unwrap().to_owned();
        let advertiser = id(&self.created("/api/v1/advertisers", json!({ "name": "Shop" })).await);
        let mut body = json!({ "advertiser_id": advertiser, "name": "Spring", "destination_url": "https://shop.example/p?x=1#top" });
        body.as_object_mut().unwrap().extend(campaign.as_object().unwrap().clone());
        let campaign = id(&self.created("/api/v1/campaigns", body).await);
        let influencer =
            id(&self.created("/api/v1/influencers", json!({ "name": "Anna", "email": "anna@social.example" })).await);
        let assign = self.request(Method::PUT, &format!("/api/v1/campaigns/{campaign}/influencers/{influencer}"));
        assert_eq!(assign.send().await.unwrap().status(), StatusCode::NO_CONTENT);
        let link = self.created("/api/v1/links", json!({ "campaign_id": campaign, "influencer_id": influencer })).await;
        let key =
            self.created(&format!("/api/v1/advertisers/{advertiser}/api-keys"), json!({ "name": "Backend" })).await;
        Running {
            code: link["code"].as_str().unwrap().to_owned(),
            key: key["key"].as_str().unwrap().to_owned(),
            link: id(&link),
            advertiser,
            campaign,
            influencer,
        }
    }

    /// Asks until a figure is as expected. The drain moves clicks several times a second, but gives way to all else on a
    /// busy machine: to tests, too.
    pub async fn wait_for(&self, path: &str, field: &str, expected: Value) -> Value {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let answer = self.got(path).await;
            if answer[field] == expected || Instant::now() > deadline {
                assert_eq!(answer[field], expected, "{field} of {path}");
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// As it is read from a command line: what a test does not name is what operators get.
fn config(folder: &TempDir, database: &Database, addr: SocketAddr) -> ServeConfig {
    let base = format!("http://{addr}");
    let flags = [
        ("--addr", addr.to_string()),
        ("--database-url", database.url(folder.path())),
        ("--data-dir", folder.path().display().to_string()),
        ("--public-url", base),
        ("--site-dir", folder.path().join("site").display().to_string()),
        ("--admin-email", EMAIL.to_owned()),
        ("--admin-password", PASSWORD.to_owned()),
        // Nobody is connected but the test, which knows.
        ("--linger-ms", "0".to_owned()),
    ];
    serve_config(flags.iter().flat_map(|(flag, value)| [*flag, value]))
}

pub fn serve_config<'a>(flags: impl Iterator<Item = &'a str>) -> ServeConfig {
    match Cli::parse_from(["tributary", "serve"].into_iter().chain(flags)).command {
        Command::Serve(config) => *config,
        _ => panic!("it serves"),
    }
}

/// What a page names, without the browser's half: these tests read HTML alone.
fn write_site(folder: &TempDir) {
    let site = folder.path().join("site");
    std::fs::create_dir_all(site.join("pkg")).unwrap();
    let manifest = json!({ "js": "pkg/t.js", "wasm": "pkg/t.wasm", "css": "pkg/t.css", "charts": "pkg/c.js" });
    std::fs::write(site.join("manifest.json"), manifest.to_string()).unwrap();
    std::fs::write(site.join("pkg/t.css"), "body{}").unwrap();
    std::fs::write(site.join("robots.txt"), "User-agent: *\nDisallow: /\n").unwrap();
}

/// Checks that an answer is a problem of this status and returns it.
pub async fn problem(answer: Response, status: StatusCode) -> Value {
    assert_eq!(answer.status(), status);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["status"], status.as_u16());
    assert_eq!(problem["request_id"], id);
    for field in ["type", "title", "detail"] {
        assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{field} of {problem}");
    }
    problem
}

/// One field of each item.
pub fn each<'a>(items: &'a [Value], field: &str) -> Vec<&'a str> {
    items.iter().map(|item| item[field].as_str().unwrap()).collect()
}

pub fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap()
}

pub fn wrong_fields(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect()
}
