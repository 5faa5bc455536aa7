//! Moves clicks from the log into the database: rows and the log's position in one transaction.
//!
//! It has a thread of the lowest priority, and a connection of its own: what it does never waits for, nor
//! takes from, whoever answers shoppers. Under load it falls behind; that is what the log is for.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use model::{Timestamp, time::HOUR};
use rand::RngExt;
use rustix::process::setpriority_process;
use tokio::sync::{oneshot, watch};
use uuid::Uuid;

use super::{
    country::Countries,
    enrich::{Enricher, IpStorage},
    reader,
    spool::{Spool, segment_path, segments},
};
use crate::{
    clock::Clock,
    db::{
        self, Db,
        clicks::{ClickRow, Position},
    },
    error::{Error, Result},
};

/// Most clicks in one transaction, and least.
const MOST_BATCH: usize = 500;
const LEAST_BATCH: usize = 20;
/// Events wait for the same lock: where a transaction took longer, the next is smaller.
const LONG_TRANSACTION: Duration = Duration::from_millis(50);
/// A connection may die without a word.
const MOST_ROUND: Duration = Duration::from_secs(30);
/// How often the log is looked at while nothing waits.
const IDLE: Duration = Duration::from_millis(100);
const FIRST_BACKOFF: Duration = Duration::from_millis(200);
const MOST_BACKOFF: Duration = Duration::from_secs(1);
/// A read segment stays, so that a restored database can be caught up.
const KEEP_SEGMENTS: Duration = Duration::from_secs(24 * 3600);
/// Days a visitor is remembered; clicks may reach the database late.
const KEEP_VISITORS_DAYS: i64 = 3;
/// Nice value.
pub const LOWEST_PRIORITY: i32 = 19;
const MOST_CLOSING: Duration = Duration::from_millis(300);

pub struct Drain {
    pub spool: Arc<Spool>,
    pub db: Db,
    pub database_url: String,
    pub clock: Clock,
    pub ip_storage: IpStorage,
    pub countries: Countries,
    /// From this each UTC day's key for visitors is made.
    pub visitor_secret: [u8; 32],
    /// Names this process to the database: only the last to claim a spool may drain it.
    pub nonce: Uuid,
    /// Where the database stands; None until it answered once.
    pub drained: watch::Sender<Option<Position>>,
    /// Set once another process has taken the log over.
    pub is_displaced: Arc<AtomicBool>,
}

/// What one run of the drain remembers.
struct State {
    enricher: Enricher,
    /// Whether this process has taken the log over. It does so once: whoever comes later has it.
    is_claimed: bool,
    /// None where it is to be asked of the database.
    position: Option<Position>,
    /// How many clicks the next transaction takes.
    batch: usize,
    /// How many rounds still move one click each, after a batch that the database refused.
    careful: usize,
    tidied: Timestamp,
}

impl Drain {
    /// Starts the thread. What is returned ends when the thread does, however it does.
    pub fn start(
        self,
        mut ready: watch::Receiver<bool>,
        mut stop: watch::Receiver<bool>,
    ) -> io::Result<oneshot::Receiver<()>> {
        let (ended, end) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new().name("drain".into()).spawn(move || {
            // Of this thread, and of those it starts.
            if let Err(error) = setpriority_process(None, LOWEST_PRIORITY) {
                tracing::warn!(%error, "the drain of the click log keeps its priority");
            }
            runtime.block_on(async {
                tokio::select! {
                    _ = ready.wait_for(|ready| *ready) => {}
                    _ = stop.wait_for(|stop| *stop) => return,
                }
                match self.db.apart(&self.database_url) {
                    Ok(db) => {
                        Self { db: db.clone(), ..self }.run(stop).await;
                        let _ = tokio::time::timeout(MOST_CLOSING, db.close()).await;
                    }
                    Err(error) => tracing::error!(%error, "the drain of the click log has no database"),
                }
            });
            let _ = ended.send(());
        })?;
        Ok(end)
    }

    /// Runs until `stop`; then empties what is left, as far as the database takes it at once.
    async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut backoff = FIRST_BACKOFF;
        let mut state = State {
            enricher: Enricher::new(self.ip_storage, self.visitor_secret, self.countries.clone()),
            is_claimed: false,
            position: None,
            batch: MOST_BATCH,
            careful: 0,
            tidied: Timestamp(0),
        };
        loop {
            let is_last_round = *stop.borrow();
            let done = tokio::select! {
                done = self.round(&mut state) => done,
                () = tokio::time::sleep(MOST_ROUND) => Err(Error::unavailable("it hangs")),
                // What was asked before may never be answered.
                () = self.db.returned() => {
                    state.position = None;
                    continue;
                }
            };
            let wait = match done {
                Ok(moved) => {
                    if backoff > FIRST_BACKOFF {
                        tracing::info!("clicks are reaching the database again");
                        backoff = FIRST_BACKOFF;
                    }
                    if moved {
                        continue;
                    }
                    IDLE
                }
                Err(Error::Displaced) => {
                    self.is_displaced.store(true, Ordering::Relaxed);
                    tracing::error!(
                        "another process has taken this click log's id over (was the data folder copied?): \
                         clicks are written down here, but no longer counted, until a restart"
                    );
                    // Not an end: an ended worker would end the server, and its shoppers with it.
                    let _ = stop.wait_for(|stop| *stop).await;
                    return;
                }
                Err(error) => {
                    // What is not known to be committed is read again from where the database says.
                    state.position = None;
                    if matches!(error, Error::Unstorable(_)) {
                        state.careful = MOST_BATCH;
                    }
                    // Once, not with every try.
                    if backoff == FIRST_BACKOFF {
                        tracing::error!(%error, "clicks wait in the log: the database does not take them");
                    }
                    backoff = (backoff * 2).min(MOST_BACKOFF);
                    backoff.mul_f64(rand::rng().random_range(0.5..1.0))
                }
            };
            if is_last_round {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.db.returned() => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Moves one batch; false where nothing waits.
    async fn round(&self, state: &mut State) -> Result<bool> {
        let from = match state.position {
            Some(position) => position,
            None => {
                let position = self.position(state.is_claimed).await?;
                state.is_claimed = true;
                self.spool.begin_after(position);
                self.drained.send_replace(Some(position));
                *state.position.insert(position)
            }
        };
        let most = if state.careful > 0 { 1 } else { state.batch };
        let chunk = reader::read_chunk(self.spool.folder(), from, self.spool.tail(), most)
            .map_err(|error| Error::Internal(format!("click log: {error}")))?;
        if chunk.end == from {
            let now = self.clock.now();
            if now.0 - state.tidied.0 > HOUR && self.tidy(from, now).await? {
                state.tidied = now;
            }
            return Ok(false);
        }
        let rows: Vec<ClickRow> = chunk.clicks().map(|click| state.enricher.row(&click)).collect();
        let begun = Instant::now();
        match self.store(&rows, from, chunk.end).await {
            Err(Error::Unstorable(reason)) if most == 1 => {
                // One click must not hold up all that come after it. Its frame stays in the log.
                tracing::error!(reason, click = ?rows.first().map(|row| row.id), "a click cannot be stored and is skipped");
                self.store(&[], from, chunk.end).await?;
            }
            stored => stored?,
        }
        state.careful = state.careful.saturating_sub(1);
        if self.db.has_one_writer() {
            state.batch = next_batch(state.batch, begun.elapsed());
        }
        state.position = Some(chunk.end);
        self.drained.send_replace(Some(chunk.end));
        Ok(true)
    }

    /// Where to go on. The first time this process takes the log over; later it only asks, and learns
    /// whether another has done so since.
    async fn position(&self, is_claimed: bool) -> Result<Position> {
        let mut conn = self.db.begin().await?;
        if is_claimed {
            return db::clicks::spool_position(&mut conn, self.spool.id, self.nonce).await?.ok_or(Error::Displaced);
        }
        let position = db::clicks::claim_spool(&mut conn, self.spool.id, self.nonce, self.clock.now()).await?;
        conn.commit().await?;
        Ok(position)
    }

    async fn store(&self, rows: &[ClickRow], from: Position, to: Position) -> Result<()> {
        let mut conn = self.db.begin().await?;
        let moved = db::clicks::move_spool(&mut conn, self.spool.id, self.nonce, from, to, self.clock.now()).await?;
        if !moved {
            return Err(Error::Displaced);
        }
        if !rows.is_empty() {
            let firsts = db::clicks::note_visitors(&mut conn, rows).await?;
            db::clicks::insert_or_keep(&mut conn, rows, &firsts).await?;
            db::uses::note(&mut conn, rows.iter().map(|row| (row.link_id, row.at))).await?;
        }
        conn.commit().await
    }

    /// Deletes what was read long ago; true once nothing is left to delete.
    async fn tidy(&self, position: Position, now: Timestamp) -> Result<bool> {
        let mut numbers = segments(self.spool.folder()).unwrap_or_default();
        // The last one stays: it tells where the numbers go on.
        numbers.pop();
        for number in numbers.into_iter().filter(|number| *number < position.segment) {
            let path = segment_path(self.spool.folder(), number);
            let age = std::fs::metadata(&path).and_then(|meta| meta.modified()).ok().and_then(|at| at.elapsed().ok());
            if age.is_some_and(|age| age > KEEP_SEGMENTS)
                && let Err(error) = std::fs::remove_file(&path)
            {
                tracing::warn!(%error, segment = number, "a read segment of the click log could not be deleted");
            }
        }
        // A slice at a time: events wait for the same writer.
        let mut conn = self.db.begin().await?;
        let forgotten = db::clicks::forget_visitors(&mut conn, now.utc_day() - KEEP_VISITORS_DAYS).await?;
        conn.commit().await?;
        Ok(!forgotten)
    }
}

/// Half of it after a transaction that others had to wait long for; more again once they are short.
fn next_batch(batch: usize, took: Duration) -> usize {
    if took > LONG_TRANSACTION {
        (batch / 2).max(LEAST_BATCH)
    } else if took < LONG_TRANSACTION / 3 {
        (batch * 2).min(MOST_BATCH)
    } else {
        batch
    }
}
