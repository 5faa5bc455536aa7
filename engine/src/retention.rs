//! Deletes clicks and events once they are old, a little at a time, on a thread of the lowest priority. What they come to
//! stays in the sums. Of the nodes of one database, one deletes at a time.

use std::{
    io,
    time::{Duration, Instant},
};

use model::{
    Timestamp,
    time::{DAY, MINUTE},
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    clock::Clock,
    db::{self, Db, retention::Old},
    error::{Error, Result},
    lowest,
};

/// Events may be sent for 90 days, and are known by their id as long; the day in progress is not whole.
pub const LEAST_DAYS: u32 = 91;

/// How often it is looked whether a day has become old.
const BETWEEN_ROUNDS: Duration = Duration::from_secs(600);
/// After a fault.
const BACKOFF: Duration = Duration::from_secs(30);
/// A node that says nothing for so long has lost its turn.
const TURN: i64 = 2 * MINUTE;
const RENEW: Duration = Duration::from_secs(30);
/// Rows of one transaction, least and most: on SQLite whoever records events waits for it.
const LEAST_BATCH: i64 = 50;
const MOST_BATCH: i64 = 1000;
const LONG_TRANSACTION: Duration = Duration::from_millis(20);
/// Between two transactions others have the database this many times as long.
const REST: u32 = 4;
const LEAST_REST: Duration = Duration::from_millis(10);
const MOST_TRANSACTION: Duration = Duration::from_secs(30);
const MOST_CLOSING: Duration = Duration::from_millis(300);

/// How long clicks and events themselves are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// 0: for ever. Else [`LEAST_DAYS`] at least, whatever is said.
    pub days: u32,
    /// Whether only what is in the archive is deleted.
    pub after_archive: bool,
}

impl Retention {
    pub(crate) fn wanted(self) -> Option<Self> {
        (self.days > 0).then_some(Self { days: self.days.max(LEAST_DAYS), ..self })
    }
}

pub struct Sweeper {
    pub db: Db,
    pub database_url: String,
    pub clock: Clock,
    pub retention: Retention,
    /// Names this process among those that would delete.
    pub holder: Uuid,
}

impl Sweeper {
    /// Starts the thread, which ends with `stop`. Nothing waits for it: what is not deleted today is tomorrow.
    pub fn start(self, mut ready: watch::Receiver<bool>, mut stop: watch::Receiver<bool>) -> io::Result<()> {
        lowest::spawn("retention", move || async move {
            tokio::select! {
                _ = ready.wait_for(|ready| *ready) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            match self.db.apart(&self.database_url) {
                Ok(db) => {
                    Self { db: db.clone(), ..self }.run(stop).await;
                    let _ = tokio::time::timeout(MOST_CLOSING, db.close()).await;
                }
                Err(error) => tracing::error!(%error, "what is old is not deleted: there is no database"),
            }
        })
    }

    async fn run(self, mut stop: watch::Receiver<bool>) {
        loop {
            let done = tokio::select! {
                done = self.round() => done,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            let wait = match done {
                Ok(()) => BETWEEN_ROUNDS,
                Err(error) => {
                    tracing::warn!(%error, "what is old is not deleted; it is tried again");
                    BACKOFF
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Deletes all that is old by now, unless another node is at it.
    async fn round(&self) -> Result<()> {
        let mut oldest = Timestamp((self.clock.now().utc_day() - i64::from(self.retention.days)) * DAY);
        let mut conn = self.db.begin().await?;
        if !self.take_turn(&mut conn).await? {
            return Ok(());
        }
        if self.retention.after_archive {
            let archived = db::retention::archived_to(&mut conn).await?;
            oldest = oldest.min(archived.unwrap_or(Timestamp(i64::MIN)));
        }
        // Another node may be told to keep less.
        let before = db::retention::rows_from(&mut conn).await?;
        if before.is_none_or(|before| before < oldest) && db::retention::is_any_before(&mut conn, oldest).await? {
            // Known before anything goes: whoever reads figures from now on asks no rows of then.
            db::retention::raise_rows_from(&mut conn, oldest).await?;
        }
        let Some(rows_from) = db::retention::rows_from(&mut conn).await? else { return conn.commit().await };
        conn.commit().await?;
        let begun = Instant::now();
        let mut deleted = [0; Old::ALL.len()];
        for (old, count) in Old::ALL.into_iter().zip(&mut deleted) {
            *count = self.delete(old, rows_from.min(oldest)).await?;
        }
        if deleted.iter().any(|count| *count > 0) {
            let [clicks, events, failures] = deleted;
            let took = begun.elapsed();
            tracing::info!(clicks, events, failures, before = %rows_from, ?took, "what was older is deleted; its sums stay");
        }
        Ok(())
    }

    async fn delete(&self, old: Old, before: Timestamp) -> Result<usize> {
        let (mut deleted, mut batch, mut renewed) = (0, LEAST_BATCH, Instant::now());
        loop {
            let begun = Instant::now();
            let part = tokio::time::timeout(MOST_TRANSACTION, self.delete_some(old, before, batch, &mut renewed));
            let part = part.await.map_err(|_| Error::unavailable("it hangs"))??;
            let took = begun.elapsed();
            deleted += part;
            if part == 0 {
                return Ok(deleted);
            }
            batch = if took > LONG_TRANSACTION { batch / 2 } else { batch * 2 }.clamp(LEAST_BATCH, MOST_BATCH);
            tokio::time::sleep((took * REST).max(LEAST_REST)).await;
        }
    }

    async fn delete_some(&self, old: Old, before: Timestamp, most: i64, renewed: &mut Instant) -> Result<usize> {
        let mut conn = self.db.begin().await?;
        if renewed.elapsed() > RENEW {
            if !self.take_turn(&mut conn).await? {
                return Err(Error::unavailable("another node deletes"));
            }
            *renewed = Instant::now();
        }
        let deleted = db::retention::delete_some(&mut conn, old, before, most).await?;
        conn.commit().await?;
        Ok(deleted)
    }

    async fn take_turn(&self, conn: &mut db::Conn) -> Result<bool> {
        let now = self.clock.now();
        db::retention::take_turn(conn, self.holder, now, now.plus(TURN)).await
    }
}
