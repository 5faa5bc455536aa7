//! What authenticated calls got wrong, kept for whoever mends it: written behind the answer, never in its way.

use std::{collections::BTreeSet, time::Duration};

use model::{AdvertiserId, FailureId, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};

use crate::{
    Seldom,
    db::{self, Db, failures::StoredFailure},
    error::{Error, Result},
};

/// Failures that may wait to be written; beyond, they are counted in the log and dropped.
const QUEUE: usize = 1024;
const BATCH: usize = 100;
/// So many are kept of each advertiser.
const MOST_KEPT: i64 = 1000;
/// So much of a body is kept.
pub const MOST_BODY: usize = 16 * 1024;
const MOST_TIME: Duration = Duration::from_secs(5);
/// A transient fault (busy, deadlock, lost connection) is tried again soon; a database that is away, less often.
const SOON: u32 = 3;
const PAUSE: Duration = Duration::from_millis(50);
const LONG_PAUSE: Duration = Duration::from_secs(1);

/// Takes failures in.
#[derive(Clone)]
pub struct Failures(mpsc::Sender<StoredFailure>);

impl Failures {
    pub(crate) fn new() -> (Self, mpsc::Receiver<StoredFailure>) {
        let (queue, waiting) = mpsc::channel(QUEUE);
        (Self(queue), waiting)
    }

    pub fn keep(&self, failure: StoredFailure) {
        if self.0.try_send(failure).is_err() {
            static NOT_KEPT: Seldom = Seldom::new();
            NOT_KEPT.say((), |left_out| {
                tracing::warn!(left_out, "a failed event is not kept: too many arrive, or the server is stopping");
            });
        }
    }
}

/// Runs until `stop`; what was sent by then is written. While the database is away, up to [`QUEUE`] wait for it.
pub(crate) async fn write(
    db: Db,
    mut waiting: mpsc::Receiver<StoredFailure>,
    mut ready: watch::Receiver<bool>,
    mut stop: watch::Receiver<bool>,
) {
    tokio::select! {
        _ = ready.wait_for(|ready| *ready) => {}
        _ = stop.wait_for(|stop| *stop) => return,
    }
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let received = tokio::select! {
            received = waiting.recv_many(&mut batch, BATCH) => received,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        if received == 0 {
            return;
        }
        write_batch(&db, &mut batch, &mut stop).await;
    }
    waiting.close();
    while waiting.recv_many(&mut batch, BATCH).await > 0 {
        write_batch(&db, &mut batch, &mut stop).await;
    }
}

async fn write_batch(db: &Db, batch: &mut Vec<StoredFailure>, stop: &mut watch::Receiver<bool>) {
    // In the order that uses of keys are noted in, too: MySQL locks each row's key, and two orders are a deadlock.
    batch.sort_by_key(|failure| failure.api_key_id);
    insert_or_say(db, batch, stop).await;
    batch.clear();
}

async fn insert_or_say(db: &Db, batch: &[StoredFailure], stop: &mut watch::Receiver<bool>) {
    let mut tries = 1;
    loop {
        let done = tokio::time::timeout(MOST_TIME, insert(db, batch)).await;
        match done.unwrap_or_else(|_| Err(Error::unavailable("the database hangs"))) {
            Ok(()) => return,
            Err(Error::Unavailable(_)) if tries < SOON => {
                tokio::time::sleep(PAUSE).await;
                tries += 1;
            }
            Err(Error::Unavailable(_)) if !*stop.borrow() => {
                tokio::select! {
                    () = tokio::time::sleep(LONG_PAUSE) => {}
                    () = db.returned() => {}
                    _ = stop.changed() => tries = 1,
                }
            }
            // One of them may be what is wrong: the others are kept.
            Err(Error::Internal(_) | Error::Unstorable(_)) if batch.len() > 1 => {
                for failure in batch {
                    Box::pin(insert_or_say(db, std::slice::from_ref(failure), stop)).await;
                }
                return;
            }
            Err(error) => {
                tracing::warn!(%error, failures = batch.len(), "failed events could not be kept");
                return;
            }
        }
    }
}

/// Keeps failures, each once by its id, and forgets the oldest beyond what is kept.
pub(super) async fn insert(db: &Db, batch: &[StoredFailure]) -> Result<()> {
    let mut conn = db.begin().await?;
    let new = db::failures::insert(&mut conn, batch).await?;
    db::failure_groups::count(&mut conn, &new).await?;
    let advertisers: BTreeSet<AdvertiserId> = batch.iter().map(|failure| failure.advertiser_id).collect();
    for advertiser in advertisers {
        db::failures::keep_newest(&mut conn, advertiser, MOST_KEPT).await?;
    }
    conn.commit().await
}

/// What was sent, as far as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptBody {
    pub text: String,
    /// Whether the text is all of it, unchanged: then it can be tried again.
    pub is_whole: bool,
}

/// The beginning of a body as text.
pub fn kept_body(body: &[u8]) -> KeptBody {
    let cut = &body[..body.len().min(MOST_BODY)];
    match std::str::from_utf8(cut) {
        // Texts with NUL are no JSON, and not every column takes them.
        Ok(text) if !text.contains('\0') => KeptBody { text: text.to_owned(), is_whole: cut.len() == body.len() },
        _ => KeptBody { text: String::from_utf8_lossy(cut).replace('\0', "\u{fffd}"), is_whole: false },
    }
}

pub(crate) fn new_failure_id(now: Timestamp) -> FailureId {
    FailureId(crate::clock::new_id(now, &mut rand::rng()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_body_of_text_can_be_sent_again() {
        assert_eq!(kept_body(b"{}"), KeptBody { text: "{}".to_owned(), is_whole: true });
        assert!(!kept_body(&[b'x'; MOST_BODY + 1]).is_whole);
        assert!(!kept_body(b"\xff").is_whole);
        assert!(!kept_body(b"a\0b").is_whole);
    }
}
