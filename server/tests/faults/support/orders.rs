//! A shop's backend at work: many lanes, each sends its events one after the other. What a lane sends follows from its
//! number alone, so that another server can be sent the same.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::{Client, StatusCode, redirect::Policy};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{MOST_WAIT, Shop};

/// Events a second, of all lanes.
pub const EVENTS: f64 = 200.0;
pub const LANES: u64 = 20;
/// The database away or not, a shop is answered by then.
const CONTRACT: Duration = Duration::from_secs(2);
/// Of a machine that others use as well.
const MARGIN: Duration = Duration::from_secs(1);
/// What a lane sends differs by its place among so many.
const ROUND: u64 = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    New,
    /// Sent before.
    Again,
    /// Sent before, with another body.
    Changed,
}

#[derive(Clone, Debug)]
pub struct Sent {
    /// The `event_id`, or what tells one without.
    pub name: String,
    pub kind: Kind,
    /// Of a purchase.
    pub worth: Option<(&'static str, i64)>,
    pub status: StatusCode,
    pub at: Instant,
    pub took: Duration,
}

/// Lanes at work.
pub struct Orders {
    stop: Arc<AtomicBool>,
    created: Arc<AtomicU64>,
    lanes: JoinSet<Lane>,
}

/// Where a lane is.
pub struct Lane {
    number: u64,
    shop: Shop,
    client: Client,
    pub sent: Vec<Sent>,
    /// Of each event that was sent, by name.
    ids: BTreeMap<String, Value>,
}

impl Orders {
    /// At [`EVENTS`] a second, until they are told to stop.
    pub fn start(lanes: Vec<Lane>) -> Self {
        let (stop, created) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut running = JoinSet::new();
        for mut lane in lanes {
            let (stop, created) = (Arc::clone(&stop), Arc::clone(&created));
            running.spawn(async move {
                let mut due = tokio::time::interval(Duration::from_secs_f64(LANES as f64 / EVENTS));
                while !stop.load(Ordering::Relaxed) {
                    due.tick().await;
                    if lane.send_next().await == StatusCode::CREATED {
                        created.fetch_add(1, Ordering::Relaxed);
                    }
                }
                lane
            });
        }
        Self { stop, created, lanes: running }
    }

    /// How many were answered 201.
    pub fn created(&self) -> u64 {
        self.created.load(Ordering::Relaxed)
    }

    pub async fn end(self) -> Vec<Lane> {
        self.stop.store(true, Ordering::Relaxed);
        in_order(self.lanes.join_all().await)
    }
}

/// Each lane sends so many events more, as fast as it is answered.
pub async fn send(lanes: Vec<Lane>, events: &[usize]) -> Vec<Lane> {
    let mut running = JoinSet::new();
    for (mut lane, events) in lanes.into_iter().zip(events.to_owned()) {
        running.spawn(async move {
            for _ in 0..events {
                lane.send_next().await;
            }
            lane
        });
    }
    in_order(running.join_all().await)
}

fn in_order(mut lanes: Vec<Lane>) -> Vec<Lane> {
    lanes.sort_by_key(|lane| lane.number);
    lanes
}

pub fn lanes(shop: &Shop) -> Vec<Lane> {
    let client = || Client::builder().redirect(Policy::none()).timeout(MOST_WAIT).build().unwrap();
    let lane = |number| Lane { number, shop: shop.clone(), client: client(), sent: Vec::new(), ids: BTreeMap::new() };
    (0..LANES).map(lane).collect()
}

impl Lane {
    async fn send_next(&mut self) -> StatusCode {
        let place = self.sent.len() as u64;
        let (name, kind, body) = self.event(place).await;
        let begun = Instant::now();
        let request = self.client.post(format!("{}/api/v1/events", self.shop.base)).header("X-API-KEY", &self.shop.key);
        let answer = request.json(&body).send().await.unwrap();
        let status = answer.status();
        let told: Value = answer.json().await.unwrap();
        let took = begun.elapsed();
        let is_expected = match kind {
            Kind::New => [201, 202].contains(&status.as_u16()),
            Kind::Again => [200, 202].contains(&status.as_u16()),
            Kind::Changed => [409, 202].contains(&status.as_u16()),
        };
        assert!(is_expected, "{status} for {kind:?} {body}: {told}");
        assert!(took < CONTRACT + MARGIN, "{status} after {took:?}");
        if status.is_success() {
            let first = self.ids.entry(name.clone()).or_insert_with(|| told["id"].clone());
            assert_eq!((&told["id"], told["id"].is_string()), (&*first, true), "one event has one id: {body}");
        }
        let worth = (body["action"] == "purchase").then(|| worth(&body));
        self.sent.push(Sent { name, kind, worth, status, at: begun + took, took });
        status
    }

    /// The event at a place of this lane.
    async fn event(&self, place: u64) -> (String, Kind, Value) {
        let (round, step) = (place / ROUND, place % ROUND);
        let (kind, at) = match step {
            5 => (Kind::Again, 0),
            12 => (Kind::Again, 8),
            // Not often: of each advertiser so many failures are kept and no more.
            6 if round % 4 == 0 => (Kind::Changed, 1),
            14 if round % 4 == 0 => (Kind::Changed, 3),
            _ => (Kind::New, step),
        };
        let name = format!("{}-{round}-{at}", self.number);
        let worth = self.number * 7919 + round * 131 + at * 17;
        let mut body = json!({
            "action": "purchase", "event_id": name, "currency": if at % 4 == 3 { "EUR" } else { "USD" },
            "value": format!("{}.{:02}", worth / 100, worth % 100),
        });
        let customer = |of: u64| json!(format!("customer {}-{of}", self.number));
        let [anna, ben] = &self.shop.links;
        let mut add = |fields: Value| body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        match at {
            0 => add(json!({ "coupon_code": Shop::coupon(0) })),
            1 => add(json!({ "ref_code": anna, "customer_id": customer(round) })),
            2 => add(json!({ "action": "signup" })),
            3 => add(json!({ "click_id": self.click(ben).await })),
            // Whoever was first.
            4 => add(json!({ "ref_code": ben, "customer_id": customer(round) })),
            7 => add(json!({ "coupon_codes": ["NOBODYS", Shop::coupon(1)], "click_id": self.click(anna).await })),
            8 => add(
                json!({ "landing_url": format!("https://shop.example/?ref_code={ben}"), "customer_id": customer(round / 2) }),
            ),
            9 => {
                add(json!({ "properties": { "name": name }, "ref_code": anna }));
                body.as_object_mut().unwrap().remove("event_id");
            }
            10 => add(json!({ "action": "add_to_cart", "ref_code": "unknown" })),
            11 => add(json!({ "coupon_code": "unknown", "customer_id": customer(round / 3) })),
            13 => add(json!({ "click_id": "no id", "referrer": format!("https://star.example/?ref_code={anna}") })),
            _ => {}
        }
        if kind == Kind::Changed {
            body["value"] = "1.23".into();
        }
        (name, kind, body)
    }

    /// Follows a link; the id of this click.
    async fn click(&self, link: &str) -> String {
        let answer = self.client.get(format!("{}/r/{link}", self.shop.base)).send().await.unwrap();
        let location = answer.headers()["location"].to_str().unwrap();
        location.split_once("click_id=").unwrap().1.split('&').next().unwrap().to_owned()
    }
}

fn worth(body: &Value) -> (&'static str, i64) {
    let minor: i64 = body["value"].as_str().unwrap().replace('.', "").parse().unwrap();
    (if body["currency"] == "EUR" { "EUR" } else { "USD" }, minor)
}
