//! docs/advertiser-api.md: what it sends is sent to a server, and answered as it says.

use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::process::Command;
use uuid::Uuid;

use crate::{
    api::{Api, text},
    databases::Database,
};

const GUIDE: &str = include_str!("../../../docs/advertiser-api.md");
const FIRST_EVENT: &str = include_str!("../../../docs/examples/first-event.sh");

/// What stands in the guide for a link's code.
const CODE: &str = "Xk7mPq2RtZ";

/// The guide's shop: Anna has the coupon ANNA10, Ben a link; SPRING names nobody.
struct Shop {
    api: Api,
    key: String,
    code: String,
}

impl Shop {
    async fn open(events_per_second: u32, events_burst: u32) -> Self {
        let api = Api::start_with(Database::sqlite(), |config| server::cli::ServeConfig {
            events_per_second,
            events_burst,
            ..config
        })
        .await;
        let running = api.running().await;
        let anna = api.created("/api/v1/influencers", json!({ "name": "Anna" })).await;
        for coupon in [json!({ "code": "ANNA10", "influencer_id": anna["id"] }), json!({ "code": "SPRING" })] {
            let mut coupon = coupon;
            coupon["campaign_id"] = json!(running.campaign);
            api.created("/api/v1/coupons", coupon).await;
        }
        let secret = format!("/api/v1/advertisers/{}/signing-secret", running.advertiser);
        assert!(api.act(&secret).await.status().is_success());
        Self { api, key: running.key, code: running.code }
    }

    /// With this shop's address, key and code in place of the guide's.
    fn own(&self, text: &str) -> String {
        text.replace("https://tributary.example", &self.api.base)
            .replace("trb_live_…", &self.key)
            .replace(CODE, &self.code)
    }

    /// Sends a request as the guide writes it down.
    async fn send(&self, written: &str) -> Response {
        let (head, body) = written.split_once("\n\n").unwrap();
        let mut lines = head.lines();
        let (method, path) = lines.next().unwrap().split_once(' ').unwrap();
        let mut request = self.api.client.request(method.parse::<Method>().unwrap(), self.api.url(path));
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
            request = request.header(name, self.own(value).replace("t=1767225600", &format!("t={now}")));
        }
        request.body(self.own(body)).send().await.unwrap()
    }

    /// As it would stand in the guide: ids are all alike.
    fn told(&self, value: &Value) -> Value {
        match value {
            Value::String(text) if text.parse::<Uuid>().is_ok() => json!("an id"),
            Value::String(text) => json!(text.replace(&self.code, CODE)),
            Value::Array(items) => items.iter().map(|item| self.told(item)).collect(),
            Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), self.told(value))).collect(),
            other => other.clone(),
        }
    }

    async fn expect(&self, answer: Response, written: &str) {
        let (head, body) = written.split_once("\n\n").unwrap();
        let mut lines = head.lines();
        assert_eq!(lines.next().unwrap(), format!("HTTP/1.1 {}", answer.status()));
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            assert_eq!(answer.headers()[name], value, "{name}");
        }
        let expected: Value = serde_json::from_str(body).unwrap();
        assert_eq!(self.told(&answer.json().await.unwrap()), self.told(&expected));
    }
}

/// The blocks of code in this language, in order.
fn blocks(language: &str) -> Vec<&'static str> {
    let blocks = GUIDE.split("```").skip(1).step_by(2);
    blocks.filter_map(|block| Some(block.strip_prefix(language)?.strip_prefix('\n')?.trim_end())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_of_the_guide_is_answered_as_it_says() {
    let shop = Shop::open(1000, 5000).await;
    let [first] = blocks("sh")[..] else { panic!("one first event") };
    assert!(FIRST_EVENT.trim_end().ends_with(first), "the guide's first event is the example's");
    let ran = Command::new("bash").arg("-c").arg(shop.own(first)).output().await.unwrap();
    let [expected] = blocks("json")[..] else { panic!("one answer to it") };
    let answered: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(shop.told(&answered), shop.told(&serde_json::from_str(expected).unwrap()));

    let calls = blocks("http");
    assert!(calls.len() >= 20 && calls.len().is_multiple_of(2), "{}", calls.len());
    for call in calls.chunks(2) {
        if call[1].starts_with("HTTP/1.1 429") {
            let hurried = Shop::open(1, 5).await;
            for _ in 0..5 {
                assert!(hurried.send(call[0]).await.status().is_success());
            }
            hurried.expect(hurried.send(call[0]).await, call[1]).await;
            hurried.api.end().await;
        } else {
            shop.expect(shop.send(call[0]).await, call[1]).await;
        }
    }
    shop.api.end().await;
}

#[test]
fn the_guide_s_signature_is_right() {
    let (_, example) = GUIDE.split_once("To check your code").unwrap();
    let mut quoted = example.split('`').skip(1).step_by(2);
    let mut next = || quoted.next().unwrap();
    let (secret, _, t, body) = (next(), next(), next(), next());
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{t}.{body}").as_bytes());
    let header = format!("    X-Signature: t={t},v1={}\n", hex::encode(mac.finalize().into_bytes()));
    assert!(example.contains(&header), "{header}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_event_can_be_pasted_and_counts_in_no_figure() {
    let shop = Shop::open(1000, 5000).await;
    let ran = Command::new("bash").arg("-c").arg(shop.own(FIRST_EVENT)).output().await.unwrap();
    let answered: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let recorded = shop.api.got(&format!("/api/v1/events/{}", text(&answered, "id"))).await;
    assert_eq!((&recorded["action"], &recorded["name"]), (&json!("custom"), &json!("hello")));
    let overview = shop.api.got("/api/v1/stats/overview").await;
    assert!(["conversions", "add_to_cart", "signups", "drop_offs"].iter().all(|figure| overview[figure] == 0));
    shop.api.end().await;
}
