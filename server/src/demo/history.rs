//! The year itself, moment by moment: each click goes through the click log, each event through attribution, at the
//! engine's clock, which is moved on.

use std::{
    collections::BTreeMap,
    mem,
    pin::Pin,
    sync::atomic::{AtomicI64, Ordering},
};

use axum::http::StatusCode;
use engine::{Call, ClickBatch, Engine, Fault, Taken, kept_body};
use futures_util::{future::join_all, poll};
use indicatif::ProgressBar;
use model::{
    AdvertiserId, ApiKeyId, Fields, Timestamp,
    event::{Arrival, NewEvent},
    time::DAY,
};
use rand::{RngExt, rngs::StdRng};
use serde_json::Value;

use super::{
    calendar::{Calendar, DAYS, days_ago},
    cast::{PEOPLE, PLANS, SHOPS},
    stage::Stage,
    visits::{Numbers, Visitors, moment, organic, shopping},
};
use crate::problem::ApiError;

/// Clicks that are written down together.
const BATCH: u64 = 512;
/// Days ago when a code had leaked, and was replaced.
const LEAKED: i64 = 140;
/// What shops' programs got wrong, the most usual first.
const MISTAKES: [&str; 6] = [
    r#"{"action":"purchase","event_id":"TEST-1","value":"12,50","currency":"EUR"}"#,
    r#"{"action":"purchase","event_id":"TEST-2","value":49.9,"currency":"EURO"}"#,
    r#"{"action":"checkout","event_id":"TEST-3","value":20}"#,
    r#"{"action":"purchase","event_id":"TEST-4","value":-5,"occurred_at":"yesterday"}"#,
    r#"{"value":"49.90","currency":"USD"}"#,
    r#"{"action":"purchase","event_id":"TEST-5","#,
];

enum Happening {
    Click { pair: usize },
    Event { shop: usize, body: Value },
    Mistake { shop: usize, body: &'static str },
}

type Recording<'a> = Pin<Box<dyn Future<Output = engine::Result<Taken>> + Send + 'a>>;

pub struct History<'a> {
    pub engine: &'a Engine,
    pub stage: Stage,
    pub clock: &'a AtomicI64,
    pub calendar: Calendar,
    /// The first day's midnight.
    pub first: Timestamp,
    /// Nothing happens from here on.
    pub now: Timestamp,
    /// All that is left to happen, in order; the second number tells what happens at once apart.
    due: BTreeMap<(i64, u64), Happening>,
    number: u64,
    visitors: Vec<Visitors>,
    numbers: Numbers,
    random: StdRng,
    pub clicks: u64,
    pub events: u64,
}

impl<'a> History<'a> {
    pub fn new(
        engine: &'a Engine,
        stage: Stage,
        clock: &'a AtomicI64,
        calendar: Calendar,
        (first, now): (Timestamp, Timestamp),
        random: StdRng,
    ) -> Self {
        let visitors = calendar.pairs.iter().map(|_| Visitors::default()).collect();
        Self {
            engine,
            stage,
            clock,
            calendar,
            first,
            now,
            due: BTreeMap::new(),
            number: 0,
            visitors,
            numbers: Numbers::default(),
            random,
            clicks: 0,
            events: 0,
        }
    }

    pub async fn play(&mut self, scale: f64, bar: &ProgressBar) -> anyhow::Result<()> {
        for day in 0..DAYS {
            let midnight = self.first.plus(day * DAY);
            self.clock.store(midnight.0, Ordering::Relaxed);
            self.stage.open(self.engine, day).await?;
            if days_ago(day) == LEAKED {
                self.stage.replace_a_code(self.engine).await?;
            }
            // What would come later today came yesterday: so much is to happen in all, and nothing after now.
            match days_ago(day) {
                0 => {}
                1 => {
                    self.fill(day, midnight, scale);
                    self.fill(day + 1, midnight.plus(DAY), scale);
                }
                _ => self.fill(day, midnight, scale),
            }
            self.pass(midnight.plus(DAY).min(self.now)).await?;
            bar.set_position(self.clicks);
            bar.set_message(format!("{} events", self.events));
        }
        Ok(())
    }

    /// What is to happen on a day.
    fn fill(&mut self, day: i64, midnight: Timestamp, scale: f64) {
        for pair in 0..self.calendar.pairs.len() {
            let shop = PLANS[self.calendar.pairs[pair].plan].shop;
            for _ in 0..self.calendar.clicks(pair, day) {
                self.at(midnight, shop, Happening::Click { pair });
            }
        }
        for (at, shop) in SHOPS.iter().enumerate() {
            for _ in 0..some(shop.organic * scale, &mut self.random) {
                let body = organic(shop, self.stage.generic(at), &mut self.numbers, &mut self.random);
                self.at(midnight, at, Happening::Event { shop: at, body });
            }
        }
        if days_ago(day) < 60 && self.random.random_bool(0.5) {
            let shop = self.random.random_range(0..SHOPS.len());
            let which = self.random.random_range(0..MISTAKES.len()).min(self.random.random_range(0..MISTAKES.len()));
            self.at(midnight, shop, Happening::Mistake { shop, body: MISTAKES[which] });
        }
    }

    /// Some time of a day when that shop's customers are about.
    fn at(&mut self, midnight: Timestamp, shop: usize, what: Happening) {
        let at = midnight.0 + moment(&SHOPS[shop], &mut self.random);
        self.put(if at < self.now.0 { at } else { at - DAY }, what);
    }

    fn put(&mut self, at: i64, what: Happening) {
        self.number += 1;
        self.due.insert((at, self.number), what);
    }

    /// All that happens before a moment.
    async fn pass(&mut self, until: Timestamp) -> anyhow::Result<()> {
        let engine = self.engine;
        let mut batch = ClickBatch::default();
        let mut recordings: Vec<Recording<'a>> = Vec::new();
        while let Some(next) = self.due.first_entry().filter(|next| next.key().0 < until.0) {
            let ((at, _), what) = next.remove_entry();
            self.clock.store(at, Ordering::Relaxed);
            match what {
                Happening::Click { pair } => self.click(pair, at, &mut batch),
                Happening::Event { shop, body } => {
                    let (advertiser, key) = self.stage.shop(shop);
                    let mut recording: Recording<'a> = Box::pin(record(engine, advertiser, key, body));
                    // Now, while the clock says so, it is taken; recorded it is with others.
                    let taken = poll!(recording.as_mut());
                    if let std::task::Poll::Ready(taken) = taken {
                        taken?;
                    } else {
                        recordings.push(recording);
                    }
                    self.events += 1;
                }
                Happening::Mistake { shop, body } => self.mistake(shop, body),
            }
            if batch.clicks() >= BATCH {
                engine.keep_clicks(&batch);
                batch.clear();
            }
        }
        if !batch.is_empty() {
            engine.keep_clicks(&batch);
        }
        for taken in join_all(mem::take(&mut recordings)).await {
            taken?;
        }
        Ok(())
    }

    fn click(&mut self, pair: usize, at: i64, batch: &mut ClickBatch) {
        let Some(handed) = self.stage.handed(pair) else { return };
        let Some(link) = self.engine.link(&handed.link) else { return };
        let (shop, person) = (&SHOPS[handed.plan.shop], &PEOPLE[handed.person]);
        let visitor = self.visitors[pair].next(shop, person, &mut self.random);
        let id = self.engine.note_click(&link, &visitor.visit(person, &mut self.random), batch);
        self.clicks += 1;
        if visitor.is_bot {
            return;
        }
        let told = handed.plan.append_click_id.then(|| id.to_string());
        let others = self.stage.other_codes(pair);
        let events = shopping(handed, others, told, &mut self.numbers, &mut self.random);
        let shop = handed.plan.shop;
        for (after, body) in events {
            if at + after < self.now.0 {
                self.put(at + after, Happening::Event { shop, body });
            }
        }
    }

    /// What a program sent that is no event.
    fn mistake(&self, shop: usize, body: &'static str) {
        let (advertiser, key) = self.stage.shop(shop);
        let error = match Fields::parse(body.as_bytes()) {
            Err(_) => {
                let detail = "The body is not JSON: it ends in the middle.";
                ApiError::new(StatusCode::BAD_REQUEST, "not-json", "Not JSON", detail)
            }
            Ok(mut fields) => {
                let arrival = Arrival { now: self.engine.now(), action: None, idempotency_key: None };
                let event = NewEvent::read(&mut fields, arrival);
                let Err(errors) = fields.finish(event) else { return };
                ApiError::invalid(errors)
            }
        };
        let (code, status) = (error.kind, error.status.as_u16());
        let fault = Fault { code, status, detail: &error.detail, errors: &error.errors };
        self.engine.keep_failure(advertiser, call(key, body.as_bytes()), fault);
    }
}

/// So many on average.
#[expect(clippy::cast_possible_truncation, reason = "a handful")]
fn some(mean: f64, random: &mut StdRng) -> i64 {
    (mean * random.random_range(0.5..1.5) + random.random_range(0.0..1.0)).floor() as i64
}

fn call(key: ApiKeyId, body: &[u8]) -> Call {
    let request_id = uuid::Uuid::new_v4().to_string();
    Call { key, action: None, idempotency_key: None, body: kept_body(body), request_id }
}

async fn record(engine: &Engine, advertiser: AdvertiserId, key: ApiKeyId, body: Value) -> engine::Result<Taken> {
    let now = engine.now();
    let text = body.to_string();
    let invalid = |errors| engine::Error::Internal(format!("the demo made {body}: {errors:?}"));
    let mut fields = Fields::parse(text.as_bytes()).map_err(|_| engine::Error::Internal(text.clone()))?;
    let event = NewEvent::read(&mut fields, Arrival { now, action: None, idempotency_key: None });
    let event = fields.finish(event).map_err(invalid)?;
    engine.record_event(advertiser, event, call(key, text.as_bytes())).await
}
