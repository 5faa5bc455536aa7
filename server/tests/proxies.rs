//! The real binary behind nginx, and behind Caddy, as `deploy/` configures them: https from outside, whose address it is,
//! and a node that is gone.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

const MOST_WAIT: Duration = Duration::from_secs(20);
const HOST: &str = "go.example.com";
const PASSWORD: &str = "correct horse battery";

/// A process that ends with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A node, and what stands before it.
struct Site {
    folder: TempDir,
    node: u16,
    https: u16,
    http: u16,
    running: Vec<Running>,
}

impl Site {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [node, https, http] = [(); 3].map(|()| free_port());
        fs::create_dir(folder.path().join("site")).unwrap();
        fs::write(folder.path().join("site/manifest.json"), r#"{"js":"a","wasm":"b","css":"c","charts":"d"}"#).unwrap();
        let mut serve = Command::new(env!("CARGO_BIN_EXE_tributary"));
        serve
            .args(["serve", "--log", "warn", "--addr", &format!("127.0.0.1:{node}"), "--trusted-proxies", "loopback"])
            .args(["--public-url", &format!("https://{HOST}:{https}"), "--ip-storage", "full"])
            .args(["--admin-email", "admin@example.com", "--admin-password", PASSWORD])
            .args([Path::new("--data-dir"), &folder.path().join("data")])
            .args([Path::new("--site-dir"), &folder.path().join("site")]);
        let running = vec![Running(serve.stdin(Stdio::null()).spawn().unwrap())];
        let site = Self { folder, node, https, http, running };
        until(|| site.node_answers("/readyz"));
        site
    }

    fn node_answers(&self, path: &str) -> bool {
        let url = format!("http://127.0.0.1:{}{path}", self.node);
        Command::new("curl").args(["-sf", "-o", "/dev/null", &url]).status().unwrap().success()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A configuration of `deploy/`, its ports and files replaced by the test's.
    fn configure(&self, file: &str, changes: &[(&str, &str)]) -> String {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(file);
        let mut text = fs::read_to_string(file).unwrap();
        for (from, to) in changes {
            assert!(text.contains(from), "deploy's file says {from}");
            text = text.replace(from, to);
        }
        text
    }

    fn curl(&self, path: &str, more: &[&str]) -> Answer {
        self.fetch(&format!("https://{HOST}:{}{path}", self.https), more)
    }

    fn fetch(&self, url: &str, more: &[&str]) -> Answer {
        let resolve = |port: u16| format!("{HOST}:{port}:127.0.0.1");
        let output = Command::new("curl")
            .args(["-s", "-i", "--max-time", "10", "--insecure"])
            .args(["--resolve", &resolve(self.https), "--resolve", &resolve(self.http)])
            .args(more)
            .arg(url)
            .output()
            .expect("curl is there: scripts/ensure-apt.sh curl=curl");
        Answer::read(&output)
    }

    fn post(&self, path: &str, header: &str, body: &Value) -> Value {
        let body = body.to_string();
        let answer = self.curl(path, &["-H", "Content-Type: application/json", "-H", header, "-d", &body]);
        assert!((200..300).contains(&answer.status), "{path}: {} {}", answer.status, answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// What an operator, shoppers and a shop do, from outside.
    async fn works(&self, proxy: &str) {
        until(|| self.curl("/healthz", &[]).status == 200);
        let login = json!({ "email": "admin@example.com", "password": PASSWORD });
        let told = self.post("/api/v1/auth/login", "Accept: */*", &login);
        let token = format!("Authorization: Bearer {}", told["token"].as_str().unwrap());
        let make = |path: &str, body: Value| self.post(&format!("/api/v1/{path}"), &token, &body);
        let shop = make("advertisers", json!({ "name": "Shop" }));
        let campaign =
            json!({ "advertiser_id": shop["id"], "name": "Spring", "destination_url": "https://shop.example/" });
        let campaign = make("campaigns", campaign);
        let link = make("links", json!({ "campaign_id": campaign["id"] }));
        let url = link["url"].as_str().unwrap();
        assert!(url.starts_with(&format!("https://{HOST}:{}/r/", self.https)), "{url}");

        // Whoever says that he is somebody else is recorded as who he is.
        let lies =
            ["-H", "X-Forwarded-For: 198.51.100.7", "-H", "Forwarded: for=198.51.100.8", "--interface", "127.0.0.9"];
        let followed = self.fetch(url, &lies);
        assert_eq!(followed.status, 302, "{}", followed.head);
        assert!(
            followed.head.to_lowercase().contains("\nlocation: https://shop.example/?ref_code="),
            "{}",
            followed.head
        );
        let database = format!("sqlite://{}", self.path("data/tributary.db").display());
        let mut conn = SqliteConnection::connect(&database).await.unwrap();
        let begun = Instant::now();
        let ips = loop {
            let ips: Vec<String> = sqlx::query_scalar("SELECT ip FROM clicks").fetch_all(&mut conn).await.unwrap();
            if !ips.is_empty() || begun.elapsed() > MOST_WAIT {
                break ips;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert_eq!(ips, ["127.0.0.9"], "{proxy} says whose click it is");

        // The largest batch passes, and more is refused in the API's own words.
        let keys = format!("advertisers/{}/api-keys", shop["id"].as_str().unwrap());
        let key = format!("X-API-KEY: {}", make(&keys, json!({ "name": "Backend" }))["key"].as_str().unwrap());
        let batch = self.path("batch.json");
        for (padding, status) in [(900, 200), (1_100, 413)] {
            let event = json!({ "action": "custom", "name": "x", "properties": { "padding": "x".repeat(padding) } });
            fs::write(&batch, json!({ "events": vec![event; 1000] }).to_string()).unwrap();
            let file = format!("@{}", batch.display());
            let json = "Content-Type: application/json";
            let answer = self.curl("/api/v1/events/batch", &["-H", json, "-H", &key, "--data-binary", &file]);
            assert_eq!(answer.status, status, "{padding}: {}", answer.head);
            assert!(status == 200 || answer.head.contains("application/problem+json"), "{}", answer.head);
        }

        // In the clear nothing is given away: pages and links lead to https, calls are refused by the node itself.
        let plain = |path: &str, more: &[&str]| self.fetch(&format!("http://{HOST}:{}{path}", self.http), more);
        let followed = url.split_once("/r/").unwrap().1;
        for (path, status) in [("/login".to_owned(), 308), (format!("/r/{followed}"), 307)] {
            let answer = plain(&path, &[]);
            let location = format!("\nlocation: https://{HOST}:{}{path}\n", self.https);
            assert!(
                answer.status == status
                    && format!("{}\n", answer.head.to_lowercase()).contains(&location.to_lowercase()),
                "{path}: {}",
                answer.head
            );
        }
        let refused = plain("/api/v1/events", &["-H", &key, "-H", "Content-Type: application/json", "-d", "{}"]);
        assert_eq!(refused.status, 403, "{proxy}: {}", refused.head);
        assert!(refused.body.contains("https-required"), "{}", refused.body);
    }
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    /// The last answer; before it may stand `100 Continue`.
    fn read(output: &Output) -> Self {
        let text = String::from_utf8_lossy(&output.stdout).replace('\r', "");
        let mut rest = text.as_str();
        let (head, body) = loop {
            let (head, body) = rest.split_once("\n\n").unwrap_or((rest, ""));
            if !head.contains(" 100 ") || body.is_empty() {
                break (head, body);
            }
            rest = body;
        };
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn until(mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < MOST_WAIT, "it does not come to that");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn certificate(site: &Site) {
    run(Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"])
        .args(["-subj", &format!("/CN={HOST}"), "-addext", &format!("subjectAltName=DNS:{HOST}")])
        .args([Path::new("-keyout"), &site.path("key"), Path::new("-out"), &site.path("certificate")]));
}

#[tokio::test]
async fn behind_nginx_as_deploy_configures_it_shoppers_and_shops_are_served_and_told_apart() {
    let mut site = Site::start();
    certificate(&site);
    let text = |path: PathBuf| path.display().to_string();
    let server = site.configure(
        "nginx.conf",
        &[
            ("127.0.0.1:3000", &format!("127.0.0.1:{}", site.node)),
            ("    listen 443 ssl http2;\n", &format!("    listen 127.0.0.1:{} ssl http2;\n", site.https)),
            ("    listen [::]:443 ssl http2;\n", ""),
            ("    listen 80;\n", &format!("    listen 127.0.0.1:{};\n", site.http)),
            ("    listen [::]:80;\n", ""),
            ("/etc/letsencrypt/live/go.example.com/fullchain.pem", &text(site.path("certificate"))),
            ("/etc/letsencrypt/live/go.example.com/privkey.pem", &text(site.path("key"))),
        ],
    );
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {};", text(site.path(name))))
        .join(" ");
    let user = String::from_utf8(run(Command::new("id").arg("-un")).stdout).unwrap();
    let user = if user.trim() == "root" { "user root;" } else { "" };
    let whole = format!(
        "daemon off; master_process off; {user} pid {}; error_log stderr warn; events {{}}\nhttp {{ access_log off; {temporary}\n{server}\n}}\n",
        text(site.path("nginx.pid"))
    );
    fs::write(site.path("nginx.conf"), whole).unwrap();
    let nginx = || {
        let mut nginx = Command::new(if Path::new("/usr/sbin/nginx").exists() { "/usr/sbin/nginx" } else { "nginx" });
        nginx.args([Path::new("-c"), &site.path("nginx.conf"), Path::new("-p"), site.folder.path()]);
        nginx
    };
    run(nginx().arg("-t"));
    // One process, which ends with the test: a worker would outlive a master that is killed.
    let running = Running(nginx().stdin(Stdio::null()).spawn().unwrap());
    site.running.insert(0, running);
    site.works("nginx").await;
    site.ends_without_its_node();
}

#[tokio::test]
#[ignore = "needs Caddy: make check-deploy"]
async fn behind_caddy_as_deploy_configures_it_shoppers_and_shops_are_served_and_told_apart() {
    let mut site = Site::start();
    let whole = site.configure(
        "Caddyfile",
        &[
            ("127.0.0.1:3000", &format!("127.0.0.1:{}", site.node)),
            (
                "http://go.example.com, https://go.example.com {\n",
                &format!("http://go.example.com:{}, https://go.example.com:{} {{\n", site.http, site.https),
            ),
        ],
    );
    // Its own authority signs, and is trusted by nobody else.
    let options =
        format!("admin off\nlocal_certs\nskip_install_trust\nhttp_port {}\nhttps_port {}", site.http, site.https);
    let whole = format!("{{\n{options}\n}}\n{whole}");
    fs::write(site.path("Caddyfile"), whole).unwrap();
    let mut caddy = Command::new("caddy");
    caddy.args(["run", "--adapter", "caddyfile", "--config"]).arg(site.path("Caddyfile"));
    caddy.env("HOME", site.folder.path()).env("XDG_DATA_HOME", site.folder.path()).stdin(Stdio::null());
    let running = Running(caddy.stderr(fs::File::create(site.path("caddy.log")).unwrap()).spawn().unwrap());
    site.running.insert(0, running);
    site.works("Caddy").await;
    site.ends_without_its_node();
}

impl Site {
    /// A proxy says so at once, and goes on.
    fn ends_without_its_node(&mut self) {
        drop(self.running.pop());
        let begun = Instant::now();
        let answer = self.curl("/healthz", &[]);
        assert!([502, 503].contains(&answer.status), "{}", answer.head);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}
