//! A backup taken while shoppers and shops come, everything after it destroyed, and put back: clicks are caught up from
//! the log, events are what they were at the backup, and figures are what both come to.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::{
    collections::BTreeSet,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::{Client, StatusCode, redirect::Policy};
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

const EMAIL: &str = "admin@example.com";
const PASSWORD: &str = "correct horse battery";

fn tributary(data: &Path, command: &[&str]) -> Command {
    let mut process = Command::new(env!("CARGO_BIN_EXE_tributary"));
    process.args(command).arg("--data-dir").arg(data).args(["--log", "error"]);
    process
}

async fn run(data: &Path, command: &[&str]) -> Output {
    let mut process = tributary(data, command);
    tokio::task::spawn_blocking(move || process.output().unwrap()).await.unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

struct Server {
    process: Child,
    base: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn start(data: &Path) -> Server {
    let site = data.parent().unwrap().join("site");
    std::fs::create_dir_all(&site).unwrap();
    std::fs::write(site.join("manifest.json"), r#"{"js":"a","wasm":"b","css":"c","charts":"d"}"#).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let process = tributary(data, &["serve", "--addr", &format!("127.0.0.1:{port}")])
        .arg("--site-dir")
        .arg(&site)
        .env("TRIBUTARY_ADMIN_EMAIL", EMAIL)
        .env("TRIBUTARY_ADMIN_PASSWORD", PASSWORD)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let server = Server { process, base: format!("http://127.0.0.1:{port}") };
    let deadline = Instant::now() + Duration::from_secs(30);
    while Client::new().get(format!("{}/readyz", server.base)).send().await.map(|it| it.status()).ok()
        != Some(StatusCode::OK)
    {
        assert!(Instant::now() < deadline, "the server does not come up");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server
}

/// What shoppers and shops were answered.
#[derive(Default)]
struct Answered {
    clicks: AtomicU64,
    orders: Mutex<BTreeSet<String>>,
    slowest_micros: AtomicU64,
}

struct Shop {
    base: String,
    token: String,
    key: String,
    code: String,
    client: Client,
}

impl Shop {
    async fn open(server: &Server) -> Self {
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        let base = server.base.clone();
        let made = async |token: &str, path: &str, body: Value| {
            let request = client.post(format!("{base}/api/v1/{path}")).bearer_auth(token).json(&body);
            request.send().await.unwrap().error_for_status().unwrap().json::<Value>().await.unwrap()
        };
        let text = |value: &Value, field: &str| value[field].as_str().unwrap().to_owned();
        let login = made("", "auth/login", json!({ "email": EMAIL, "password": PASSWORD })).await;
        let token = text(&login, "token");
        let advertiser = text(&made(&token, "advertisers", json!({ "name": "Shop" })).await, "id");
        let campaign =
            json!({ "advertiser_id": advertiser, "name": "Spring", "destination_url": "https://shop.example/" });
        let campaign = text(&made(&token, "campaigns", campaign).await, "id");
        let code = text(&made(&token, "links", json!({ "campaign_id": campaign })).await, "code");
        let key =
            text(&made(&token, &format!("advertisers/{advertiser}/api-keys"), json!({ "name": "Shop" })).await, "key");
        Self { base, token, key, code, client }
    }

    /// Clicks and orders, until told to stop. Every answer is what it must be, whatever else happens meanwhile.
    async fn busy(self: Arc<Self>, number: usize, answered: Arc<Answered>, stop: Arc<AtomicBool>) {
        let mut count = 0;
        while !stop.load(Ordering::Relaxed) {
            count += 1;
            let begun = Instant::now();
            let click = self
                .client
                .get(format!("{}/r/{}", self.base, self.code))
                .header("User-Agent", "Mozilla/5.0 Chrome/131.0");
            assert_eq!(click.send().await.unwrap().status(), StatusCode::FOUND);
            answered.clicks.fetch_add(1, Ordering::Relaxed);
            let order = format!("{number}-{count}");
            let body = json!({ "action": "purchase", "event_id": order, "value": "10.01", "ref_code": self.code });
            let event =
                self.client.post(format!("{}/api/v1/events", self.base)).header("X-API-KEY", &self.key).json(&body);
            assert_eq!(event.send().await.unwrap().status(), StatusCode::CREATED);
            answered.orders.lock().unwrap().insert(order);
            let took = u64::try_from(begun.elapsed().as_micros()).unwrap();
            answered.slowest_micros.fetch_max(took, Ordering::Relaxed);
        }
    }

    async fn figures(&self, server: &Server) -> Value {
        let request =
            self.client.get(format!("{}/api/v1/stats/overview?range=all", server.base)).bearer_auth(&self.token);
        request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }
}

async fn orders_in(file: &Path) -> BTreeSet<String> {
    let mut conn = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    let rows: Vec<(String,)> = sqlx::query_as("SELECT event_id FROM events").fetch_all(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    rows.into_iter().map(|(order,)| order).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_is_put_back_and_clicks_are_caught_up_from_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let data: &Path = &folder.path().join("data");
    let target: PathBuf = folder.path().join("backup.db");
    let mut server = start(data).await;
    let shop = Arc::new(Shop::open(&server).await);
    let (answered, stop) = (Arc::new(Answered::default()), Arc::new(AtomicBool::new(false)));
    let busy: Vec<_> = (0..4)
        .map(|number| tokio::spawn(Arc::clone(&shop).busy(number, Arc::clone(&answered), Arc::clone(&stop))))
        .collect();
    let wait_for = async |orders: usize| {
        let deadline = Instant::now() + Duration::from_secs(60);
        while answered.orders.lock().unwrap().len() < orders {
            assert!(Instant::now() < deadline);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    wait_for(300).await;
    let before = answered.orders.lock().unwrap().clone();
    let done = run(data, &["backup", target.to_str().unwrap()]).await;
    let after = answered.orders.lock().unwrap().clone();
    assert!(done.status.success() && said(&done).contains("nothing is damaged"), "{}", said(&done));
    assert!(said(&done).contains("secret.key"), "{}", said(&done));
    assert_eq!(std::fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    let again = run(data, &["backup", target.to_str().unwrap()]).await;
    assert!(!again.status.success() && said(&again).contains("there already"), "{}", said(&again));
    wait_for(after.len() + 300).await;
    stop.store(true, Ordering::Relaxed);
    for one in busy {
        one.await.unwrap();
    }
    let held = orders_in(&target).await;
    assert!(before.is_subset(&held), "what was answered before the backup is in it");
    assert!(held.len() < answered.orders.lock().unwrap().len(), "it ends before what came later");

    // Everything but the data folder's logs and its secret is lost.
    let restore = ["restore", target.to_str().unwrap()];
    let running = run(data, &[&restore[..], &["--force"]].concat()).await;
    assert!(!running.status.success() && said(&running).contains("stop the server first"), "{}", said(&running));
    server.process.kill().unwrap();
    server.process.wait().unwrap();
    let there = run(data, &restore).await;
    assert!(!there.status.success() && said(&there).contains("--force"), "{}", said(&there));
    // The log that a killed server left stays behind: it must not become the backup's.
    assert!(data.join("tributary.db-wal").exists());
    std::fs::remove_file(data.join("tributary.db")).unwrap();
    let secret = std::fs::read(data.join("secret.key")).unwrap();
    std::fs::remove_file(data.join("secret.key")).unwrap();
    let keyless = run(data, &restore).await;
    assert!(!keyless.status.success() && said(&keyless).contains("secret key file"), "{}", said(&keyless));
    std::fs::write(data.join("secret.key"), "11".repeat(32)).unwrap();
    let wrong = run(data, &restore).await;
    assert!(!wrong.status.success() && said(&wrong).contains("another secret key"), "{}", said(&wrong));
    std::fs::write(data.join("secret.key"), secret).unwrap();
    let done = run(data, &restore).await;
    assert!(done.status.success() && said(&done).contains("the next start takes them in"), "{}", said(&done));
    assert!(!data.join("tributary.db-wal").exists());

    let server = start(data).await;
    let clicks = answered.clicks.load(Ordering::Relaxed);
    let deadline = Instant::now() + Duration::from_secs(30);
    while shop.figures(&server).await["clicks"] != clicks {
        assert!(Instant::now() < deadline, "{} {clicks}", shop.figures(&server).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(shop.figures(&server).await["purchases"], held.len());
    let check = run(data, &["check", "--figures"]).await;
    assert!(check.status.success() && said(&check).contains("every sum is what"), "{}", said(&check));
    println!(
        "{clicks} clicks, {} orders of which the backup had {}; slowest click and order {} ms",
        answered.orders.lock().unwrap().len(),
        held.len(),
        answered.slowest_micros.load(Ordering::Relaxed) / 1000
    );
}

#[tokio::test]
async fn what_is_no_backup_is_refused_and_what_stood_there_is_kept_aside() {
    let folder = tempfile::tempdir().unwrap();
    let data: &Path = &folder.path().join("data");
    assert!(run(data, &["demo", "--clicks", "1000"]).await.status.success());
    let target = folder.path().join("backup.db");
    let target = target.to_str().unwrap();
    assert!(run(data, &["backup", target]).await.status.success());
    let broken = folder.path().join("broken.db");
    let mut bytes = std::fs::read(target).unwrap();
    bytes.truncate(bytes.len() / 2);
    std::fs::write(&broken, &bytes).unwrap();
    let other = folder.path().join("other.db");
    std::fs::write(&other, "not a database, but long enough to be read as one: ".repeat(100)).unwrap();
    for wrong in [&broken, &other, &folder.path().join("none.db"), &folder.path().to_owned()] {
        let refused = run(data, &["restore", wrong.to_str().unwrap(), "--force"]).await;
        assert!(!refused.status.success(), "{}", said(&refused));
        let check = run(data, &["check"]).await;
        assert!(check.status.success() && said(&check).contains("1000 clicks"), "{}", said(&check));
    }
    // Somebody else has it open, though no server holds the folder.
    let file = data.join("tributary.db");
    let mut reader = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    sqlx::raw_sql("SELECT COUNT(*) FROM clicks").execute(&mut reader).await.unwrap();
    let refused = run(data, &["restore", target, "--force"]).await;
    assert!(!refused.status.success() && said(&refused).contains("has the database open"), "{}", said(&refused));
    reader.close().await.unwrap();
    std::fs::write(&file, "what a failing disk has left").unwrap();
    let done = run(data, &["restore", target, "--force"]).await;
    assert!(done.status.success() && said(&done).contains("stood there before"), "{}", said(&done));
    let kept: Vec<_> =
        std::fs::read_dir(data).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    assert!(kept.iter().any(|name| name.starts_with("tributary.db.replaced-")), "{kept:?}");
    assert!(!kept.iter().any(|name| name.ends_with(".partial")), "{kept:?}");
    let check = run(data, &["check", "--figures"]).await;
    assert!(check.status.success(), "{}", said(&check));
}

#[tokio::test]
async fn mysqls_own_tools_are_named_and_no_password_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let url = "--database-url=mysql://shop:s3cret@db.example:3307/tributary";
    let refused = run(folder.path(), &["backup", "/tmp/nothing.db", url]).await;
    let text = said(&refused);
    assert!(!refused.status.success());
    assert!(text.contains("mysqldump --single-transaction --quick --hex-blob"), "{text}");
    assert!(text.contains("--host=db.example --port=3307 --user=shop --password tributary"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
}
