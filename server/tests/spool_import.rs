//! A node that was killed and never comes back: its click log is imported while another node serves.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use reqwest::{Client, StatusCode, redirect::Policy};
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

const EMAIL: &str = "admin@example.com";
const PASSWORD: &str = "correct horse battery";

struct Node {
    process: Child,
    base: String,
    data: PathBuf,
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One database and one secret for all.
fn tributary(folder: &Path, command: &[&str], data: &Path) -> Command {
    let mut process = Command::new(env!("CARGO_BIN_EXE_tributary"));
    process
        .args(command)
        .arg("--data-dir")
        .arg(data)
        .arg(format!("--database-url=sqlite://{}", folder.join("shared.db").display()))
        .arg("--secret-key-file")
        .arg(folder.join("secret.key"))
        .args(["--log", "error"]);
    process
}

async fn start(folder: &Path, name: &str) -> Node {
    let site = folder.join("site");
    std::fs::create_dir_all(&site).unwrap();
    std::fs::write(site.join("manifest.json"), r#"{"js":"a","wasm":"b","css":"c","charts":"d"}"#).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let data = folder.join(name);
    let process = tributary(folder, &["serve", "--addr", &format!("127.0.0.1:{port}")], &data)
        .arg("--site-dir")
        .arg(&site)
        .env("TRIBUTARY_ADMIN_EMAIL", EMAIL)
        .env("TRIBUTARY_ADMIN_PASSWORD", PASSWORD)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let node = Node { process, base: format!("http://127.0.0.1:{port}"), data };
    let deadline = Instant::now() + Duration::from_secs(20);
    while Client::new().get(format!("{}/readyz", node.base)).send().await.map(|it| it.status()).ok()
        != Some(StatusCode::OK)
    {
        assert!(Instant::now() < deadline, "the server does not come up");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    node
}

async fn import(folder: &Path, log: &Path) -> Output {
    let mut command = tributary(folder, &["spool", "import"], &folder.join("nobody"));
    command.arg(log);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_of_a_killed_node_is_imported_while_another_serves_and_every_answered_click_is_counted_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let living = start(folder, "living").await;
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let made = async |token: &str, path: &str, body: Value| {
        let request = client.post(format!("{}/api/v1/{path}", living.base)).bearer_auth(token).json(&body);
        request.send().await.unwrap().error_for_status().unwrap().json::<Value>().await.unwrap()
    };
    let login = made("", "auth/login", json!({ "email": EMAIL, "password": PASSWORD })).await;
    let token = login["token"].as_str().unwrap();
    let advertiser = made(token, "advertisers", json!({ "name": "Shop" })).await;
    let campaign =
        json!({ "advertiser_id": advertiser["id"], "name": "Spring", "destination_url": "https://shop.example/" });
    let campaign = made(token, "campaigns", campaign).await;
    let link = made(token, "links", json!({ "campaign_id": campaign["id"] })).await;
    let code = link["code"].as_str().unwrap();
    let mut dying = start(folder, "dying").await;

    let follow = async |node: &Node| {
        let request = client.get(format!("{}/r/{code}", node.base)).header("User-Agent", "Mozilla/5.0 Chrome/131.0");
        assert_eq!(request.send().await.unwrap().status(), StatusCode::FOUND);
    };
    let mut answered = 0;
    for _ in 0..300 {
        follow(&dying).await;
        answered += 1;
    }
    let running = import(folder, &dying.data).await;
    assert!(!running.status.success() && said(&running).contains("another process"), "{}", said(&running));
    // From here on the database takes nothing: these wait in the log when the node is killed.
    let url = format!("sqlite://{}", folder.join("shared.db").display());
    let mut lock = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut lock).await.unwrap();
    for _ in 0..300 {
        follow(&dying).await;
        answered += 1;
    }
    dying.process.kill().unwrap();
    dying.process.wait().unwrap();
    sqlx::raw_sql("ROLLBACK").execute(&mut lock).await.unwrap();

    let (imported, ()) = tokio::join!(import(folder, &dying.data), async {
        for _ in 0..100 {
            follow(&living).await;
        }
    });
    answered += 100;
    assert!(imported.status.success() && said(&imported).contains(" clicks read: "), "{}", said(&imported));
    let again = import(folder, &dying.data.join("clicks")).await;
    assert!(again.status.success() && said(&again).contains("Nothing to import"), "{}", said(&again));
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let overview = client.get(format!("{}/api/v1/stats/overview", living.base)).bearer_auth(token);
        let overview: Value = overview.send().await.unwrap().json().await.unwrap();
        if overview["clicks"] == answered {
            break;
        }
        assert!(Instant::now() < deadline, "{}: of {answered}; {}", overview["clicks"], said(&imported));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let none = import(folder, &folder.join("living-not")).await;
    assert!(!none.status.success() && said(&none).contains("there is no folder"), "{}", said(&none));
    assert!(!folder.join("nobody").exists(), "an import makes no data folder");
}
