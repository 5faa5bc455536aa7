//! Clicks and events as they are listed, newest first.

use model::{
    AdvertiserId, ClickId, Currency, EventId, Money, Timestamp,
    activity::{Click, Event},
    attribution::{Attribution, Method},
    event::Action,
    page::Page,
};
use uuid::Uuid;

use super::{
    Conn,
    list::{Arg, Select, limit, wrong_cursor},
    stats::Filter,
    word,
};
use crate::error::{Error, Result};

/// A page of rows ordered by a moment and an id, both downward.
#[derive(Clone, Debug)]
pub struct Newest {
    limit: u32,
    after: Option<(i64, Uuid)>,
}

impl Newest {
    pub fn read(asked: Option<u32>, cursor: Option<&str>) -> Result<Self> {
        let read = |text: &str| {
            let (at, id) = text.split_once('.')?;
            Some((at.parse().ok()?, Uuid::try_parse(id).ok()?))
        };
        let after = cursor.map(|text| read(text).ok_or_else(wrong_cursor)).transpose()?;
        Ok(Self { limit: limit(asked)?, after })
    }

    fn apply(&self, select: &mut Select, at: &str, id: &str) {
        if let Some((last, last_id)) = self.after {
            let args = [Arg::Number(last), Arg::Number(last), Arg::Id(last_id)];
            select.and(&format!("{at} <= ? AND ({at} < ? OR {id} < ?)"), args);
        }
        select.push(&format!(" ORDER BY {at} DESC, {id} DESC LIMIT ?")).bind([Arg::Number(i64::from(self.limit) + 1)]);
    }

    fn page<T>(&self, mut items: Vec<T>, key: impl Fn(&T) -> (Timestamp, Uuid)) -> Page<T> {
        let more = items.len() > self.limit as usize;
        items.truncate(self.limit as usize);
        let last = if more { items.last().map(key) } else { None };
        Page { items, next_cursor: last.map(|(at, id)| format!("{}.{id}", at.0)) }
    }
}

#[derive(sqlx::FromRow)]
struct ClickRow {
    id: Uuid,
    advertiser_id: Uuid,
    campaign_id: Uuid,
    link_id: Uuid,
    influencer_id: Option<Uuid>,
    clicked_at: i64,
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

impl TryFrom<ClickRow> for Click {
    type Error = Error;

    fn try_from(row: ClickRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            advertiser_id: row.advertiser_id.into(),
            campaign_id: row.campaign_id.into(),
            link_id: row.link_id.into(),
            influencer_id: row.influencer_id.map(Into::into),
            clicked_at: Timestamp(row.clicked_at),
            device: word(&row.device)?,
            browser: row.browser,
            os: row.os,
            country: row.country,
            referrer: row.referrer,
            referrer_host: row.referrer_host,
            user_agent: row.user_agent,
            ip: row.ip,
            is_bot: row.is_bot,
            is_first: row.is_first,
        })
    }
}

const CLICKS: &str = "SELECT id, advertiser_id, campaign_id, link_id, influencer_id, clicked_at, user_agent, device,
        browser, os, referrer, referrer_host, ip, country, is_bot, is_first FROM clicks";

pub(super) fn narrow(select: &mut Select, filter: &Filter, at: &str) {
    select
        .and_id("advertiser_id = ?", filter.advertiser)
        .and_id("influencer_id = ?", filter.influencer)
        .and_id("campaign_id = ?", filter.campaign)
        .and_id("link_id = ?", filter.link)
        .and(&format!("{at} >= ? AND {at} < ?"), [Arg::Number(filter.from.0), Arg::Number(filter.to.0)]);
}

/// `bots`: bots alone, or people alone; None for both.
pub async fn clicks(conn: &mut Conn, filter: &Filter, bots: Option<bool>, newest: &Newest) -> Result<Page<Click>> {
    let mut select = Select::new(CLICKS);
    narrow(&mut select, filter, "clicked_at");
    if let Some(bots) = bots {
        select.and("is_bot = ?", [Arg::Flag(bots)]);
    }
    newest.apply(&mut select, "clicked_at", "id");
    let rows: Vec<ClickRow> = select.fetch(conn).await?;
    let items = rows.into_iter().map(Click::try_from).collect::<Result<_>>()?;
    Ok(newest.page(items, |click: &Click| (click.clicked_at, click.id.0)))
}

pub async fn click(conn: &mut Conn, within: Option<AdvertiserId>, id: ClickId) -> Result<Option<Click>> {
    let mut select = Select::new(CLICKS);
    select.and_id("id = ?", Some(id)).and_id("advertiser_id = ?", within);
    let rows: Vec<ClickRow> = select.fetch(conn).await?;
    rows.into_iter().next().map(Click::try_from).transpose()
}

#[derive(sqlx::FromRow)]
struct EventRow {
    id: Uuid,
    advertiser_id: Uuid,
    event_id: Option<String>,
    action: String,
    name: Option<String>,
    value_minor: Option<i64>,
    currency: String,
    properties: Option<String>,
    occurred_at: i64,
    received_at: i64,
    method: String,
    influencer_id: Option<Uuid>,
    campaign_id: Option<Uuid>,
    link_id: Option<Uuid>,
    coupon_id: Option<Uuid>,
    click_id: Option<Uuid>,
    trace: String,
}

impl TryFrom<EventRow> for Event {
    type Error = Error;

    fn try_from(row: EventRow) -> Result<Self> {
        let damaged = |what: &str, error: serde_json::Error| {
            Error::Internal(format!("stored {what} of event {}: {error}", row.id))
        };
        let method: Method = word(&row.method)?;
        let currency: Currency = word(&row.currency)?;
        let properties = row.properties.as_deref().map(serde_json::from_str).transpose();
        Ok(Self {
            id: row.id.into(),
            advertiser_id: row.advertiser_id.into(),
            event_id: row.event_id,
            action: word(&row.action)?,
            name: row.name,
            value: row.value_minor.map(|minor| Money { minor: minor.into(), currency }),
            properties: properties.map_err(|error| damaged("properties", error))?,
            occurred_at: Timestamp(row.occurred_at),
            received_at: Timestamp(row.received_at),
            attribution: Attribution {
                method,
                confidence: method.confidence(),
                influencer_id: row.influencer_id.map(Into::into),
                campaign_id: row.campaign_id.map(Into::into),
                link_id: row.link_id.map(Into::into),
                coupon_id: row.coupon_id.map(Into::into),
                click_id: row.click_id.map(Into::into),
                trace: serde_json::from_str(&row.trace).map_err(|error| damaged("trace", error))?,
            },
        })
    }
}

const EVENTS: &str = "SELECT id, advertiser_id, event_id, action, name, value_minor, currency, properties, occurred_at,
        received_at, method, influencer_id, campaign_id, link_id, coupon_id, click_id, trace FROM events";

pub async fn events(conn: &mut Conn, filter: &Filter, action: Option<Action>, newest: &Newest) -> Result<Page<Event>> {
    let mut select = Select::new(EVENTS);
    narrow(&mut select, filter, "occurred_at");
    select
        .and_id("coupon_id = ?", filter.coupon)
        .and_word("method = ?", filter.method.map(Method::as_str))
        .and_word("action = ?", action.map(Action::as_str));
    newest.apply(&mut select, "occurred_at", "id");
    let rows: Vec<EventRow> = select.fetch(conn).await?;
    let items = rows.into_iter().map(Event::try_from).collect::<Result<_>>()?;
    Ok(newest.page(items, |event: &Event| (event.occurred_at, event.id.0)))
}

/// A purchase that was credited to an influencer.
#[derive(sqlx::FromRow)]
pub struct SaleRow {
    /// Not the event's id, from which its order's number could be guessed.
    pub receipt_id: Uuid,
    pub value_minor: Option<i64>,
    pub currency: String,
    pub occurred_at: i64,
    pub method: String,
    pub campaign_id: Uuid,
    pub link_id: Option<Uuid>,
    pub coupon_id: Option<Uuid>,
}

/// `filter` names the influencer. Newest first.
pub async fn sales(conn: &mut Conn, filter: &Filter, newest: &Newest) -> Result<Page<SaleRow>> {
    const SALES: &str =
        "SELECT receipt_id, value_minor, currency, occurred_at, method, campaign_id, link_id, coupon_id FROM events";
    let mut select = Select::new(SALES);
    narrow(&mut select, filter, "occurred_at");
    select
        .and("action = 'purchase' AND method <> 'none'", [])
        .and_id("coupon_id = ?", filter.coupon)
        .and_word("method = ?", filter.method.map(Method::as_str));
    newest.apply(&mut select, "occurred_at", "receipt_id");
    let rows: Vec<SaleRow> = select.fetch(conn).await?;
    Ok(newest.page(rows, |row: &SaleRow| (Timestamp(row.occurred_at), row.receipt_id)))
}

/// When the newest event was that figures count.
pub async fn latest_counted(conn: &mut Conn, filter: &Filter) -> Result<Option<Timestamp>> {
    let mut select = Select::new("SELECT occurred_at FROM events");
    narrow(&mut select, filter, "occurred_at");
    select
        .and("action <> 'custom'", [])
        .and_id("coupon_id = ?", filter.coupon)
        .and_word("method = ?", filter.method.map(Method::as_str))
        .push(" ORDER BY occurred_at DESC LIMIT 1");
    let rows: Vec<(i64,)> = select.fetch(conn).await?;
    Ok(rows.first().map(|(at,)| Timestamp(*at)))
}

/// Those of these ids that were recorded.
pub async fn events_of(conn: &mut Conn, within: Option<AdvertiserId>, ids: &[EventId]) -> Result<Vec<Event>> {
    let mut found = Vec::new();
    for some in ids.chunks(500) {
        let marks = vec!["?"; some.len()].join(", ");
        let mut select = Select::new(EVENTS);
        select
            .and(&format!("id IN ({marks})"), some.iter().map(|id| Arg::Id(id.0)))
            .and_id("advertiser_id = ?", within);
        let rows: Vec<EventRow> = select.fetch(conn).await?;
        for row in rows {
            found.push(row.try_into()?);
        }
    }
    Ok(found)
}
