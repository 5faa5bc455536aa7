//! The one writer of events: many requests in one transaction, each answered once that is durable.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use model::{
    AdvertiserId, EventId, LinkId,
    event::{EventAnswer, EventStatus},
};
use tokio::sync::mpsc;

use super::{
    Submission,
    prepare::{self, Prepared},
};
use crate::{
    attribution::{self, ClickFacts, LinkFacts},
    catalog::Catalog,
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

pub struct Writer {
    pub db: Db,
    pub catalog: Arc<Catalog>,
}

impl Writer {
    /// Runs until every sender is gone; what was sent by then is written.
    pub(crate) async fn run(self, mut submissions: mpsc::Receiver<Submission>) {
        let mut batch = Vec::with_capacity(BATCH);
        while submissions.recv_many(&mut batch, BATCH).await > 0 {
            let (events, answers): (Vec<_>, Vec<_>) =
                batch.drain(..).map(|submission| (submission.prepared, submission.answer)).unzip();
            let results = self.record(&events).await;
            for (answer, result) in answers.into_iter().zip(results) {
                // A caller that left is answered by its retry: the event stands.
                let _ = answer.send(result);
            }
        }
    }

    async fn record(&self, events: &[Prepared]) -> Vec<Result<EventAnswer>> {
        let mut tries = 1;
        loop {
            match self.transact(events).await {
                Ok(answers) => return answers,
                Err(Error::Unavailable(_)) if tries < TRIES => {
                    tokio::time::sleep(PAUSE).await;
                    tries += 1;
                }
                Err(Error::Internal(reason)) if events.len() > 1 => {
                    tracing::error!(
                        reason,
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

    /// One transaction: what earlier rows say, the credits, the rows, and whose they are.
    async fn transact(&self, events: &[Prepared]) -> Result<Vec<Result<EventAnswer>>> {
        let mut conn = self.db.begin().await?;
        let rows = self.credit(&mut conn, events).await?;
        let unique = first_of_each_id(&rows);
        db::events::insert_or_keep(&mut conn, &unique).await?;
        let ids: Vec<EventId> = unique.iter().map(|row| row.id).collect();
        let standing: HashMap<EventId, Recorded> =
            db::events::recorded(&mut conn, &ids).await?.into_iter().map(|recorded| (recorded.id, recorded)).collect();
        conn.commit().await?;
        Ok(rows.iter().map(|row| answer(row, standing.get(&row.id))).collect())
    }

    /// Credits every event, in the order they came: the first of a new customer is the touch of the next.
    async fn credit(&self, conn: &mut Conn, events: &[Prepared]) -> Result<Vec<EventRow>> {
        let click_ids: Vec<_> = events.iter().filter_map(|event| event.click_id).collect();
        let clicks: HashMap<_, _> = db::clicks::links_of(conn, &click_ids)
            .await?
            .into_iter()
            .map(|(id, advertiser, link)| (id, (advertiser, link)))
            .collect();
        let mut touches = self.touches(conn, events).await?;
        let mut rows: Vec<EventRow> = Vec::with_capacity(events.len());
        let mut seen = HashSet::new();
        for event in events {
            if !seen.insert(event.id) {
                // A copy in the same batch earns nothing: it is answered with what stands.
                rows.push(row(event, attribution::decide(&event.facts)));
                continue;
            }
            let mut facts = event.facts.clone();
            if let (Some(key), Some(id)) = (&mut facts.click, event.click_id)
                && let Some((advertiser_id, link)) = clicks.get(&id)
            {
                key.found = Some(ClickFacts { id, advertiser_id: *advertiser_id, link: self.link_facts(*link) });
            }
            if let Some(customer) = event.customer {
                let known = touches.entry((event.advertiser_id, customer)).or_default();
                facts.touches = known.iter().filter_map(|(_, link)| self.link_facts(*link)).collect();
                let attribution = attribution::decide(&facts);
                if let Some(link) = attribution.link_id
                    && !known.iter().any(|(_, touched)| *touched == link)
                {
                    let at = (event.occurred_at, event.id);
                    let place = known.partition_point(|(other, _)| *other < at);
                    known.insert(place, (at, link));
                }
                rows.push(row(event, attribution));
            } else {
                rows.push(row(event, attribution::decide(&facts)));
            }
        }
        Ok(rows)
    }

    async fn touches(&self, conn: &mut Conn, events: &[Prepared]) -> Result<Touches> {
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
type Touches = HashMap<(AdvertiserId, [u8; 16]), Vec<((model::Timestamp, EventId), LinkId)>>;

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

/// Twice the same id in one batch: the first stands for all, as it would in the database.
fn first_of_each_id(rows: &[EventRow]) -> Vec<EventRow> {
    let mut seen = HashSet::new();
    rows.iter().filter(|row| seen.insert(row.id)).cloned().collect()
}

fn answer(row: &EventRow, standing: Option<&Recorded>) -> Result<EventAnswer> {
    let standing =
        standing.ok_or_else(|| Error::Internal(format!("event {} did not stand after its insert", row.id)))?;
    let duplicate = standing.receipt_id != row.receipt_id;
    if duplicate && differs(row, standing) {
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
fn differs(row: &EventRow, standing: &Recorded) -> bool {
    let moved = match (row.event.occurred_at, standing.sent_occurred_at) {
        (Some(ours), Some(theirs)) => ours != theirs,
        _ => false,
    };
    moved || row.fingerprint != standing.fingerprint
}
