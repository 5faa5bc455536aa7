//! Tributary as it is shipped: the release binary with a fresh data folder, set up over its own API.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::{
    process::{SERVER_CORE, Server, pinned},
    wait,
};

const EMAIL: &str = "bench@example.com";
const PASSWORD: &str = "a long password for a bench";

pub struct Tributary {
    pub server: Server,
    pub port: u16,
    client: Client,
    token: String,
}

/// What was set up to be measured.
#[derive(Clone, Debug)]
pub struct SetUp {
    pub code: String,
    pub api_key: String,
}

/// The release binary, built beside the bench.
pub fn binary() -> Result<PathBuf> {
    let binary = std::env::current_exe()?.with_file_name("tributary");
    ensure!(binary.exists(), "{} is missing: run `make build` first", binary.display());
    Ok(binary)
}

/// Starts it on one core; its files stay in `folder`, for the next start too.
pub fn spawn(folder: &Path, port: u16, database_url: Option<&str>) -> Result<Server> {
    fs::create_dir_all(folder)?;
    let mut command = pinned(SERVER_CORE, "KILL", binary()?);
    command.args([
        "serve",
        "--addr",
        &format!("127.0.0.1:{port}"),
        "--public-url",
        &format!("http://127.0.0.1:{port}"),
        // What is measured is how fast it is, not how fast one key or account may be.
        "--events-per-second",
        "0",
        "--requests-per-minute",
        "0",
    ]);
    command.arg("--data-dir").arg(folder.join("data")).arg("--site-dir").arg(site(folder)?);
    if let Some(url) = database_url {
        command.args(["--database-url", url]);
    }
    // Its defaults, not the caller's settings.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TRIBUTARY_")) {
        command.env_remove(name);
    }
    command.env("TRIBUTARY_ADMIN_EMAIL", EMAIL).env("TRIBUTARY_ADMIN_PASSWORD", PASSWORD);
    Server::start("tributary", command, &folder.join("output.log"))
}

/// Where its database is, in its folder.
pub fn database(folder: &Path) -> PathBuf {
    folder.join("data/tributary.db")
}

/// The built pages, or an empty stand-in: no page is asked for here.
fn site(folder: &Path) -> Result<PathBuf> {
    let built = std::env::current_dir()?.join("target/site");
    if built.join("manifest.json").exists() {
        return Ok(built);
    }
    let empty = folder.join("site");
    fs::create_dir_all(&empty)?;
    fs::write(empty.join("manifest.json"), r#"{"js":"","wasm":"","css":"","charts":""}"#)?;
    Ok(empty)
}

impl Tributary {
    /// Starts on what is in the folder; nobody is logged in yet.
    pub fn start(folder: &Path, database_url: Option<&str>) -> Result<Self> {
        let port = wait::free_port()?;
        let mut server = spawn(folder, port, database_url)?;
        wait::until_answered(&mut server, port, "/healthz", 200)?;
        // A connection that is kept may be closed at any moment by a server that stood still for long.
        let client = Client::builder().no_proxy().pool_max_idle_per_host(0).build()?;
        Ok(Self { server, port, client, token: String::new() })
    }

    pub async fn log_in(&mut self) -> Result<()> {
        let login = self.post("auth/login", json!({"email": EMAIL, "password": PASSWORD})).await?;
        self.token = text(&login, "token")?;
        Ok(())
    }

    /// Starts with an empty folder, logs in, and sets an advertiser, a campaign, an influencer's link and a key up.
    pub async fn fresh(folder: &Path) -> Result<(Self, SetUp)> {
        Self::fresh_on(folder, None).await
    }

    /// The same on another database than its own SQLite file.
    pub async fn fresh_on(folder: &Path, database_url: Option<&str>) -> Result<(Self, SetUp)> {
        let mut tributary = Self::start(folder, database_url)?;
        tributary.log_in().await?;
        let advertiser = text(&tributary.post("advertisers", json!({"name": "Bench"})).await?, "id")?;
        let campaign =
            json!({"advertiser_id": advertiser, "name": "Bench", "destination_url": crate::redirect::DESTINATION});
        let campaign = text(&tributary.post("campaigns", campaign).await?, "id")?;
        let influencer = text(&tributary.post("influencers", json!({"name": "Bench"})).await?, "id")?;
        tributary.call(Method::PUT, &format!("campaigns/{campaign}/influencers/{influencer}"), None).await?;
        let link = json!({"campaign_id": campaign, "influencer_id": influencer});
        let code = text(&tributary.post("links", link).await?, "code")?;
        let key = tributary.post(&format!("advertisers/{advertiser}/api-keys"), json!({"name": "Bench"})).await?;
        let api_key = text(&key, "key")?;
        Ok((tributary, SetUp { code, api_key }))
    }

    /// Of the admin's session.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Gives an influencer an account, and logs it in.
    pub async fn influencers_token(&self, influencer_id: &str) -> Result<String> {
        let email = format!("{influencer_id}@example.com");
        let account =
            json!({"email": email, "role": "influencer", "influencer_id": influencer_id, "password": PASSWORD});
        self.post("accounts", account).await?;
        text(&self.post("auth/login", json!({"email": email, "password": PASSWORD})).await?, "token")
    }

    /// A read of whose token this is.
    pub fn request_of(&self, token: &str, client: &Client, path: &str) -> reqwest::RequestBuilder {
        client.get(format!("http://127.0.0.1:{}/api/v1/{path}", self.port)).bearer_auth(token)
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value> {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let url = format!("http://127.0.0.1:{}/api/v1/{path}", self.port);
        let mut request = self.client.request(method.clone(), &url);
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = &body {
            request = request.json(body);
        }
        let answer = request.send().await.with_context(|| format!("{method} {path}"))?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "{method} {path} answered {status}: {text}");
        if text.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_str(&text)?) }
    }

    /// Waits until every click is in the database, and says how long that took.
    pub async fn drained(&self, most: Duration) -> Result<Duration> {
        let start = Instant::now();
        loop {
            let waiting = self.waiting_bytes().await?;
            if waiting == 0 {
                return Ok(start.elapsed());
            }
            if start.elapsed() > most {
                bail!("{waiting} bytes of clicks still wait after {} s", most.as_secs());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// How much of the click log is not in the database yet. Fails where clicks could not be written down.
    pub async fn waiting_bytes(&self) -> Result<u64> {
        let diagnostics = self.call(Method::GET, "diagnostics", None).await?;
        let spool = |name: &str| diagnostics["spool"][name].as_u64().with_context(|| format!("spool.{name}"));
        ensure!(spool("clicks_lost")? == 0, "clicks were lost: {diagnostics}");
        spool("waiting_bytes")
    }

    /// A figure of the whole installation, bots included.
    pub async fn figure(&self, name: &str) -> Result<u64> {
        let overview = self.call(Method::GET, "stats/overview?include_bots=true", None).await?;
        overview[name].as_u64().with_context(|| format!("{name} of {overview}"))
    }
}

fn text(value: &Value, field: &str) -> Result<String> {
    Ok(value[field].as_str().with_context(|| format!("no {field} in {value}"))?.to_owned())
}
