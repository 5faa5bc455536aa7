//! Events and their credits.

use std::collections::BTreeSet;

use model::{AdvertiserId, EventId, LinkId, Timestamp, attribution::Attribution, event::NewEvent};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{Conn, hash, on, round, word};
use crate::error::{Error, Result, is_taken};

/// An event as it is stored.
#[derive(Clone, Debug)]
pub struct EventRow<'e> {
    /// Made for this submission, and for this try of it, alone.
    pub receipt_id: Uuid,
    pub id: EventId,
    pub advertiser_id: AdvertiserId,
    pub fingerprint: [u8; 32],
    pub event: &'e NewEvent,
    pub occurred_at: Timestamp,
    pub received_at: Timestamp,
    pub customer: Option<[u8; 16]>,
    /// JSON: the attribution keys as sent.
    pub attribution_keys: String,
    pub attribution: Attribution,
}

impl EventRow<'_> {
    /// What stands under its id once it is stored.
    pub fn into_recorded(self) -> Recorded {
        Recorded {
            id: self.id,
            receipt_id: self.receipt_id,
            fingerprint: self.fingerprint,
            sent_occurred_at: self.event.occurred_at,
            attribution: self.attribution,
        }
    }
}

/// What stands under an event's id, whoever recorded it.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub id: EventId,
    pub receipt_id: Uuid,
    pub fingerprint: [u8; 32],
    /// None where the shop sent none.
    pub sent_occurred_at: Option<Timestamp>,
    pub attribution: Attribution,
}

/// A link that a customer's earlier event was credited through.
#[derive(Clone, Debug)]
pub struct Touch {
    pub customer: [u8; 16],
    pub link_id: LinkId,
    pub occurred_at: Timestamp,
    pub event_id: EventId,
}

/// Inserts those whose id is not taken; the others are kept as they were. Says whether it is certain that none was
/// taken: who else writes at the same time, must ask. Where all are `likely` new, MySQL is certain too: it refuses them
/// at first where one is not.
pub async fn insert_or_keep(conn: &mut Conn, events: &[EventRow<'_>], likely: bool) -> Result<bool> {
    if likely && !conn.is_only_writer() {
        match insert_new(conn, events).await {
            Ok(()) => return Ok(true),
            // That statement alone is undone: what is in already, is kept.
            Err(error) if is_taken(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let keep = conn.or_keep("id");
    let inserted = insert(conn, round::filled(events), &keep).await?;
    // MySQL counts those that were there as well.
    Ok(conn.is_only_writer() && inserted == events.len() as u64)
}

async fn insert_new(conn: &mut Conn, events: &[EventRow<'_>]) -> sqlx::Result<()> {
    for some in round::pieces(events) {
        insert(conn, some.iter(), "").await?;
    }
    Ok(())
}

async fn insert<'e>(
    conn: &mut Conn,
    events: impl Iterator<Item = &'e EventRow<'e>>,
    where_taken: &str,
) -> sqlx::Result<u64> {
    let begin = conn.insert();
    Ok(on!(conn, c => {
        let mut insert = QueryBuilder::new(begin);
        insert.push(
            "events (receipt_id, id, advertiser_id, event_id, fingerprint, action, name, value_minor, currency,
                properties, occurred_at, occurred_at_sent, quarter, received_at, customer, attribution_keys, method,
                influencer_id, campaign_id, link_id, coupon_id, click_id, trace) ",
        );
        insert.push_values(events, |mut row, stored| {
            let (event, credit) = (stored.event, &stored.attribution);
            let trace = serde_json::to_string(&credit.trace).unwrap_or_default();
            row.push_bind(stored.receipt_id)
                .push_bind(stored.id.0)
                .push_bind(stored.advertiser_id.0)
                .push_bind(&event.event_id)
                .push_bind(&stored.fingerprint[..])
                .push_bind(event.action.as_str())
                .push_bind(&event.name)
                .push_bind(event.value.and_then(|value| i64::try_from(value.minor).ok()))
                .push_bind(event.currency.code())
                .push_bind(&event.properties)
                .push_bind(stored.occurred_at.0)
                .push_bind(event.occurred_at.is_some())
                .push_bind(stored.occurred_at.quarter_hour())
                .push_bind(stored.received_at.0)
                .push_bind(stored.customer.as_ref().map(|customer| &customer[..]))
                .push_bind(&stored.attribution_keys)
                .push_bind(credit.method.as_str())
                .push_bind(credit.influencer_id.map(|id| id.0))
                .push_bind(credit.campaign_id.map(|id| id.0))
                .push_bind(credit.link_id.map(|id| id.0))
                .push_bind(credit.coupon_id.map(|id| id.0))
                .push_bind(credit.click_id.map(|id| id.0))
                .push_bind(trace);
        });
        insert.push(where_taken);
        insert.build().execute(&mut *c).await?.rows_affected()
    }))
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    receipt_id: Uuid,
    fingerprint: Vec<u8>,
    occurred_at: i64,
    occurred_at_sent: bool,
    method: String,
    influencer_id: Option<Uuid>,
    campaign_id: Option<Uuid>,
    link_id: Option<Uuid>,
    coupon_id: Option<Uuid>,
    click_id: Option<Uuid>,
    trace: String,
}

impl TryFrom<Row> for Recorded {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let method: model::attribution::Method = word(&row.method)?;
        let trace = serde_json::from_str(&row.trace)
            .map_err(|error| Error::Internal(format!("stored trace of event {}: {error}", row.id)))?;
        Ok(Self {
            id: row.id.into(),
            receipt_id: row.receipt_id,
            fingerprint: hash(&row.fingerprint)?,
            sent_occurred_at: row.occurred_at_sent.then_some(Timestamp(row.occurred_at)),
            attribution: Attribution {
                method,
                confidence: method.confidence(),
                influencer_id: row.influencer_id.map(Into::into),
                campaign_id: row.campaign_id.map(Into::into),
                link_id: row.link_id.map(Into::into),
                coupon_id: row.coupon_id.map(Into::into),
                click_id: row.click_id.map(Into::into),
                trace,
            },
        })
    }
}

/// What stands under these ids of one or more advertisers. The ids come from [`crate::events`],
/// which derives them from the advertiser, so that none can name another's event.
pub async fn recorded(conn: &mut Conn, ids: &[EventId]) -> Result<Vec<Recorded>> {
    let rows: Vec<Row> = on!(conn, c => {
        let mut read = QueryBuilder::new(
            "SELECT id, receipt_id, fingerprint, occurred_at, occurred_at_sent, method, influencer_id, campaign_id, link_id,
                coupon_id, click_id, trace
            FROM events WHERE id IN (",
        );
        let mut list = read.separated(", ");
        for id in round::filled(ids) {
            list.push_bind(id.0);
        }
        read.push(")");
        read.build_query_as().fetch_all(&mut *c).await?
    });
    rows.into_iter().map(Recorded::try_from).collect()
}

/// For each customer, the links earlier events were credited through, earliest first, each link once.
pub async fn touches(conn: &mut Conn, customers: &[(AdvertiserId, [u8; 16])]) -> Result<Vec<Touch>> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    // Without a word the database reads all of an advertiser's events: it takes them for ten.
    let by_customer = conn.by_index("events_customer");
    let advertisers: BTreeSet<AdvertiserId> = customers.iter().map(|(advertiser, _)| *advertiser).collect();
    let advertisers: Vec<AdvertiserId> = advertisers.into_iter().collect();
    let rows: Vec<(Vec<u8>, Uuid, i64, Uuid)> = on!(conn, c => {
        let mut read = QueryBuilder::new(
            "SELECT customer, link_id, occurred_at, id FROM (
                SELECT customer, link_id, occurred_at, id,
                    ROW_NUMBER() OVER (PARTITION BY customer, link_id ORDER BY occurred_at, id) AS place
                FROM events",
        );
        read.push(by_customer).push(" WHERE advertiser_id IN (");
        let mut list = read.separated(", ");
        for advertiser in round::filled(&advertisers) {
            list.push_bind(advertiser.0);
        }
        read.push(") AND customer IN (");
        let mut list = read.separated(", ");
        for (_, customer) in round::filled(customers) {
            list.push_bind(&customer[..]);
        }
        read.push(") AND link_id IS NOT NULL) AS touched WHERE place = 1 ORDER BY occurred_at, id");
        read.build_query_as().fetch_all(&mut *c).await?
    });
    let touch = |(customer, link_id, occurred_at, id): (Vec<u8>, Uuid, i64, Uuid)| {
        let customer =
            customer.try_into().map_err(|_| Error::Internal("a stored customer does not have 16 bytes".into()))?;
        Ok(Touch { customer, link_id: link_id.into(), occurred_at: Timestamp(occurred_at), event_id: id.into() })
    };
    rows.into_iter().map(touch).collect()
}

/// An event as far as its credit goes, with all that it was worked out from but the state of things.
#[derive(Clone, Debug)]
pub struct CreditedEvent {
    pub id: EventId,
    pub receipt_id: Uuid,
    pub event_id: Option<String>,
    pub action: String,
    pub occurred_at: Timestamp,
    pub received_at: Timestamp,
    pub customer: Option<[u8; 16]>,
    pub attribution_keys: String,
    pub attribution: Attribution,
}

#[derive(sqlx::FromRow)]
struct CreditedRow {
    event_id: Option<String>,
    action: String,
    received_at: i64,
    customer: Option<Vec<u8>>,
    attribution_keys: String,
    #[sqlx(flatten)]
    row: Row,
}

/// The events of an advertiser that occurred since a moment, in the order they arrived.
pub async fn since(conn: &mut Conn, advertiser: AdvertiserId, since: Timestamp) -> Result<Vec<EventId>> {
    const SQL: &str =
        "SELECT id FROM events WHERE advertiser_id = ? AND occurred_at >= ? ORDER BY received_at, receipt_id";
    let ids: Vec<Uuid> = on!(conn, c => sqlx::query_scalar(SQL).bind(advertiser.0).bind(since.0).fetch_all(c).await)?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// These events of an advertiser, in the order they arrived.
pub async fn credited(conn: &mut Conn, advertiser: AdvertiserId, ids: &[EventId]) -> Result<Vec<CreditedEvent>> {
    let rows: Vec<CreditedRow> = on!(conn, c => {
        let mut read = QueryBuilder::new(
            "SELECT id, receipt_id, fingerprint, occurred_at, occurred_at_sent, method, influencer_id, campaign_id, link_id,
                coupon_id, click_id, trace, event_id, action, received_at, customer, attribution_keys
            FROM events WHERE advertiser_id = ",
        );
        read.push_bind(advertiser.0).push(" AND id IN (");
        let mut list = read.separated(", ");
        for id in ids {
            list.push_bind(id.0);
        }
        read.push(") ORDER BY received_at, receipt_id");
        read.build_query_as().fetch_all(&mut *c).await?
    });
    let credited = |found: CreditedRow| {
        let occurred_at = Timestamp(found.row.occurred_at);
        let recorded = Recorded::try_from(found.row)?;
        Ok(CreditedEvent {
            id: recorded.id,
            receipt_id: recorded.receipt_id,
            event_id: found.event_id,
            action: found.action,
            occurred_at,
            received_at: Timestamp(found.received_at),
            customer: found.customer.and_then(|customer| customer.try_into().ok()),
            attribution_keys: found.attribution_keys,
            attribution: recorded.attribution,
        })
    };
    rows.into_iter().map(credited).collect()
}

/// A link that an event was credited through, and when that event arrived.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ArrivedTouch {
    pub link_id: Uuid,
    pub occurred_at: i64,
    pub id: Uuid,
    pub received_at: i64,
    pub receipt_id: Uuid,
}

/// The links that a customer's events before a moment were credited through, one for each event.
pub async fn touches_before(
    conn: &mut Conn,
    advertiser: AdvertiserId,
    customer: &[u8; 16],
    before: Timestamp,
) -> Result<Vec<ArrivedTouch>> {
    const SQL: &str = "SELECT link_id, occurred_at, id, received_at, receipt_id FROM events
        WHERE advertiser_id = ? AND customer = ? AND occurred_at < ? AND link_id IS NOT NULL ORDER BY occurred_at, id";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(advertiser.0).bind(&customer[..]).bind(before.0).fetch_all(c).await)?)
}

/// Gives an event another credit. Whoever asks holds the event, and moves what it counts for.
pub async fn credit_anew(conn: &mut Conn, id: EventId, after: &Attribution) -> Result<()> {
    const SQL: &str = "UPDATE events SET method = ?, influencer_id = ?, campaign_id = ?, link_id = ?, coupon_id = ?,
            click_id = ?, trace = ? WHERE id = ?";
    let trace = serde_json::to_string(&after.trace).unwrap_or_default();
    on!(conn, c => sqlx::query(SQL)
        .bind(after.method.as_str())
        .bind(after.influencer_id.map(|id| id.0))
        .bind(after.campaign_id.map(|id| id.0))
        .bind(after.link_id.map(|id| id.0))
        .bind(after.coupon_id.map(|id| id.0))
        .bind(after.click_id.map(|id| id.0))
        .bind(trace)
        .bind(id.0)
        .execute(c).await.map(drop))?;
    Ok(())
}
