//! The one writer of events: many requests in one transaction, each answered once that is durable.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use model::{
    AdvertiserId, EventId, LinkId, Timestamp,
    event::{EventAnswer, EventStatus},
};
use tokio::sync::{mpsc, watch};

use super::{
    Submission,
    prepare::{self, Prepared},
};
use crate::{
    attribution::{self, ClickFacts, LinkFacts},
    catalog::Catalog,
    clicks::RecentClicks,
    db::{
        self, Conn, Db,
        events::{EventRow, Recorded},
    },
    error::{Error, Result},
};

/// Events in one transaction.
const BATCH: usize = 250;
/// A transient fault (busy, deadlock, lost connection) is tried again before the caller is told.
const TRIES: u32 = 2;
const PAUSE: Duration = Duration::from_millis(50);

/// A database that hangs must not hold its senders for longer.
const MOST_TIME: Duration = Duration::from_secs(5);

pub struct Writer {
    pub db: Db,
    pub catalog: Arc<Catalog>,
    pub recent: Arc<RecentClicks>,
}

impl Writer {
    /// Runs until `stop`; what was sent by then is written.
    pub(crate) async fn run(self, mut submissions: mpsc::Receiver<Submission>, mut stop: watch::Receiver<bool>) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let received = tokio::select! {
                received = submissions.recv_many(&mut batch, BATCH) => received,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            if received == 0 {
                return;
            }
            self.answer(&mut batch).await;
        }
        submissions.close();
        while submissions.recv_many(&mut batch, BATCH).await > 0 {
            self.answer(&mut batch).await;
        }
    }

    async fn answer(&self, batch: &mut Vec<Submission>) {
        let (events, answers): (Vec<_>, Vec<_>) =
            batch.drain(..).map(|submission| (submission.prepared, submission.answer)).unzip();
        let results = self.record(&events).await;
        for (answer, result) in answers.into_iter().zip(results) {
            // A caller that left is answered by its retry: the event stands.
            let _ = answer.send(result);
        }
    }

    async fn record(&self, events: &[Prepared]) -> Vec<Result<EventAnswer>> {
        let mut tries = 1;
        loop {
            let done = tokio::time::timeout(MOST_TIME, self.transact(events)).await;
            match done.unwrap_or_else(|_| Err(Error::unavailable("the database hangs"))) {
                Ok(answers) => return answers,
                Err(Error::Unavailable(_)) if tries < TRIES => {
                    tokio::time::sleep(PAUSE).await;
                    tries += 1;
                }
                Err(error @ (Error::Internal(_) | Error::Unstorable(_))) if events.len() > 1 => {
                    tracing::error!(
                        %error,
                        events = events.len(),
                        "a batch was refused; its events are tried one by one"
                    );
                    let mut answers = Vec::with_capacity(events.len());
                    for event in events {
                        answers.extend(Box::pin(self.record(std::slice::from_ref(event))).await);
                    }
                    return answers;
                }
                Err(error) => {
                    tracing::error!(%error, events = events.len(), "events could not be recorded; their senders are told");
                    return events.iter().map(|_| Err(told(&error))).collect();
                }
            }
        }
    }

    /// One transaction: what stands already, the credits of what does not, the rows, and whose they are.
    async fn transact(&self, events: &[Prepared]) -> Result<Vec<Result<EventAnswer>>> {
        let mut conn = self.db.begin().await?;
        let mut standing = Standing::new();
        let known = ids_of(events.iter().filter(|event| event.may_stand));
        look_up(&mut conn, &known, &mut standing).await?;
        let new: Vec<&Prepared> = first_of_each_id(events, &standing);
        let rows = self.credit(&mut conn, &new).await?;
        if !rows.is_empty() {
            db::events::insert_or_keep(&mut conn, &rows).await?;
            let used = |row: &EventRow| Some((row.attribution.coupon_id?.0, row.occurred_at));
            db::uses::note(&mut conn, rows.iter().filter_map(used)).await?;
        }
        if conn.is_only_writer() {
            standing.extend(rows.iter().map(|row| (row.id, row.recorded())));
        } else {
            // Another node may have been first with some of them: what stands now is read back.
            look_up(&mut conn, &ids_of(new.iter().copied()), &mut standing).await?;
        }
        conn.commit().await?;
        Ok(events.iter().map(|event| answer(event, standing.get(&event.id))).collect())
    }

    /// Credits every event, in the order they came: the first of a new customer is the touch of the next.
    async fn credit(&self, conn: &mut Conn, events: &[&Prepared]) -> Result<Vec<EventRow>> {
        let click_ids: Vec<_> = events.iter().filter_map(|event| event.click_id).collect();
        let clicks: HashMap<_, _> = db::clicks::links_of(conn, &click_ids)
            .await?
            .into_iter()
            .map(|(id, advertiser, link)| (id, (advertiser, link)))
            .collect();
        let mut touches = self.touches(conn, events).await?;
        let mut rows: Vec<EventRow> = Vec::with_capacity(events.len());
        for event in events {
            let mut facts = event.facts.clone();
            if let (Some(key), Some(id)) = (&mut facts.click, event.click_id)
                && let Some((advertiser_id, link)) = clicks.get(&id).copied().or_else(|| self.recent.find(id))
            {
                key.found = Some(ClickFacts { id, advertiser_id, link: self.link_facts(link) });
            }
            let known = event.customer.map(|customer| touches.entry((event.advertiser_id, customer)).or_default());
            if let Some(known) = &known {
                facts.touches = known.iter().filter_map(|(_, link)| self.link_facts(*link)).collect();
            }
            let attribution = attribution::decide(&facts);
            if let (Some(known), Some(link)) = (known, attribution.link_id) {
                touch(known, (event.occurred_at, event.id), link);
            }
            rows.push(row(event, attribution));
        }
        Ok(rows)
    }

    async fn touches(&self, conn: &mut Conn, events: &[&Prepared]) -> Result<Touches> {
        let customers: HashSet<(AdvertiserId, [u8; 16])> =
            events.iter().filter_map(|event| Some((event.advertiser_id, event.customer?))).collect();
        let customers: Vec<_> = customers.into_iter().collect();
        // A customer's hash holds its advertiser: one hash is one tenant's.
        let owners: HashMap<[u8; 16], AdvertiserId> =
            customers.iter().map(|(advertiser, customer)| (*customer, *advertiser)).collect();
        let mut touches = Touches::new();
        for touch in db::events::touches(conn, &customers).await? {
            if let Some(owner) = owners.get(&touch.customer) {
                let known = touches.entry((*owner, touch.customer)).or_default();
                known.push(((touch.occurred_at, touch.event_id), touch.link_id));
            }
        }
        Ok(touches)
    }

    fn link_facts(&self, id: LinkId) -> Option<LinkFacts> {
        let link = self.catalog.link_by_id(id)?;
        Some(LinkFacts { owner: prepare::owner(&self.catalog, link.campaign_id, link.influencer_id), link })
    }
}

/// Each customer's links, by the (time, id) of the event that was credited through them first.
type Touches = HashMap<(AdvertiserId, [u8; 16]), Vec<Touched>>;
type Touched = ((Timestamp, EventId), LinkId);

/// What stands under an event's id.
type Standing = HashMap<EventId, Recorded>;

async fn look_up(conn: &mut Conn, ids: &[EventId], standing: &mut Standing) -> Result<()> {
    if !ids.is_empty() {
        let found = db::events::recorded(conn, ids).await?;
        standing.extend(found.into_iter().map(|recorded| (recorded.id, recorded)));
    }
    Ok(())
}

fn ids_of<'a>(events: impl Iterator<Item = &'a Prepared>) -> Vec<EventId> {
    events.map(|event| event.id).collect()
}

/// Notes that a link was credited for an event, keeping each link once, at its earliest event, in order.
fn touch(known: &mut Vec<Touched>, at: (Timestamp, EventId), link: LinkId) {
    let before = known.iter().position(|(_, touched)| *touched == link).map(|place| known.remove(place));
    let at = before.map_or(at, |(earlier, _)| earlier.min(at));
    let place = known.partition_point(|(other, _)| *other < at);
    known.insert(place, (at, link));
}

fn row(event: &Prepared, attribution: model::attribution::Attribution) -> EventRow {
    let sent = &event.event;
    let keys = serde_json::json!({
        "coupon_codes": sent.coupon_codes,
        "ref_code": sent.ref_code,
        "click_id": sent.click_id,
        "landing_url": sent.landing_url,
        "referrer": sent.referrer,
    });
    EventRow {
        receipt_id: event.receipt_id,
        id: event.id,
        advertiser_id: event.advertiser_id,
        fingerprint: event.fingerprint,
        event: event.event.clone(),
        occurred_at: event.occurred_at,
        received_at: event.received_at,
        customer: event.customer,
        attribution_keys: keys.to_string(),
        attribution,
    }
}

/// Those that may be new. Twice the same id in one batch: the first stands for all, as it would in the database.
fn first_of_each_id<'a>(events: &'a [Prepared], standing: &Standing) -> Vec<&'a Prepared> {
    let mut seen = HashSet::new();
    events.iter().filter(|event| !standing.contains_key(&event.id) && seen.insert(event.id)).collect()
}

fn answer(event: &Prepared, standing: Option<&Recorded>) -> Result<EventAnswer> {
    let standing =
        standing.ok_or_else(|| Error::Internal(format!("event {} did not stand after its insert", event.id)))?;
    let duplicate = standing.receipt_id != event.receipt_id;
    if duplicate && differs(event, standing) {
        return Err(Error::Conflict(
            "this event_id was recorded before with a different body; the first one stands".into(),
        ));
    }
    Ok(EventAnswer {
        id: standing.id,
        status: EventStatus::Recorded,
        duplicate,
        attribution: standing.attribution.clone(),
    })
}

/// The same fault for each of its senders, without what only the log should show.
fn told(error: &Error) -> Error {
    match error {
        Error::Unavailable(_) => Error::unavailable("events cannot be recorded now"),
        other => Error::Internal(other.to_string()),
    }
}

/// An absent `occurred_at` is not compared.
fn differs(event: &Prepared, standing: &Recorded) -> bool {
    let moved = match (event.event.occurred_at, standing.sent_occurred_at) {
        (Some(ours), Some(theirs)) => ours != theirs,
        _ => false,
    };
    moved || event.fingerprint != standing.fingerprint
}
