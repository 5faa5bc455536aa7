//! Has the events that were put aside recorded, in the order they came, once the database is back.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use model::FailureId;
use tokio::sync::watch;

use super::{Aside, Recorder, Submitted, aside::Waiting, failures};
use crate::{
    clicks::Drained,
    db::{Db, failures::StoredFailure},
    error::{Error, Result},
    numbers::Counts,
};

/// Events in one transaction.
const BATCH: usize = 500;
/// A slow database is given time; one that hangs is asked again.
const MOST_TRANSACTION: Duration = Duration::from_secs(10);
/// One that is back is in use within so long.
const BETWEEN_TRIES: Duration = Duration::from_millis(300);
/// Clicks that events name go first, for so long.
const MOST_CLICKS: Duration = Duration::from_secs(10);

pub struct Replay {
    pub recorder: Recorder,
    pub aside: Arc<Aside>,
    pub db: Db,
    pub clicks: Drained,
    pub(crate) counts: Arc<Counts>,
}

impl Replay {
    /// Runs until `stop`. What waits then waits for the next start.
    pub async fn run(self, mut ready: watch::Receiver<bool>, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            _ = ready.wait_for(|ready| *ready) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        tokio::select! {
            () = self.record_all() => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    async fn record_all(&self) {
        let mut state = self.aside.watch();
        let mut recorded = 0_usize;
        let mut is_stuck = false;
        while state.wait_for(|state| state.events > 0).await.is_ok() {
            let done = tokio::select! {
                done = self.record_some() => done,
                // What was asked before may never be answered.
                () = self.db.returned() => continue,
            };
            match done {
                Ok(events) => {
                    recorded += events;
                    is_stuck = false;
                    if self.aside.is_empty() {
                        tracing::info!(
                            events = recorded,
                            "the database takes events again; all that were put aside are recorded"
                        );
                        recorded = 0;
                    }
                }
                Err(error) => {
                    // Once, not with every try. That the database is away was said when the first was put aside.
                    if !is_stuck && !matches!(error, Error::Unavailable(_)) {
                        tracing::error!(%error, "events that were put aside cannot be recorded");
                    }
                    is_stuck = true;
                    tokio::time::sleep(BETWEEN_TRIES).await;
                }
            }
        }
    }

    /// Records the first that wait, and says how many.
    async fn record_some(&self) -> Result<usize> {
        let aside = Arc::clone(&self.aside);
        let waiting = tokio::task::spawn_blocking(move || aside.first(BATCH)).await.map_err(io::Error::other);
        let waiting =
            waiting.flatten().map_err(|error| Error::Internal(format!("the log of events aside: {error}")))?;
        if waiting.events.iter().any(|event| event.prepared.is_click_open()) {
            let _ = tokio::time::timeout(MOST_CLICKS, self.clicks.all()).await;
        }
        let recorded = tokio::time::timeout(MOST_TRANSACTION, self.record(&waiting)).await;
        recorded.unwrap_or_else(|_| Err(Error::unavailable("it hangs")))?;
        let events = waiting.events.len();
        let aside = Arc::clone(&self.aside);
        let _ = tokio::task::spawn_blocking(move || aside.recorded(&waiting)).await;
        Ok(events)
    }

    async fn record(&self, waiting: &Waiting) -> Result<()> {
        let events: Vec<_> = waiting.events.iter().map(|event| &event.prepared).collect();
        let begun = Instant::now();
        let answers = self.recorder.record(&events, true).await?;
        self.counts.recorded(events.len(), begun.elapsed());
        let failed: Vec<StoredFailure> = waiting
            .events
            .iter()
            .zip(&answers)
            .filter_map(|(event, answer)| failure(event, answer.as_ref().err()?))
            .collect();
        if !failed.is_empty() {
            failures::insert(&self.db, &failed).await?;
        }
        // Once they need not be recorded again.
        self.counts.replayed(&answers);
        Ok(())
    }
}

/// The sender has its answer: what came of it stands among the failures.
fn failure(event: &Submitted, error: &Error) -> Option<StoredFailure> {
    let (code, status, detail) = match error {
        Error::Conflict(detail) => {
            ("conflict", 409, format!("{detail} (it was answered 202, while the database was away)"))
        }
        error => {
            tracing::error!(%error, event = %event.prepared.id, "an event that was put aside is refused by the database");
            ("internal", 500, "The database refuses this event; see the log.".to_owned())
        }
    };
    let Submitted { prepared, call } = event;
    Some(StoredFailure {
        // However often it is read from the log, it is one failure.
        id: FailureId(prepared.receipt_id),
        advertiser_id: prepared.advertiser_id,
        api_key_id: call.key,
        code: code.to_owned(),
        status,
        detail,
        errors: Vec::new(),
        action: call.action,
        idempotency_key: call.idempotency_key.clone(),
        body: call.body.clone(),
        request_id: call.request_id.clone(),
        received_at: prepared.received_at,
        retried_at: None,
        event_id: None,
    })
}
