//! Shops that send purchases at their rate, whatever the server does: one by one or in batches, each with an `event_id` of
//! its own, so that what was taken can be counted.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use tokio::{task::JoinSet, time::MissedTickBehavior};

use super::{MOST_WAIT, Shop};

/// What is to be sent.
#[derive(Clone, Debug)]
pub struct Plan {
    pub shops: Vec<Shop>,
    /// Events a second of all shops together; None: each lane's next as soon as it is answered.
    pub per_second: Option<f64>,
    /// How many events a request has; 1: without a batch around it.
    pub batch: u64,
    /// Requests under way at most.
    pub lanes: u64,
    /// Tells one plan's events from another's.
    pub name: &'static str,
}

/// Shops at work.
pub struct Sales {
    stop: Arc<AtomicBool>,
    lanes: JoinSet<Tally>,
}

/// What became of events.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub offered: u64,
    /// Answered 201.
    pub recorded: u64,
    /// Answered 202.
    pub aside: u64,
    /// Refused for being too many.
    pub refused: u64,
    /// Anything else, by status; 0 without an answer.
    pub others: BTreeMap<u16, u64>,
    /// In cents, of what was taken.
    pub worth: i64,
    /// From the moment that was meant to the answer, in microseconds, of each request that was taken.
    pub took: Vec<u32>,
}

#[derive(Deserialize)]
struct Results {
    results: Vec<One>,
}

#[derive(Deserialize)]
struct One {
    code: u16,
}

impl Sales {
    pub fn start(plan: &Plan) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut lanes = JoinSet::new();
        for number in 0..plan.lanes {
            lanes.spawn(lane(plan.clone(), number, Arc::clone(&stop)));
        }
        Self { stop, lanes }
    }

    pub async fn end(mut self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Tally::default();
        while let Some(lane) = self.lanes.join_next().await {
            all.add(lane.unwrap());
        }
        all.took.sort_unstable();
        all
    }
}

async fn lane(plan: Plan, number: u64, stop: Arc<AtomicBool>) -> Tally {
    let client = Client::builder().timeout(MOST_WAIT).build().unwrap();
    let shop = &plan.shops[number as usize % plan.shops.len()];
    let path = if plan.batch == 1 { "events" } else { "events/batch" };
    let url = format!("{}/api/v1/{path}", shop.base);
    // Late ones leave one after the other as soon as they can: the rate is kept.
    let mut due = plan.per_second.map(|rate| {
        let mut due = tokio::time::interval(Duration::from_secs_f64((plan.lanes * plan.batch) as f64 / rate));
        due.set_missed_tick_behavior(MissedTickBehavior::Burst);
        due
    });
    let (mut tally, mut next) = (Tally::default(), 0);
    while !stop.load(Ordering::Relaxed) {
        let meant = match &mut due {
            Some(due) => due.tick().await.into_std(),
            None => Instant::now(),
        };
        let events: Vec<(String, i64)> = (next..next + plan.batch).map(|event| plan.event(number, event)).collect();
        next += plan.batch;
        let bodies: Vec<&str> = events.iter().map(|(body, _)| body.as_str()).collect();
        let body =
            if plan.batch == 1 { bodies[0].to_owned() } else { format!(r#"{{"events":[{}]}}"#, bodies.join(",")) };
        let request = client.post(&url).header("X-API-KEY", &shop.key).header("Content-Type", "application/json");
        let codes = codes(request.body(body), plan.batch).await;
        tally.offered += plan.batch;
        let mut is_taken = false;
        for (code, (_, worth)) in codes.iter().zip(&events) {
            is_taken |= tally.note(*code, *worth);
        }
        if is_taken {
            tally.took.push(u32::try_from(meant.elapsed().as_micros()).unwrap_or(u32::MAX));
        }
    }
    tally
}

/// What became of each event of a request.
async fn codes(request: RequestBuilder, batch: u64) -> Vec<u16> {
    let all = |code| vec![code; batch as usize];
    let Ok(answer) = request.send().await else { return all(0) };
    let status = answer.status().as_u16();
    let Ok(body) = answer.bytes().await else { return all(0) };
    if batch == 1 || status != 200 {
        return all(status);
    }
    let told: Results = serde_json::from_slice(&body).unwrap();
    assert_eq!(told.results.len() as u64, batch);
    told.results.iter().map(|one| one.code).collect()
}

impl Plan {
    fn event(&self, lane: u64, event: u64) -> (String, i64) {
        let worth = i64::try_from((lane * 7919 + event * 131) % 99_991).unwrap();
        let (whole, cents, coupon) = (worth / 100, worth % 100, Shop::coupon(event as usize % 2));
        let body = format!(
            r#"{{"action":"purchase","event_id":"{}-{lane}-{event}","value":"{whole}.{cents:02}","currency":"EUR","coupon_code":"{coupon}"}}"#,
            self.name
        );
        (body, worth)
    }
}

impl Tally {
    fn note(&mut self, code: u16, worth: i64) -> bool {
        match code {
            201 => self.recorded += 1,
            202 => self.aside += 1,
            429 => self.refused += 1,
            other => *self.others.entry(other).or_default() += 1,
        }
        let is_taken = matches!(code, 201 | 202);
        self.worth += if is_taken { worth } else { 0 };
        is_taken
    }

    pub fn add(&mut self, other: Self) {
        self.offered += other.offered;
        self.recorded += other.recorded;
        self.aside += other.aside;
        self.refused += other.refused;
        self.worth += other.worth;
        self.took.extend(other.took);
        for (code, count) in other.others {
            *self.others.entry(code).or_default() += count;
        }
    }

    pub fn taken(&self) -> u64 {
        self.recorded + self.aside
    }

    /// Milliseconds that so large a part of the requests took at most.
    pub fn took(&self, part: f64) -> f64 {
        let place = (self.took.len() as f64 * part) as usize;
        self.took.get(place.min(self.took.len().saturating_sub(1))).map_or(0.0, |micros| f64::from(*micros) / 1000.0)
    }
}
