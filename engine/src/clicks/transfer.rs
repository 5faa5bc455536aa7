//! Moves clicks of a log into the database, a batch at a time: rows and the log's position in one transaction.
//!
//! The one way there: the drain of a running node and the import of a dead node's log both take it.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use uuid::Uuid;

use super::{
    enrich::Enricher,
    reader::{self, Chunk},
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

pub struct Transfer {
    db: Db,
    clock: Clock,
    log: LogName,
    enricher: Enricher,
    /// Whether clicks that are in the database already are told from new ones.
    counts_new: bool,
    /// Whether this process has taken the log over. It does so once: whoever comes later has it.
    is_claimed: bool,
    /// None where it is to be asked of the database.
    position: Option<Position>,
    /// How many clicks the next transaction takes.
    batch: usize,
    /// How many rounds still move one click each, after a batch that the database refused.
    careful: usize,
}

/// Which log is moved, and by whom.
pub struct LogName {
    pub folder: PathBuf,
    pub spool: Uuid,
    /// Names this process to the database: only the last to claim a spool may move it.
    pub nonce: Uuid,
}

/// What one transaction has moved.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moved {
    pub clicks: u64,
    /// Of these, the ones that were not in the database yet; none where they are not told apart.
    pub new: u64,
    /// Of the clicks, those of machines.
    pub bots: u64,
    /// Clicks that the database does not take. Their frames stay in the log.
    pub refused: u64,
    /// Bytes that are no click's.
    pub damaged: u64,
    /// How long others could not write.
    pub took: Duration,
}

impl Transfer {
    pub fn new(db: Db, clock: Clock, log: LogName, enricher: Enricher) -> Self {
        Self {
            db,
            clock,
            log,
            enricher,
            counts_new: false,
            is_claimed: false,
            position: None,
            batch: MOST_BATCH,
            careful: 0,
        }
    }

    pub fn counting_new(self) -> Self {
        Self { counts_new: true, ..self }
    }

    /// Up to where everything is in the database. The first time this process takes the log over; later it only
    /// asks, and learns whether another has done so since.
    pub async fn position(&mut self) -> Result<Position> {
        if let Some(position) = self.position {
            return Ok(position);
        }
        let mut conn = self.db.begin().await?;
        let (spool, nonce) = (self.log.spool, self.log.nonce);
        let position = if self.is_claimed {
            db::clicks::held_position(&mut conn, spool, nonce).await?.ok_or(Error::Displaced)?
        } else {
            let position = db::clicks::claim_spool(&mut conn, spool, nonce, self.clock.now()).await?;
            conn.commit().await?;
            position
        };
        self.is_claimed = true;
        Ok(*self.position.insert(position))
    }

    /// The database is asked anew where to go on: what was under way may be committed, or not.
    pub fn ask_again(&mut self) {
        self.position = None;
    }

    /// Moves one batch of what stands before `tail`; None where nothing waits.
    pub async fn step(&mut self, tail: Position) -> Result<Option<Moved>> {
        let moved = self.try_step(tail).await;
        if let Err(error) = &moved {
            self.ask_again();
            if matches!(error, Error::Unstorable(_)) {
                self.careful = MOST_BATCH;
            }
        }
        moved
    }

    async fn try_step(&mut self, tail: Position) -> Result<Option<Moved>> {
        let from = self.position().await?;
        let most = if self.careful > 0 { 1 } else { self.batch };
        let chunk = reader::read_chunk(&self.log.folder, from, tail, most)
            .map_err(|error| Error::Internal(format!("click log: {error}")))?;
        if chunk.end == from {
            return Ok(None);
        }
        let begun = Instant::now();
        let moved = match self.store_chunk(&chunk, from).await {
            Err(Error::Unstorable(reason)) if most == 1 => {
                // One click must not hold up all that come after it. Its frame stays in the log.
                let click = chunk.clicks().next().map(|click| click.id);
                tracing::error!(reason, ?click, "a click cannot be stored and is skipped");
                self.store(&[], from, chunk.end).await?;
                Moved { clicks: 1, refused: 1, ..Moved::default() }
            }
            stored => stored?,
        };
        let took = begun.elapsed();
        self.careful = self.careful.saturating_sub(1);
        // Across a network a long transaction holds up nobody else.
        if self.db.has_one_writer() {
            self.batch = next_batch(self.batch, took);
        }
        self.position = Some(chunk.end);
        Ok(Some(Moved { damaged: chunk.damaged, took, ..moved }))
    }

    async fn store_chunk(&mut self, chunk: &Chunk, from: Position) -> Result<Moved> {
        let rows: Vec<ClickRow> = chunk.clicks().map(|click| self.enricher.row(&click)).collect();
        let new = self.store(&rows, from, chunk.end).await?;
        let bots = rows.iter().filter(|row| row.is_bot).count() as u64;
        Ok(Moved { clicks: rows.len() as u64, bots, new, ..Moved::default() })
    }

    /// Returns how many are new, where that is asked for.
    async fn store(&self, rows: &[ClickRow], from: Position, to: Position) -> Result<u64> {
        let mut conn = self.db.begin().await?;
        let (spool, nonce) = (self.log.spool, self.log.nonce);
        if !db::clicks::move_spool(&mut conn, spool, nonce, from, to, self.clock.now()).await? {
            return Err(match db::clicks::held_position(&mut conn, spool, nonce).await? {
                None => Error::Displaced,
                // It is asked again where to go on.
                Some(_) => Error::unavailable("it stands elsewhere than it was left; was it restored?"),
            });
        }
        let mut new = 0;
        if !rows.is_empty() {
            // After a restore, or a log that is read twice.
            let already = db::clicks::known_of(&mut conn, rows).await?;
            let firsts = db::clicks::note_visitors(&mut conn, rows).await?;
            db::clicks::insert_or_keep(&mut conn, rows, &firsts).await?;
            let counted = db::rollups::add_clicks(&mut conn, rows, &firsts, &already).await?;
            if self.counts_new {
                new = counted;
            }
            db::uses::note(&mut conn, rows.iter().map(|row| (row.link_id, row.at))).await?;
        }
        conn.commit().await?;
        Ok(new)
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
