//! Clicks and events as they are stored, every column, for the archive.

use model::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{
    Conn,
    exports::{Place, ROWS, settle},
    list::{Arg, Select},
};
use crate::error::Result;

/// A click, as a line of the archive has it.
#[derive(Debug, Serialize, sqlx::FromRow)]
pub struct ClickRecord {
    pub id: Uuid,
    advertiser_id: Uuid,
    campaign_id: Uuid,
    link_id: Uuid,
    influencer_id: Option<Uuid>,
    #[serde(serialize_with = "time")]
    pub clicked_at: i64,
    user_agent: Option<String>,
    device: String,
    browser: Option<String>,
    os: Option<String>,
    referrer: Option<String>,
    referrer_host: Option<String>,
    ip: Option<String>,
    country: Option<String>,
    is_bot: bool,
    is_first: bool,
}

/// An event, likewise. What is stored as JSON is JSON here.
#[derive(Debug, Serialize, sqlx::FromRow)]
pub struct EventRecord {
    pub id: Uuid,
    receipt_id: Uuid,
    advertiser_id: Uuid,
    event_id: Option<String>,
    #[serde(serialize_with = "digits")]
    fingerprint: Vec<u8>,
    action: String,
    name: Option<String>,
    value_minor: Option<i64>,
    currency: String,
    #[serde(serialize_with = "json")]
    properties: Option<String>,
    #[serde(serialize_with = "time")]
    pub occurred_at: i64,
    occurred_at_sent: bool,
    #[serde(serialize_with = "time")]
    received_at: i64,
    #[serde(serialize_with = "some_digits")]
    customer: Option<Vec<u8>>,
    #[serde(serialize_with = "json")]
    attribution_keys: Option<String>,
    method: String,
    influencer_id: Option<Uuid>,
    campaign_id: Option<Uuid>,
    link_id: Option<Uuid>,
    coupon_id: Option<Uuid>,
    click_id: Option<Uuid>,
    #[serde(serialize_with = "json")]
    trace: Option<String>,
}

const CLICKS: &str = "SELECT id, advertiser_id, campaign_id, link_id, influencer_id, clicked_at, user_agent, device,
        browser, os, referrer, referrer_host, ip, country, is_bot, is_first FROM clicks";
const EVENTS: &str = "SELECT id, receipt_id, advertiser_id, event_id, fingerprint, action, name, value_minor, currency,
        properties, occurred_at, occurred_at_sent, received_at, customer, attribution_keys, method, influencer_id,
        campaign_id, link_id, coupon_id, click_id, trace FROM events";

/// Clicks from a place on and before a moment, in the order of (time, id), and where to read on.
pub async fn clicks(conn: &mut Conn, place: Place, before: Timestamp) -> Result<(Vec<ClickRecord>, Option<Place>)> {
    let from = format!("{CLICKS}{}", conn.by_index("clicks_time"));
    let mut rows = page(&from, "clicked_at", place, before).fetch(conn).await?;
    let next = settle(&mut rows, place, |row: &ClickRecord| (row.clicked_at, row.id));
    Ok((rows, next))
}

pub async fn events(conn: &mut Conn, place: Place, before: Timestamp) -> Result<(Vec<EventRecord>, Option<Place>)> {
    let from = format!("{EVENTS}{}", conn.by_index("events_time"));
    let mut rows = page(&from, "occurred_at", place, before).fetch(conn).await?;
    let next = settle(&mut rows, place, |row: &EventRecord| (row.occurred_at, row.id));
    Ok((rows, next))
}

fn page(from: &str, at: &str, place: Place, before: Timestamp) -> Select {
    let mut select = Select::new(from);
    match place {
        Place::From(moment) => select
            .and(&format!("{at} >= ? AND {at} < ?"), [Arg::Number(moment), Arg::Number(before.0)])
            .push(&format!(" ORDER BY {at}")),
        Place::Within { moment, after } => {
            select.and(&format!("{at} = ? AND id > ?"), [Arg::Number(moment), Arg::Id(after)]).push(" ORDER BY id")
        }
    };
    select.push(" LIMIT ?").bind([Arg::Number(i64::try_from(ROWS).unwrap_or(i64::MAX))]);
    select
}

/// When the first click or event happened that is there.
pub async fn first_row(conn: &mut Conn) -> Result<Option<Timestamp>> {
    let mut first: Option<i64> = None;
    for sql in ["SELECT MIN(clicked_at) FROM clicks", "SELECT MIN(occurred_at) FROM events"] {
        let found: Vec<(Option<i64>,)> = Select::new(sql).fetch(conn).await?;
        let found = found.into_iter().find_map(|(at,)| at);
        first = first.into_iter().chain(found).min();
    }
    Ok(first.map(Timestamp))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
fn time<S: Serializer>(millis: &i64, to: S) -> Result<S::Ok, S::Error> {
    Timestamp(*millis).serialize(to)
}

fn digits<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&hex::encode(bytes))
}

#[expect(clippy::ref_option, reason = "serde hands references")]
fn some_digits<S: Serializer>(bytes: &Option<Vec<u8>>, to: S) -> Result<S::Ok, S::Error> {
    bytes.as_deref().map(hex::encode).serialize(to)
}

/// What is no JSON, which is never written, stands as text.
#[expect(clippy::ref_option, reason = "serde hands references")]
fn json<S: Serializer>(text: &Option<String>, to: S) -> Result<S::Ok, S::Error> {
    match text.as_ref().map(|text| (text, RawValue::from_string(text.clone()))) {
        Some((_, Ok(json))) => json.serialize(to),
        Some((text, Err(_))) => to.serialize_str(text),
        None => to.serialize_none(),
    }
}
