//! Makes events rows, many in one transaction: what stands already, who is credited, what is stored.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use model::{
    AdvertiserId, EventId, Timestamp,
    attribution::Attribution,
    event::{EventAnswer, EventStatus},
};
use uuid::Uuid;

use super::prepare::{self, Keys, Prepared};
use crate::{
    attribution::{self, ClickFacts},
    catalog::Catalog,
    clicks::RecentClicks,
    clock::new_id,
    db::{
        self, Conn, Db,
        events::{EventRow, Recorded},
    },
    error::{Error, Result},
};

/// A transient fault (busy, deadlock, lost connection) is tried again.
const TRIES: u32 = 2;
const PAUSE: Duration = Duration::from_millis(50);

#[derive(Clone)]
pub struct Recorder {
    pub db: Db,
    pub catalog: Arc<Catalog>,
    pub recent: Arc<RecentClicks>,
    /// Whether some of the latest events stood already: then some of the next will, too.
    pub some_stood: Arc<AtomicBool>,
}

impl Recorder {
    /// Records events, and says of each what stands under its id. An error: the database is away, and whether any of
    /// them is recorded is unknown; to record them `again` does no harm.
    pub(super) async fn record(&self, events: &[&Prepared], again: bool) -> Result<Vec<Result<EventAnswer>>> {
        let mut tries = 1;
        loop {
            let again = again || tries > 1;
            match self.transact(events, again).await {
                Ok(answers) => return Ok(answers),
                Err(Error::Unavailable(_)) if tries < TRIES => {
                    tokio::time::sleep(PAUSE).await;
                    tries += 1;
                }
                Err(error @ Error::Unavailable(_)) => return Err(error),
                Err(error) if events.len() == 1 => return Ok(vec![Err(error)]),
                Err(error) => {
                    tracing::error!(%error, events = events.len(), "a batch was refused; its events are tried one by one");
                    let mut answers = Vec::with_capacity(events.len());
                    for event in events {
                        answers.extend(Box::pin(self.record(std::slice::from_ref(event), again)).await?);
                    }
                    return Ok(answers);
                }
            }
        }
    }

    /// What recording an event would answer now. Nothing is written.
    pub(crate) async fn weigh(&self, event: &Prepared) -> Result<EventAnswer> {
        let mut conn = self.db.read().await?;
        let mut standing = Standing::new();
        if event.may_stand {
            look_up(&mut conn, &[event.id], &mut standing).await?;
        }
        if let Some(standing) = standing.get(&event.id) {
            return answer(event, Some(standing));
        }
        let mut rows = self.credit(&mut conn, &[event]).await?;
        let row = rows.pop().ok_or_else(|| Error::Internal("an event was not credited".into()))?;
        answer(event, Some(&row.into_recorded()))
    }

    /// One transaction, in nearly all cases.
    async fn transact(&self, events: &[&Prepared], again: bool) -> Result<Vec<Result<EventAnswer>>> {
        // Most are new, so it is not asked before whether they are.
        if let Some(answers) = self.try_transact(events, again).await? {
            return Ok(answers);
        }
        let mut answers: Vec<(usize, Result<EventAnswer>)> = Vec::with_capacity(events.len());
        for round in rounds(events) {
            let some: Vec<&Prepared> = round.iter().map(|place| events[*place]).collect();
            let told = self.try_transact(&some, again).await?;
            let told = told.ok_or_else(|| Error::Internal("one event of each customer misled another".into()))?;
            answers.extend(round.into_iter().zip(told));
        }
        answers.sort_unstable_by_key(|(place, _)| *place);
        Ok(answers.into_iter().map(|(_, answer)| answer).collect())
    }

    /// The credits, the rows, whose they are, what they add to the figures, and commit. None, and nothing done, where one
    /// that stands already may have been taken for the touch of another.
    async fn try_transact(&self, events: &[&Prepared], again: bool) -> Result<Option<Vec<Result<EventAnswer>>>> {
        let mut conn = self.db.begin().await?;
        let mut standing = Standing::new();
        let new: Vec<&Prepared> = first_of_each_id(events);
        let mut rows = self.credit(&mut conn, &new).await?;
        if !rows.is_empty() {
            let mut receipts: HashMap<EventId, Uuid> = HashMap::new();
            if again {
                // What an earlier try has recorded is counted already: it must not be taken for this one's.
                for row in &mut rows {
                    receipts.insert(row.id, row.receipt_id);
                    row.receipt_id = new_id(row.received_at, &mut rand::rng());
                }
            }
            // Two nodes that record the same ones wait for each other, and never for ever.
            rows.sort_unstable_by_key(|row| row.id);
            let likely = !again && !self.some_stood.load(Ordering::Relaxed);
            if !db::events::insert_or_keep(&mut conn, &rows, likely).await? {
                look_up(&mut conn, &ids_of(new.iter().copied()), &mut standing).await?;
                rows.retain(|row| standing.get(&row.id).is_some_and(|stands| stands.receipt_id == row.receipt_id));
                self.some_stood.store(rows.len() < new.len(), Ordering::Relaxed);
                if misled(&new, &rows) {
                    return Ok(None);
                }
            }
            let used = |row: &EventRow<'_>| Some((row.attribution.coupon_id?.0, row.occurred_at));
            db::uses::note(&mut conn, rows.iter().filter_map(used)).await?;
            db::rollups::add_events(&mut conn, rows.iter()).await?;
            standing.extend(rows.into_iter().map(|row| {
                let receipt_id = receipts.get(&row.id).copied().unwrap_or(row.receipt_id);
                (row.id, Recorded { receipt_id, ..row.into_recorded() })
            }));
        }
        conn.commit().await?;
        Ok(Some(events.iter().map(|event| answer(event, standing.get(&event.id))).collect()))
    }

    /// Credits every event, in the order they came: the first of a new customer is the touch of the next.
    async fn credit<'e>(&self, conn: &mut Conn, events: &[&'e Prepared]) -> Result<Vec<EventRow<'e>>> {
        let click_ids: Vec<_> =
            events.iter().filter(|event| event.is_click_open()).filter_map(|event| event.click_id).collect();
        let clicks: HashMap<_, _> = db::clicks::links_of(conn, &click_ids)
            .await?
            .into_iter()
            .map(|(id, advertiser, link)| (id, (advertiser, link)))
            .collect();
        let mut touches = self.touches(conn, events).await?;
        let mut rows: Vec<EventRow<'_>> = Vec::with_capacity(events.len());
        for event in events {
            let mut facts = Cow::Borrowed(&event.facts);
            if event.is_click_open()
                && let Some(id) = event.click_id
                && let Some((advertiser_id, link)) = clicks.get(&id).copied().or_else(|| self.recent.find(id))
                && let Some(key) = &mut facts.to_mut().click
            {
                key.found = Some(ClickFacts { id, advertiser_id, link: prepare::link_facts(&self.catalog, link) });
            }
            let known = event.customer.map(|customer| touches.entry((event.advertiser_id, customer)).or_default());
            if let Some(known) = known.as_ref().filter(|known| !known.is_empty()) {
                facts.to_mut().touches =
                    known.iter().filter_map(|(_, link)| prepare::link_facts(&self.catalog, *link)).collect();
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
}

/// Each customer's links, by the (time, id) of the event that was credited through them first.
type Touches = HashMap<(AdvertiserId, [u8; 16]), Vec<Touched>>;
pub type Touched = ((Timestamp, EventId), model::LinkId);

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
pub fn touch(known: &mut Vec<Touched>, at: (Timestamp, EventId), link: model::LinkId) {
    let before = known.iter().position(|(_, touched)| *touched == link).map(|place| known.remove(place));
    let at = before.map_or(at, |(earlier, _)| earlier.min(at));
    let place = known.partition_point(|(other, _)| *other < at);
    known.insert(place, (at, link));
}

fn row(event: &Prepared, attribution: Attribution) -> EventRow<'_> {
    let keys = serde_json::to_string(&Keys::of(&event.event)).unwrap_or_default();
    EventRow {
        receipt_id: event.receipt_id,
        id: event.id,
        advertiser_id: event.advertiser_id,
        fingerprint: event.fingerprint,
        event: &event.event,
        occurred_at: event.occurred_at,
        received_at: event.received_at,
        customer: event.customer,
        attribution_keys: keys,
        attribution,
    }
}

/// Whether one of these is not among the rows that were stored, having stood already, while another names the same
/// customer.
fn misled(new: &[&Prepared], rows: &[EventRow<'_>]) -> bool {
    let ours: HashSet<EventId> = rows.iter().map(|row| row.id).collect();
    let mut customers: HashMap<[u8; 16], usize> = HashMap::new();
    for customer in new.iter().filter_map(|event| event.customer) {
        *customers.entry(customer).or_default() += 1;
    }
    let stood = new.iter().filter(|event| !ours.contains(&event.id));
    stood.filter_map(|event| event.customer).any(|customer| customers[&customer] > 1)
}

/// Twice the same id in one batch: the first stands for all, as it would in the database.
fn first_of_each_id<'a>(events: &[&'a Prepared]) -> Vec<&'a Prepared> {
    let mut seen = HashSet::new();
    events.iter().copied().filter(|event| seen.insert(event.id)).collect()
}

/// The places of events in rounds, no customer twice in a round, and a customer's events in the order they came.
fn rounds(events: &[&Prepared]) -> Vec<Vec<usize>> {
    let mut rounds: Vec<Vec<usize>> = Vec::new();
    let mut before: HashMap<[u8; 16], usize> = HashMap::new();
    for (place, event) in events.iter().enumerate() {
        let round = event.customer.map_or(0, |customer| {
            let count = before.entry(customer).or_default();
            *count += 1;
            *count - 1
        });
        if rounds.len() <= round {
            rounds.resize(round + 1, Vec::new());
        }
        rounds[round].push(place);
    }
    rounds
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

/// An absent `occurred_at` is not compared.
fn differs(event: &Prepared, standing: &Recorded) -> bool {
    let moved = match (event.event.occurred_at, standing.sent_occurred_at) {
        (Some(ours), Some(theirs)) => ours != theirs,
        _ => false,
    };
    moved || event.fingerprint != standing.fingerprint
}

#[cfg(test)]
mod tests {
    use model::LinkId;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn noted(events: &[Touched]) -> Vec<Touched> {
        let mut known = Vec::new();
        for (at, link) in events {
            touch(&mut known, *at, *link);
        }
        known
    }

    proptest! {
        #[test]
        fn touches_are_the_earliest_of_each_link_in_order_however_they_were_noted(
            (events, shuffled) in prop::collection::vec((0..4_i64, 0..3_u128), 0..12)
                .prop_map(|events| {
                    let touched = |(event, (at, link)): (u128, (i64, u128))| {
                        let at = (Timestamp(at), EventId(Uuid::from_u128(event)));
                        (at, LinkId(Uuid::from_u128(link)))
                    };
                    (0..).zip(events).map(touched).collect::<Vec<Touched>>()
                })
                .prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle()))
        ) {
            let known = noted(&events);
            prop_assert_eq!(&noted(&shuffled), &known);
            prop_assert!(known.is_sorted());
            for (at, link) in &known {
                let earliest = events.iter().filter(|(_, other)| other == link).map(|(at, _)| at).min();
                prop_assert_eq!(Some(at), earliest);
            }
            let links: HashSet<_> = events.iter().map(|(_, link)| *link).collect();
            prop_assert_eq!(known.len(), links.len());
        }
    }
}
