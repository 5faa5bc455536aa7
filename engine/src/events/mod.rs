//! Events: from a validated request to one durable row, exactly once.
//!
//! In order: [`Ingest::record`] takes events, [`prepare`] gathers what memory knows of each, [`writer`] has many at a
//! time recorded by [`recorder`] and answers them. While the database is away the writer puts them [`aside`], and
//! [`replay`] has them recorded by the same [`recorder`] once it is back.

mod aside;
pub mod failures;
pub(crate) mod prepare;
pub(crate) mod recorder;
mod redacted;
pub mod ref_code;
mod replay;
mod writer;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use model::{
    AdvertiserId, ApiKeyId, EventId, Timestamp,
    event::{Action, EventAnswer, NewEvent},
};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

pub(crate) use self::prepare::derived_id;
pub use self::{
    aside::{Aside, AsideState, look as look_aside},
    failures::{Failures, kept_body},
    recorder::Recorder,
    redacted::redacted,
    replay::Replay,
    writer::{Said, Writer},
};
use self::{failures::KeptBody, prepare::Prepared};
use crate::{
    catalog::Catalog,
    clicks::RecentClicks,
    error::{Error, Result},
};

/// Requests that may wait for the writer; beyond, callers wait for room.
const QUEUE: usize = 4096;
/// How long a sender is kept waiting: long enough for the writer to give the database up and put an event aside.
const MOST_WAIT: Duration = Duration::from_secs(10);

/// The call that brought an event, for whoever has to mend it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Call {
    pub key: ApiKeyId,
    /// The action of the path, where the path names one.
    pub action: Option<Action>,
    pub idempotency_key: Option<String>,
    pub body: KeptBody,
    pub request_id: String,
}

/// What became of an event that was taken.
#[derive(Clone, Debug, PartialEq)]
pub enum Taken {
    Recorded(EventAnswer),
    /// It is on disk, and is recorded once the database is back.
    Queued(EventId),
}

/// An event on its way to the database.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Submitted {
    pub(crate) prepared: Prepared,
    pub(crate) call: Call,
}

/// One request's events.
pub(crate) struct Submission {
    pub events: Vec<Prepared>,
    /// Of each event; none where it is not to be put aside.
    pub calls: Vec<Arc<Call>>,
    pub at: Instant,
    pub answer: oneshot::Sender<Vec<Result<Taken>>>,
}

/// Takes events in.
#[derive(Clone)]
pub struct Ingest {
    catalog: Arc<Catalog>,
    recent: Arc<RecentClicks>,
    customer_secret: [u8; 32],
    queue: mpsc::Sender<Submission>,
}

impl Ingest {
    pub(crate) fn new(
        catalog: Arc<Catalog>,
        recent: Arc<RecentClicks>,
        customer_secret: [u8; 32],
    ) -> (Self, mpsc::Receiver<Submission>) {
        let (queue, submissions) = mpsc::channel(QUEUE);
        (Self { catalog, recent, customer_secret, queue }, submissions)
    }

    /// Requests that wait for the writer, and how many may.
    pub(crate) fn depth(&self) -> (usize, usize) {
        (self.queue.max_capacity() - self.queue.capacity(), self.queue.max_capacity())
    }

    /// Records events, each with the call that brought it, and answers once they are durable: in the database, or on
    /// disk while that is away.
    pub async fn record(
        &self,
        advertiser: AdvertiserId,
        events: Vec<(NewEvent, Arc<Call>)>,
        now: Timestamp,
    ) -> Result<Vec<Result<Taken>>> {
        let (events, calls) =
            events.into_iter().map(|(event, call)| (self.prepare(advertiser, event, now), call)).unzip();
        self.submit(events, calls).await
    }

    /// Records an event that is tried again, as of its first arrival. One without an `event_id` takes the id
    /// `unnamed`, so that it stays one event however often it is tried.
    pub(crate) async fn retry(
        &self,
        advertiser: AdvertiserId,
        event: NewEvent,
        arrived: Timestamp,
        unnamed: EventId,
    ) -> Result<EventAnswer> {
        let mut prepared = self.prepare(advertiser, event, arrived);
        if !prepared.may_stand {
            (prepared.id, prepared.may_stand) = (unnamed, true);
        }
        match self.submit(vec![prepared], Vec::new()).await?.pop() {
            Some(Ok(Taken::Recorded(answer))) => Ok(answer),
            Some(Err(error)) => Err(error),
            Some(Ok(Taken::Queued(_))) | None => {
                Err(Error::Internal("a retry was neither recorded nor refused".into()))
            }
        }
    }

    /// An event with what memory knows of it now.
    pub(crate) fn prepare(&self, advertiser: AdvertiserId, event: NewEvent, now: Timestamp) -> Prepared {
        prepare::prepare(&self.catalog, &self.recent, &self.customer_secret, advertiser, event, now)
    }

    async fn submit(&self, events: Vec<Prepared>, calls: Vec<Arc<Call>>) -> Result<Vec<Result<Taken>>> {
        let (answer, answered) = oneshot::channel();
        let stopping = || Error::unavailable("the server is stopping");
        self.queue.send(Submission { events, calls, at: Instant::now(), answer }).await.map_err(|_| stopping())?;
        // Whatever becomes of it, a shop that sends an event_id may send it again.
        match tokio::time::timeout(MOST_WAIT, answered).await {
            Ok(answer) => answer.map_err(|_| stopping()),
            Err(_) => Err(Error::unavailable("the database is too slow")),
        }
    }
}
