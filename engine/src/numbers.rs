//! The engine's work in numbers, for whoever watches it: counts since the start, and how things stand now.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use model::event::EventAnswer;

use crate::{
    Engine,
    accounts::Closed,
    catalog::CatalogSizes,
    clicks::transfer::Moved,
    db::{self, Connections},
    error::{Error, Result},
    events::Taken,
};

/// A database that takes longer does not answer, to whoever watches.
const MOST_PROBE: Duration = Duration::from_secs(1);
/// Rows in a transaction.
const ROWS: &[f64] = &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0];
/// Seconds that a transaction takes.
const SECONDS: &[f64] = &[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];

/// What [`Engine::numbers`] tells. What is counted is counted since the start.
#[derive(Clone, Debug)]
pub struct Numbers {
    pub clicks: ClickNumbers,
    pub drain: DrainNumbers,
    pub events: EventNumbers,
    pub database: DatabaseNumbers,
    pub catalog: CatalogSizes,
    pub exports: ExportNumbers,
    pub logins_succeeded: u64,
    pub logins_failed: u64,
    pub logins_closed: Closed,
}

/// The click log.
#[derive(Clone, Debug)]
pub struct ClickNumbers {
    pub recorded: u64,
    pub lost: u64,
    pub waiting_bytes: u64,
    pub used_bytes: u64,
    /// None without a limit.
    pub max_bytes: Option<u64>,
    /// How long the oldest click has waited that is not in the database: 0 where none waits, None until the database
    /// has said where it stands.
    pub oldest_age: Option<Duration>,
    /// Another process has the log.
    pub is_displaced: bool,
}

/// What was moved from the click log into the database.
#[derive(Clone, Debug)]
pub struct DrainNumbers {
    pub humans: u64,
    pub bots: u64,
    /// Clicks that the database did not take.
    pub refused: u64,
    pub damaged_bytes: u64,
    /// Clicks, and seconds, of each transaction.
    pub batches: Spread,
    pub took: Spread,
}

#[derive(Clone, Debug)]
pub struct EventNumbers {
    /// What calls were answered.
    pub answered: EventOutcomes,
    /// Events that were answered 202, and what came of them later.
    pub queued: u64,
    pub replayed: EventOutcomes,
    pub aside: u64,
    /// 0 where none is aside.
    pub oldest_aside_age: Duration,
    /// Requests that wait for the writer, and how many may.
    pub queue: u64,
    pub queue_capacity: u64,
    /// Events, and seconds, of each transaction.
    pub batches: Spread,
    pub took: Spread,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct EventOutcomes {
    pub recorded: u64,
    pub duplicate: u64,
    pub conflict: u64,
    /// Neither recorded nor put aside.
    pub failed: u64,
}

#[derive(Clone, Debug)]
pub struct DatabaseNumbers {
    pub answers: bool,
    /// How long the smallest question took; None where it was not answered.
    pub latency: Option<Duration>,
    pub connections: Vec<Connections>,
}

#[derive(Clone, Copy, Debug)]
pub struct ExportNumbers {
    pub running: u64,
    pub begun: u64,
    /// For want of a slot.
    pub refused: u64,
}

/// How values are spread: how many there were up to each bound and above the one before, how many in all, and their sum.
#[derive(Clone, Debug)]
pub struct Spread {
    pub buckets: Vec<(f64, u64)>,
    pub count: u64,
    pub sum: f64,
}

impl Spread {
    fn over(bounds: &[f64]) -> Self {
        Self { buckets: bounds.iter().map(|bound| (*bound, 0)).collect(), count: 0, sum: 0.0 }
    }

    fn add(&mut self, value: f64) {
        self.count += 1;
        self.sum += value;
        if let Some((_, count)) = self.buckets.iter_mut().find(|(bound, _)| value <= *bound) {
            *count += 1;
        }
    }
}

/// Where workers count.
#[derive(Debug)]
pub(crate) struct Counts {
    drained: [Count; 4],
    drain: Transactions,
    answered: Outcomes,
    queued: Count,
    replayed: Outcomes,
    events: Transactions,
    exports: [Count; 2],
    logins: [Count; 2],
}

#[derive(Debug, Default)]
struct Count(AtomicU64);

/// Few write to it, and never for long.
#[derive(Debug)]
struct Transactions(Mutex<(Spread, Spread)>);

#[derive(Debug, Default)]
struct Outcomes {
    recorded: Count,
    duplicate: Count,
    conflict: Count,
    failed: Count,
}

impl Default for Counts {
    fn default() -> Self {
        let transactions = || Transactions(Mutex::new((Spread::over(ROWS), Spread::over(SECONDS))));
        Self {
            drained: Default::default(),
            drain: transactions(),
            answered: Outcomes::default(),
            queued: Count::default(),
            replayed: Outcomes::default(),
            events: transactions(),
            exports: Default::default(),
            logins: Default::default(),
        }
    }
}

impl Counts {
    pub fn moved(&self, moved: &Moved) {
        let [humans, bots, refused, damaged] = &self.drained;
        humans.add(moved.clicks - moved.bots - moved.refused);
        bots.add(moved.bots);
        refused.add(moved.refused);
        damaged.add(moved.damaged);
        self.drain.add(moved.clicks, moved.took);
    }

    /// A transaction of so many events was committed.
    pub fn recorded(&self, events: usize, took: Duration) {
        self.events.add(events as u64, took);
    }

    pub fn answered(&self, answers: &[Result<Taken>]) {
        for answer in answers {
            match answer {
                Ok(Taken::Recorded(answer)) => self.answered.note(Ok(answer)),
                Ok(Taken::Queued(_)) => self.queued.add(1),
                Err(error) => self.answered.note(Err(error)),
            }
        }
    }

    pub fn replayed(&self, answers: &[Result<EventAnswer>]) {
        for answer in answers {
            self.replayed.note(answer.as_ref());
        }
    }

    pub fn exported<T>(&self, begun: &Result<T>) {
        self.exports[usize::from(begun.is_err())].add(1);
    }

    /// Whether e-mail and password were right.
    pub fn logged_in(&self, is_right: bool) {
        self.logins[usize::from(!is_right)].add(1);
    }
}

impl Count {
    fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Transactions {
    fn add(&self, rows: u64, took: Duration) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        #[expect(clippy::cast_precision_loss, reason = "a transaction has few rows")]
        held.0.add(rows as f64);
        held.1.add(took.as_secs_f64());
    }

    fn get(&self) -> (Spread, Spread) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Outcomes {
    fn note(&self, answer: std::result::Result<&EventAnswer, &Error>) {
        let count = match answer {
            Ok(answer) if answer.duplicate => &self.duplicate,
            Ok(_) => &self.recorded,
            Err(Error::Conflict(_)) => &self.conflict,
            Err(_) => &self.failed,
        };
        count.add(1);
    }

    fn get(&self) -> EventOutcomes {
        EventOutcomes {
            recorded: self.recorded.get(),
            duplicate: self.duplicate.get(),
            conflict: self.conflict.get(),
            failed: self.failed.get(),
        }
    }
}

impl Engine {
    /// How all stands. Asks the database one small question, and waits for its answer a second at most.
    pub async fn numbers(&self) -> Numbers {
        let counts = &self.counts;
        let spool = self.spool_health();
        let now = self.clock.now();
        let age = |at: model::Timestamp| Duration::from_millis(now.0.saturating_sub(at.0).max(0).unsigned_abs());
        let oldest_age =
            if self.is_drain_known() { Some(self.oldest_waiting().await.map_or(Duration::ZERO, age)) } else { None };
        let (batches, took) = counts.drain.get();
        let [humans, bots, refused, damaged] = &counts.drained;
        let drain = DrainNumbers {
            humans: humans.get(),
            bots: bots.get(),
            refused: refused.get(),
            damaged_bytes: damaged.get(),
            batches,
            took,
        };
        let aside = self.events_aside();
        let (queue, queue_capacity) = self.ingest.depth();
        let (batches, took) = counts.events.get();
        let events = EventNumbers {
            answered: counts.answered.get(),
            queued: counts.queued.get(),
            replayed: counts.replayed.get(),
            aside: aside.events,
            oldest_aside_age: aside.oldest.map_or(Duration::ZERO, age),
            queue: queue as u64,
            queue_capacity: queue_capacity as u64,
            batches,
            took,
        };
        let latency = self.probe().await;
        Numbers {
            clicks: ClickNumbers {
                recorded: spool.recorded,
                lost: spool.lost,
                waiting_bytes: spool.waiting_bytes,
                used_bytes: spool.room.used,
                max_bytes: spool.room.max,
                oldest_age,
                is_displaced: spool.is_displaced,
            },
            drain,
            events,
            database: DatabaseNumbers { answers: latency.is_some(), latency, connections: self.db.connections() },
            catalog: self.catalog.sizes(),
            exports: ExportNumbers {
                running: self.exports.taken() as u64,
                begun: counts.exports[0].get(),
                refused: counts.exports[1].get(),
            },
            logins_succeeded: counts.logins[0].get(),
            logins_failed: counts.logins[1].get(),
            logins_closed: self.throttle.closed(),
        }
    }

    async fn probe(&self) -> Option<Duration> {
        let asked = Instant::now();
        let answer = async { db::installation::version(&mut self.db.read().await?).await };
        let answered = tokio::time::timeout(MOST_PROBE, answer).await;
        matches!(answered, Ok(Ok(_))).then(|| asked.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_falls_under_the_first_bound_that_it_does_not_exceed() {
        let mut spread = Spread::over(&[1.0, 2.0, 5.0]);
        for value in [0.5, 1.0, 1.5, 5.0, 7.0] {
            spread.add(value);
        }
        assert_eq!(spread.buckets, [(1.0, 2), (2.0, 1), (5.0, 1)]);
        assert_eq!((spread.count, spread.sum), (5, 15.0));
    }
}
