//! The one writer of events: the requests that wait are recorded in one transaction, and each is answered once that is
//! durable. What the database does not take in time is put aside.

use std::{sync::Arc, time::Duration};

use tokio::sync::{mpsc, watch};

use super::{Aside, Call, Recorder, Submission, Submitted, Taken, prepare::Prepared};
use crate::error::{Error, Result};

/// Once a transaction has so many events, further requests wait for the next.
const BATCH: usize = 250;
/// How long the database has for a transaction, tries again included, before events are put aside.
const MOST_TRY: Duration = Duration::from_millis(1500);

pub struct Writer {
    pub recorder: Recorder,
    pub aside: Arc<Aside>,
}

impl Writer {
    /// Runs until `stop`; what was sent by then is written.
    pub(crate) async fn run(self, mut submissions: mpsc::Receiver<Submission>, mut stop: watch::Receiver<bool>) {
        let mut batch = Vec::new();
        loop {
            let first = tokio::select! {
                first = submissions.recv() => first,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            let Some(first) = first else { return };
            gather(&mut batch, first, &mut submissions);
            self.answer(&mut batch).await;
        }
        submissions.close();
        while let Some(first) = submissions.recv().await {
            gather(&mut batch, first, &mut submissions);
            self.answer(&mut batch).await;
        }
    }

    async fn answer(&self, batch: &mut Vec<Submission>) {
        let mut results = self.take(batch).await.into_iter();
        for Submission { events, answer, .. } in batch.drain(..) {
            // A caller that left is answered by its retry: the event stands.
            let _ = answer.send(results.by_ref().take(events.len()).collect());
        }
    }

    /// One result for each event, in order.
    async fn take(&self, batch: &[Submission]) -> Vec<Result<Taken>> {
        // While any event waits aside, all others wait behind it.
        if self.aside.is_empty() {
            let events: Vec<&Prepared> = batch.iter().flat_map(|submission| &submission.events).collect();
            let recorded = tokio::time::timeout(MOST_TRY, self.recorder.record(&events)).await;
            match recorded.unwrap_or_else(|_| Err(Error::unavailable("the database is too slow, or hangs"))) {
                Ok(answers) => return answers.into_iter().map(|answer| answer.map(Taken::Recorded)).collect(),
                Err(error) => {
                    tracing::error!(%error, "the database does not take events: they are put aside, on disk, until it does");
                }
            }
        }
        self.put_aside(batch).await
    }

    async fn put_aside(&self, batch: &[Submission]) -> Vec<Result<Taken>> {
        let submitted = |(prepared, call): (&Prepared, &Call)| {
            // By then it may be there: nobody knows how far the database got.
            let prepared = Prepared { may_stand: true, ..prepared.clone() };
            Submitted { prepared, call: call.clone() }
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
                tracing::error!(%error, "events can neither be recorded nor put aside; their senders are told");
                false
            }
        };
        let result = |(place, event): (usize, &Prepared), calls: &[Call]| {
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

/// What waits already joins the first, up to a whole transaction.
fn gather(batch: &mut Vec<Submission>, first: Submission, submissions: &mut mpsc::Receiver<Submission>) {
    let mut events = first.events.len();
    batch.push(first);
    while events < BATCH
        && let Ok(next) = submissions.try_recv()
    {
        events += next.events.len();
        batch.push(next);
    }
}
