//! Events: from a validated request to one durable row, exactly once.
//!
//! In order: [`Ingest::record`] takes the event, [`prepare`] gathers what memory knows of it,
//! [`writer`] commits many at a time and answers each.

pub mod failures;
mod prepare;
pub mod ref_code;
mod writer;

use std::{sync::Arc, time::Duration};

use model::{
    AdvertiserId, EventId, Timestamp,
    event::{EventAnswer, NewEvent},
};
use tokio::sync::{mpsc, oneshot};

use self::prepare::Prepared;
pub(crate) use self::prepare::derived_id;
pub use self::{failures::Failures, writer::Writer};
use crate::{
    catalog::Catalog,
    error::{Error, Result},
};

/// Events that may wait for the writer; beyond, callers wait for room.
const QUEUE: usize = 4096;
/// How long a sender is kept waiting.
const MOST_WAIT: Duration = Duration::from_secs(10);

/// An event on its way to the database.
pub(crate) struct Submission {
    pub prepared: Prepared,
    pub answer: oneshot::Sender<Result<EventAnswer>>,
}

/// Takes events in.
#[derive(Clone)]
pub struct Ingest {
    catalog: Arc<Catalog>,
    customer_secret: [u8; 32],
    queue: mpsc::Sender<Submission>,
}

impl Ingest {
    pub(crate) fn new(catalog: Arc<Catalog>, customer_secret: [u8; 32]) -> (Self, mpsc::Receiver<Submission>) {
        let (queue, submissions) = mpsc::channel(QUEUE);
        (Self { catalog, customer_secret, queue }, submissions)
    }

    /// Events that wait for the writer, and how many may.
    pub(crate) fn depth(&self) -> (usize, usize) {
        (self.queue.max_capacity() - self.queue.capacity(), self.queue.max_capacity())
    }

    /// Records an event and answers once it is durable.
    pub async fn record(&self, advertiser: AdvertiserId, event: NewEvent, now: Timestamp) -> Result<EventAnswer> {
        self.record_as(advertiser, event, now, None).await
    }

    /// As [`Self::record`]; `unnamed`: the id of an event without an `event_id`, where that is not to be a new one.
    pub(crate) async fn record_as(
        &self,
        advertiser: AdvertiserId,
        event: NewEvent,
        now: Timestamp,
        unnamed: Option<EventId>,
    ) -> Result<EventAnswer> {
        let mut prepared = prepare::prepare(&self.catalog, &self.customer_secret, advertiser, event, now);
        if let Some(id) = unnamed.filter(|_| !prepared.may_stand) {
            (prepared.id, prepared.may_stand) = (id, true);
        }
        let (answer, answered) = oneshot::channel();
        let stopping = |_| Error::unavailable("the server is stopping");
        self.queue
            .send(Submission { prepared, answer })
            .await
            .map_err(|_| Error::unavailable("the server is stopping"))?;
        // Whatever becomes of it, a shop that sends an event_id may send it again.
        match tokio::time::timeout(MOST_WAIT, answered).await {
            Ok(answer) => answer.map_err(stopping)?,
            Err(_) => Err(Error::unavailable("the database is too slow")),
        }
    }
}
