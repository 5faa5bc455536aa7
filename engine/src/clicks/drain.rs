//! Moves clicks from the log into the database as they come, by [`super::transfer`].
//!
//! It has a thread of the lowest priority, and a connection of its own: what it does never waits for, nor
//! takes from, whoever answers shoppers. Under load it falls behind; that is what the log is for.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use model::{Timestamp, time::HOUR};
use rand::RngExt;
use tokio::sync::{oneshot, watch};
use uuid::Uuid;

use super::{
    country::Countries,
    enrich::{Enricher, IpStorage},
    spool::Spool,
    transfer::{LogName, Transfer},
};
use crate::{
    clock::Clock,
    db::{self, Db, clicks::Position},
    error::{Error, Result},
    lowest,
    numbers::Counts,
};

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
    pub(crate) counts: Arc<Counts>,
}

impl Drain {
    /// Starts the thread. What is returned ends when the thread does, however it does.
    pub fn start(
        self,
        mut ready: watch::Receiver<bool>,
        stop: watch::Receiver<bool>,
    ) -> io::Result<oneshot::Receiver<()>> {
        let (ended, end) = oneshot::channel();
        lowest::spawn("drain", move || async move {
            self.work(&mut ready, stop).await;
            let _ = ended.send(());
        })?;
        Ok(end)
    }

    async fn work(self, ready: &mut watch::Receiver<bool>, mut stop: watch::Receiver<bool>) {
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
    }

    /// Runs until `stop`; then empties what is left, as far as the database takes it at once.
    async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut backoff = FIRST_BACKOFF;
        let log = LogName { folder: self.spool.folder().into(), spool: self.spool.id(), nonce: self.nonce };
        let enricher = Enricher::new(self.ip_storage, self.visitor_secret, self.countries.clone());
        let mut transfer = Transfer::new(self.db.clone(), self.clock.clone(), log, enricher);
        let mut tidied = Timestamp(0);
        loop {
            let is_last_round = *stop.borrow();
            let done = tokio::select! {
                done = self.round(&mut transfer, &mut tidied) => done,
                () = tokio::time::sleep(MOST_ROUND) => Err(Error::unavailable("it hangs")),
                // What was asked before may never be answered.
                () = self.db.returned() => {
                    transfer.ask_again();
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
                    transfer.ask_again();
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
    async fn round(&self, transfer: &mut Transfer, tidied: &mut Timestamp) -> Result<bool> {
        let from = transfer.position().await?;
        let is_known = *self.drained.borrow() == Some(from);
        if !is_known {
            // Before the tail is asked for: it is never behind what the database has read.
            self.spool.begin_after(from);
            self.note(from);
        }
        if let Some(moved) = transfer.step(self.spool.tail()).await? {
            self.counts.moved(&moved);
            self.note(transfer.position().await?);
            return Ok(true);
        }
        let now = self.clock.now();
        if now.0 - tidied.0 > HOUR && self.tidy(now).await? {
            *tidied = now;
        }
        Ok(false)
    }

    /// What is known to be in the database.
    fn note(&self, position: Position) {
        self.spool.read_up_to(position);
        self.drained.send_replace(Some(position));
    }

    /// Deletes what was read long ago; true once nothing is left to delete.
    async fn tidy(&self, now: Timestamp) -> Result<bool> {
        self.spool.delete_read(KEEP_SEGMENTS);
        // A slice at a time: events wait for the same writer.
        let mut conn = self.db.begin().await?;
        let forgotten = db::clicks::forget_visitors(&mut conn, now.utc_day() - KEEP_VISITORS_DAYS).await?;
        conn.commit().await?;
        Ok(!forgotten)
    }
}
