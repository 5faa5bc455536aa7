//! The real binary, and what it says of itself.

use std::{
    fs::{self, OpenOptions},
    net::TcpListener,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use reqwest::{Client, Method, RequestBuilder, StatusCode, redirect::Policy};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::{MOST_WAIT, Shop, free_port, until, watch};

const EMAIL: &str = "admin@example.com";
const PASSWORD: &str = "correct horse battery";

pub struct Server {
    process: Child,
    folder: PathBuf,
    pub base: String,
    client: Client,
}

/// How a server is started, the first time and again.
#[derive(Clone, Debug)]
pub struct Start {
    pub folder: PathBuf,
    pub port: u16,
    /// None: SQLite in the folder.
    pub database_url: Option<String>,
    /// Nodes of one database share it. None: one of its own.
    pub secret: Option<PathBuf>,
    pub environment: Vec<(&'static str, String)>,
    /// Handed to each process, as systemd does. None: each opens its own.
    pub socket: Option<Arc<TcpListener>>,
}

impl Start {
    pub fn new(folder: &Path, database_url: Option<String>) -> Self {
        Self {
            folder: folder.into(),
            port: free_port(),
            database_url,
            secret: None,
            environment: Vec::new(),
            socket: None,
        }
    }

    /// The binary, with its standard input.
    fn command(&self) -> Command {
        // Another build may be put to the test than the one these tests were made with.
        let binary = std::env::var_os("TRIBUTARY_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_tributary").into());
        let Some(socket) = &self.socket else {
            let mut command = Command::new(binary);
            command.stdin(Stdio::null());
            return command;
        };
        // A shell makes it the descriptor that it has to be, and then becomes the server.
        let mut command = Command::new("sh");
        command
            .args(["-c", "export LISTEN_FDS=1 LISTEN_PID=$$; exec \"$0\" \"$@\" 3<&0 </dev/null"])
            .arg(binary)
            .stdin(OwnedFd::from(socket.try_clone().unwrap()));
        command
    }
}

impl Server {
    /// Starts the binary and waits until it serves.
    pub async fn start(start: &Start) -> Self {
        let client = Client::builder().redirect(Policy::none()).timeout(MOST_WAIT).build().unwrap();
        let server = Self {
            process: Self::spawn(start, "log"),
            folder: start.folder.clone(),
            base: format!("http://127.0.0.1:{}", start.port),
            client,
        };
        until("the server serves", async || server.status("/healthz").await == Some(StatusCode::OK)).await;
        server
    }

    /// The process alone, whatever becomes of it; what it says goes into a file of its folder.
    pub fn spawn(start: &Start, log: &str) -> Child {
        let site = start.folder.join("site");
        fs::create_dir_all(&site).unwrap();
        fs::write(site.join("manifest.json"), r#"{"js":"a","wasm":"b","css":"c","charts":"d"}"#).unwrap();
        let log = OpenOptions::new().create(true).append(true).open(start.folder.join(log)).unwrap();
        let mut command = start.command();
        command
            .args(["serve", "--log-format", "json", "--addr", &format!("127.0.0.1:{}", start.port)])
            .arg("--data-dir")
            .arg(start.folder.join("data"))
            .arg("--site-dir")
            .arg(&site)
            .env("TRIBUTARY_ADMIN_EMAIL", EMAIL)
            .env("TRIBUTARY_ADMIN_PASSWORD", PASSWORD)
            .envs(start.environment.iter().cloned())
            .stdout(Stdio::null())
            .stderr(log);
        if let Some(url) = &start.database_url {
            command.args(["--database-url", url]);
        }
        if let Some(secret) = &start.secret {
            command.arg("--secret-key-file").arg(secret);
        }
        command.spawn().unwrap()
    }

    /// What a process says that does not start.
    pub async fn refusal(start: &Start) -> String {
        let mut process = Self::spawn(start, "refused");
        let mut ended = None;
        until("it refuses to start", async || {
            ended = process.try_wait().unwrap();
            ended.is_some()
        })
        .await;
        assert_eq!(ended.unwrap().code(), Some(1));
        fs::read_to_string(start.folder.join("refused")).unwrap()
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// SIGTERM, and its end.
    pub fn end(&mut self) {
        kill_process(Pid::from_child(&self.process), Signal::TERM).unwrap();
        assert!(self.process.wait().unwrap().success(), "it ends well");
    }

    pub async fn get(&self, path: &str) -> reqwest::Result<reqwest::Response> {
        self.client.get(format!("{}{path}", self.base)).send().await
    }

    pub async fn status(&self, path: &str) -> Option<StatusCode> {
        self.get(path).await.ok().map(|answer| answer.status())
    }

    pub async fn is_ready(&self) -> bool {
        self.status("/readyz").await == Some(StatusCode::OK)
    }

    pub async fn log_in(&self) -> String {
        let body = json!({ "email": EMAIL, "password": PASSWORD });
        self.post("", "auth/login", body).await["token"].as_str().unwrap().to_owned()
    }

    pub async fn post(&self, token: &str, path: &str, body: Value) -> Value {
        let url = format!("{}/api/v1/{path}", self.base);
        let answer = self.client.post(url).bearer_auth(token).json(&body).send().await.unwrap();
        answer.error_for_status().unwrap().json().await.unwrap()
    }

    /// Whatever is answered; null where that is no JSON.
    pub async fn ask(&self, method: Method, path: &str, token: &str, body: Value) -> (StatusCode, Value) {
        let mut request = self.client.request(method, format!("{}/api/v1/{path}", self.base));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        told(request).await
    }

    pub async fn shop_sends(&self, key: &str, path: &str, body: &Value) -> (StatusCode, Value) {
        told(self.client.post(format!("{}/api/v1/{path}", self.base)).header("X-API-KEY", key).json(body)).await
    }

    pub async fn put(&self, token: &str, path: &str) {
        let url = format!("{}/api/v1/{path}", self.base);
        self.client.put(url).bearer_auth(token).send().await.unwrap().error_for_status().unwrap();
    }

    /// A campaign with one link; its redirects tell the click's id. Returns the link's code and an API key.
    pub async fn set_up(&self) -> (String, String) {
        let token = self.log_in().await;
        let advertiser = self.post(&token, "advertisers", json!({ "name": "Shop" })).await;
        let campaign = json!({
            "advertiser_id": advertiser["id"], "name": "Spring", "destination_url": "https://shop.example/",
            "append_click_id": true,
        });
        let campaign = self.post(&token, "campaigns", campaign).await;
        let link = self.post(&token, "links", json!({ "campaign_id": campaign["id"] })).await;
        let keys = format!("advertisers/{}/api-keys", advertiser["id"].as_str().unwrap());
        let key = self.post(&token, &keys, json!({ "name": "Backend" })).await;
        (link["code"].as_str().unwrap().to_owned(), key["key"].as_str().unwrap().to_owned())
    }

    /// None where it does not answer, or not with 200.
    pub async fn diagnostics(&self, token: &str) -> Option<Value> {
        let request = self.client.get(format!("{}/api/v1/diagnostics", self.base)).bearer_auth(token);
        let answer = request.send().await.ok()?.error_for_status().ok()?;
        answer.json().await.ok()
    }

    /// How often a message stands in the log, at a level.
    pub fn said(&self, level: &str, message: &str) -> usize {
        let log = fs::read_to_string(self.folder.join("log")).unwrap();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let is_it = |line: &Value| {
            line["level"] == level && line["message"].as_str().is_some_and(|text| text.contains(message))
        };
        lines.filter(is_it).count()
    }

    /// What one event, by its `event_id`, is answered.
    pub async fn event(&self, shop: &Shop, id: &str) -> StatusCode {
        let body = json!({ "action": "custom", "event_id": id });
        let request = self.client.post(format!("{}/api/v1/events", self.base)).header("X-API-KEY", &shop.key);
        request.json(&body).send().await.unwrap().status()
    }

    /// Of its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it holds of the machine's memory.
    pub fn memory_kb(&self) -> u64 {
        watch::memory_kb(self.id())
    }

    pub fn descriptors(&self) -> usize {
        watch::descriptors(self.id())
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap()
    }
}

async fn told(request: RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status();
    (status, answer.json().await.unwrap_or_default())
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
