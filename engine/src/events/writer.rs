//! The one writer of events: the requests that wait are recorded in one transaction, and each is answered once that is
//! durable. What the database does not take in time is put aside.

use std::{
    mem,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, watch};

use super::{Aside, Call, Recorder, Submission, Submitted, Taken, prepare::Prepared};
use crate::{
    error::{Error, Result},
    numbers::Counts,
};

/// Once a transaction has so many events, further requests wait for the next.
const BATCH: usize = 250;
/// How long the database has since an event came, tries again included, before it is put aside.
const MOST_TRY: Duration = Duration::from_millis(1500);
/// And for a transaction whose events have waited for the one before.
const LEAST_TRY: Duration = Duration::from_millis(400);

pub struct Writer {
    pub recorder: Recorder,
    pub aside: Arc<Aside>,
    /// Whether the database has answered since the start. Its schema may be an older version's before.
    pub ready: watch::Receiver<bool>,
    pub(crate) counts: Arc<Counts>,
    pub said: Said,
}

/// What the log says already: each once, not with every batch.
#[derive(Default)]
pub struct Said {
    /// That the database does not take events. Where any are aside, whoever records them says the end.
    refused: bool,
    /// That they cannot be put aside either.
    homeless: bool,
}

impl Writer {
    /// Runs until `stop`; what was sent by then is written.
    pub(crate) async fn run(mut self, mut submissions: mpsc::Receiver<Submission>, mut stop: watch::Receiver<bool>) {
        let mut batch = Vec::new();
        loop {
            let first = tokio::select! {
                first = submissions.recv() => first,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            let Some(first) = first else { return };
            gather(&mut batch, first, &mut submissions).await;
            self.answer(&mut batch).await;
        }
        submissions.close();
        while let Some(first) = submissions.recv().await {
            gather(&mut batch, first, &mut submissions).await;
            self.answer(&mut batch).await;
        }
    }

    async fn answer(&mut self, batch: &mut Vec<Submission>) {
        let results = self.take(batch).await;
        self.counts.answered(&results);
        let mut results = results.into_iter();
        for Submission { events, answer, .. } in batch.drain(..) {
            // A caller that left is answered by its retry: the event stands.
            let _ = answer.send(results.by_ref().take(events.len()).collect());
        }
    }

    /// One result for each event, in order.
    async fn take(&mut self, batch: &[Submission]) -> Vec<Result<Taken>> {
        // While any event waits aside, all others wait behind it.
        if !self.aside.is_empty() {
            return self.put_aside(batch).await;
        }
        let waited = batch.first().map_or(Duration::ZERO, |first| first.at.elapsed());
        let most = MOST_TRY.saturating_sub(waited).max(LEAST_TRY);
        let events: Vec<&Prepared> = batch.iter().flat_map(|submission| &submission.events).collect();
        let begun = Instant::now();
        let recorded = async {
            if !self.recorder.db.is_away() {
                let _ = self.ready.wait_for(|ready| *ready).await;
            }
            self.recorder.record(&events, false).await
        };
        let recorded = tokio::time::timeout(most, recorded).await;
        match recorded.unwrap_or_else(|_| Err(Error::unavailable("it is too slow, or hangs"))) {
            Ok(answers) => {
                self.counts.recorded(events.len(), begun.elapsed());
                if mem::take(&mut self.said.refused) {
                    tracing::info!("the database takes events again");
                }
                answers.into_iter().map(|answer| answer.map(Taken::Recorded)).collect()
            }
            Err(error) => {
                if !mem::replace(&mut self.said.refused, true) {
                    tracing::error!(%error, "the database does not take events: they are put aside, on disk, until it does");
                }
                let taken = self.put_aside(batch).await;
                self.said.refused = taken.iter().all(Result::is_err);
                taken
            }
        }
    }

    async fn put_aside(&mut self, batch: &[Submission]) -> Vec<Result<Taken>> {
        let submitted = |(prepared, call): (&Prepared, &Arc<Call>)| Submitted {
            prepared: prepared.clone(),
            call: Call::clone(call),
        };
        let events: Vec<Submitted> = batch
            .iter()
            .flat_map(|submission| submission.events.iter().zip(&submission.calls).map(submitted))
            .collect();
        let aside = Arc::clone(&self.aside);
        // The disk may take its time.
        let written = tokio::task::spawn_blocking(move || aside.append(&events)).await;
        let is_written = match written.unwrap_or_else(|error| Err(std::io::Error::other(error))) {
            Ok(()) => true,
            Err(error) => {
                if !self.said.homeless {
                    tracing::error!(%error, "events can neither be recorded nor put aside; their senders are told");
                }
                false
            }
        };
        self.said.homeless = !is_written;
        let result = |(place, event): (usize, &Prepared), calls: &[Arc<Call>]| {
            if is_written && place < calls.len() {
                Ok(Taken::Queued(event.id))
            } else {
                Err(Error::unavailable("events cannot be recorded now"))
            }
        };
        let of = |submission: &Submission| -> Vec<Result<Taken>> {
            submission.events.iter().enumerate().map(|event| result(event, &submission.calls)).collect()
        };
        batch.iter().flat_map(of).collect()
    }
}

/// What waits already joins the first, and so does what is on its way this very moment, up to a whole transaction: many
/// events in one write fewer pages than in two.
async fn gather(batch: &mut Vec<Submission>, first: Submission, submissions: &mut mpsc::Receiver<Submission>) {
    let mut events = first.events.len();
    batch.push(first);
    loop {
        // Requests that can go on now do so before this does; there is no waiting for any other.
        tokio::task::yield_now().await;
        let before = batch.len();
        while events < BATCH
            && let Ok(next) = submissions.try_recv()
        {
            events += next.events.len();
            batch.push(next);
        }
        if batch.len() == before {
            return;
        }
    }
}
