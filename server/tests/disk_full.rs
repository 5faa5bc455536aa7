//! A full disk: shoppers are sent on, shops are told, and once there is room again everything works.
//!
//! A limit on the size of files (`ulimit -f`) stands for the full disk: writes fail in the same places.

use std::{
    os::unix::process::ExitStatusExt,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use reqwest::{Client, StatusCode, redirect::Policy};
use serde_json::{Value, json};

const EMAIL: &str = "admin@example.com";
const PASSWORD: &str = "correct horse battery";
/// In blocks of 1 KiB.
const LIMIT: u32 = 1024;

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn clicks_are_answered_events_are_refused_and_both_recover() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    std::fs::create_dir_all(&site).unwrap();
    std::fs::write(site.join("manifest.json"), r#"{"js":"a","wasm":"b","css":"c","charts":"d"}"#).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let base = format!("http://127.0.0.1:{port}");
    // The signal that a breach sends is ignored, as a full disk sends none; the limit is a soft one.
    let script = format!(
        "trap '' XFSZ; ulimit -S -f {}; exec \"$0\" serve --addr 127.0.0.1:{port} --log off --data-dir \"$1\" --site-dir \"$2\"",
        LIMIT * 2
    );
    let process = Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_tributary")])
        .arg(folder.path().join("data"))
        .arg(&site)
        .env("TRIBUTARY_ADMIN_EMAIL", EMAIL)
        .env("TRIBUTARY_ADMIN_PASSWORD", PASSWORD)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut server = Server(process);
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while client.get(format!("{base}/healthz")).send().await.is_err() {
        assert!(Instant::now() < deadline, "the server does not come up");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let post = |token: &str, path: &str, body: Value| {
        client.post(format!("{base}/api/v1/{path}")).bearer_auth(token).header("X-API-KEY", token).json(&body).send()
    };
    let made = async |token: &str, path: &str, body: Value| {
        post(token, path, body).await.unwrap().error_for_status().unwrap().json::<Value>().await.unwrap()
    };
    let login = made("", "auth/login", json!({ "email": EMAIL, "password": PASSWORD })).await;
    let token = login["token"].as_str().unwrap().to_owned();
    let advertiser = made(&token, "advertisers", json!({ "name": "Shop" })).await;
    let campaign =
        json!({ "advertiser_id": advertiser["id"], "name": "Spring", "destination_url": "https://shop.example/" });
    let campaign = made(&token, "campaigns", campaign).await;
    let link = made(&token, "links", json!({ "campaign_id": campaign["id"] })).await;
    let keys = format!("advertisers/{}/api-keys", advertiser["id"].as_str().unwrap());
    let key = made(&token, &keys, json!({ "name": "Backend" })).await["key"].as_str().unwrap().to_owned();

    let agent = format!("Mozilla/5.0 {}", "x".repeat(480));
    let follow = || {
        let url = format!("{base}/r/{}", link["code"].as_str().unwrap());
        client
            .get(url)
            .header("User-Agent", &agent)
            .header("Referer", format!("https://s.example/{}", "y".repeat(900)))
            .send()
    };
    let diagnostics = async || {
        let answer = client.get(format!("{base}/api/v1/diagnostics")).bearer_auth(&token).send().await.unwrap();
        answer.json::<Value>().await.unwrap()
    };
    // Until nothing more can be written: every single click is answered all the same.
    let mut answered = 0;
    let mut refused = 0;
    let mut recorded = Vec::new();
    while (diagnostics().await["spool"]["clicks_lost"] == 0 || refused == 0) && answered < 20_000 {
        for _ in 0..20 {
            assert_eq!(follow().await.unwrap().status(), StatusCode::FOUND);
            answered += 1;
        }
        let id = format!("A-{answered}");
        let event = json!({ "action": "purchase", "event_id": id, "properties": { "note": "z".repeat(8000) } });
        match post(&key, "events", event).await.unwrap().status() {
            StatusCode::CREATED | StatusCode::ACCEPTED => recorded.push(id),
            StatusCode::SERVICE_UNAVAILABLE => refused += 1,
            other => panic!("{other}: neither recorded nor a clear refusal"),
        }
    }
    assert!(refused > 0, "the disk was never full for events");
    let lost = diagnostics().await["spool"]["clicks_lost"].as_i64().unwrap();
    assert!(lost > 0, "the disk was never full for clicks");
    assert!(server.0.try_wait().unwrap().is_none(), "the server has ended: {:?}", server.0.wait().unwrap().signal());

    // Room again: the soft limit is lifted from outside.
    let lifted =
        Command::new("prlimit").args(["--pid", &server.0.id().to_string(), "--fsize=unlimited"]).status().unwrap();
    assert!(lifted.success());
    let deadline = Instant::now() + Duration::from_secs(30);
    while diagnostics().await["queue"]["aside"] != 0 {
        assert!(Instant::now() < deadline, "{}", diagnostics().await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for id in &recorded {
        let event = json!({ "action": "purchase", "event_id": id, "properties": { "note": "z".repeat(8000) } });
        assert_eq!(post(&key, "events", event).await.unwrap().status(), StatusCode::OK, "{id} was answered and stands");
    }
    assert_eq!(follow().await.unwrap().status(), StatusCode::FOUND);
    answered += 1;
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let overview = client.get(format!("{base}/api/v1/stats/overview?include_bots=true")).bearer_auth(&token);
        let overview: Value = overview.send().await.unwrap().json().await.unwrap();
        let lost = diagnostics().await["spool"]["clicks_lost"].as_i64().unwrap();
        if overview["clicks"] == answered - lost {
            break;
        }
        assert!(Instant::now() < deadline, "{overview}: {answered} answered, {lost} lost");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
