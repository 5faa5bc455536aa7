//! What clicks and events come to, summed in the transaction that writes, or changes, their rows.
//!
//! Totals are of an advertiser or a campaign by the quarter hour, the hour and the UTC day; shares are of everything that
//! figures are told apart by, by the hour, the UTC day and 16 of them. What a batch adds is summed in memory first, so that a
//! table is written by one statement.

use std::collections::{BTreeMap, HashSet};

use model::{
    AdvertiserId, CampaignId, ClickId, CouponId, Currency, InfluencerId, LinkId, Timestamp,
    attribution::{Attribution, Method},
    event::Action,
    time::{DAY, MINUTE},
};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{Conn, clicks::ClickRow, events::EventRow, on, round};
use crate::error::Result;

/// Values bound by one statement at most: SQLite takes 32,766.
const MOST_VALUES: usize = 30_000;
/// Where a key has no id.
const NOBODY: Uuid = Uuid::nil();

/// How long a row of sums is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Span {
    Quarter,
    Hour,
    Day,
    /// 16 days: so that a year is few rows, and no range is cut far from an edge of them.
    Days,
}

impl Span {
    pub const OF_TOTALS: [Self; 3] = [Self::Quarter, Self::Hour, Self::Day];
    pub const OF_SHARES: [Self; 3] = [Self::Hour, Self::Day, Self::Days];

    /// In quarter hours; so it is stored.
    pub const fn quarters(self) -> i64 {
        match self {
            Self::Quarter => 1,
            Self::Hour => 4,
            Self::Day => 96,
            Self::Days => 16 * 96,
        }
    }

    pub const fn millis(self) -> i64 {
        match self {
            Self::Quarter => 15 * MINUTE,
            Self::Hour => 60 * MINUTE,
            Self::Day => DAY,
            Self::Days => 16 * DAY,
        }
    }
}

/// A click as far as it is counted.
#[derive(Clone, Copy, Debug)]
pub struct ClickFact {
    pub advertiser: Uuid,
    pub campaign: Uuid,
    pub influencer: Option<Uuid>,
    pub link: Uuid,
    pub at: Timestamp,
    pub is_bot: bool,
    pub is_first: bool,
}

/// An event as far as it is counted.
#[derive(Clone, Copy, Debug)]
pub struct EventFact {
    pub advertiser: AdvertiserId,
    pub occurred_at: Timestamp,
    pub action: Action,
    pub value_minor: Option<i64>,
    pub currency: Currency,
    pub credit: Credit,
}

/// Whose an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credit {
    pub method: Method,
    pub campaign: Option<CampaignId>,
    pub influencer: Option<InfluencerId>,
    pub link: Option<LinkId>,
    pub coupon: Option<CouponId>,
}

impl From<&Attribution> for Credit {
    fn from(attribution: &Attribution) -> Self {
        Self {
            method: attribution.method,
            campaign: attribution.campaign_id,
            influencer: attribution.influencer_id,
            link: attribution.link_id,
            coupon: attribution.coupon_id,
        }
    }
}

impl From<&EventRow<'_>> for EventFact {
    fn from(row: &EventRow<'_>) -> Self {
        Self {
            advertiser: row.advertiser_id,
            occurred_at: row.occurred_at,
            action: row.event.action,
            value_minor: row.event.value.and_then(|value| i64::try_from(value.minor).ok()),
            currency: row.event.currency,
            credit: Credit::from(&row.attribution),
        }
    }
}

/// `human`, `bots`, `human_first`, `bots_first`.
type ClickCounts = [i64; 4];
/// `add_to_cart`, `signups`, `drop_offs`, `purchases`, `valued`, `millions`, `remainder`.
type EventCounts = [i64; 7];

const CLICK_COUNTS: [&str; 4] = ["human", "bots", "human_first", "bots_first"];
const EVENT_COUNTS: [&str; 7] = ["add_to_cart", "signups", "drop_offs", "purchases", "valued", "millions", "remainder"];

/// What one transaction adds, in the order of the tables' keys: nodes that write the same rows take their locks in one
/// order.
#[derive(Debug, Default)]
pub struct Added {
    click_totals: BTreeMap<(Uuid, i64, i64), ClickCounts>,
    click_shares: BTreeMap<(Uuid, i64, i64, Uuid, Uuid, Uuid), ClickCounts>,
    event_totals: BTreeMap<(Uuid, i64, i64, bool, &'static str), EventCounts>,
    event_shares: BTreeMap<EventShare, EventCounts>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct EventShare {
    advertiser: Uuid,
    span: i64,
    start: i64,
    campaign: Uuid,
    influencer: Uuid,
    link: Uuid,
    coupon: Uuid,
    method: &'static str,
    currency: &'static str,
}

impl Added {
    pub fn click(&mut self, click: &ClickFact) {
        let one = |is: bool| i64::from(is);
        let counts = [
            one(!click.is_bot),
            one(click.is_bot),
            one(!click.is_bot && click.is_first),
            one(click.is_bot && click.is_first),
        ];
        let ClickFact { advertiser, campaign, .. } = *click;
        let quarter = click.at.quarter_hour();
        for scope in [advertiser, campaign] {
            for span in Span::OF_TOTALS.map(Span::quarters) {
                add(self.click_totals.entry((scope, span, quarter.div_euclid(span))).or_default(), counts);
            }
        }
        let influencer = click.influencer.unwrap_or(NOBODY);
        for span in Span::OF_SHARES.map(Span::quarters) {
            let share = (advertiser, span, quarter.div_euclid(span), campaign, influencer, click.link);
            add(self.click_shares.entry(share).or_default(), counts);
        }
    }

    pub fn event(&mut self, event: &EventFact) {
        self.event_times(event, 1);
    }

    /// Takes an event back out, as it was counted.
    pub fn event_no_more(&mut self, event: &EventFact) {
        self.event_times(event, -1);
    }

    fn event_times(&mut self, event: &EventFact, times: i64) {
        let mut counts = EventCounts::default();
        match event.action {
            Action::AddToCart => counts[0] = times,
            Action::Signup => counts[1] = times,
            Action::DropOff => counts[2] = times,
            Action::Purchase => {
                counts[3] = times;
                if let Some(value) = event.value_minor {
                    counts[4] = times;
                    counts[5] = times * (value / 1_000_000);
                    counts[6] = times * (value % 1_000_000);
                }
            }
            Action::Custom => return,
        }
        let quarter = event.occurred_at.quarter_hour();
        let Credit { method, campaign, influencer, link, coupon } = event.credit;
        let attributed = method != Method::None;
        let currency = event.currency.code();
        for scope in [Some(event.advertiser.0), campaign.map(|id| id.0)].into_iter().flatten() {
            for span in Span::OF_TOTALS.map(Span::quarters) {
                let total = (scope, span, quarter.div_euclid(span), attributed, currency);
                add(self.event_totals.entry(total).or_default(), counts);
            }
        }
        let share = |span: i64| EventShare {
            advertiser: event.advertiser.0,
            span,
            start: quarter.div_euclid(span),
            campaign: campaign.map_or(NOBODY, |id| id.0),
            influencer: influencer.map_or(NOBODY, |id| id.0),
            link: link.map_or(NOBODY, |id| id.0),
            coupon: coupon.map_or(NOBODY, |id| id.0),
            method: method.as_str(),
            currency,
        };
        for span in Span::OF_SHARES.map(Span::quarters) {
            add(self.event_shares.entry(share(span)).or_default(), counts);
        }
    }

    pub async fn write(self, conn: &mut Conn) -> Result<()> {
        write(conn, self.click_totals, &["scope_id", "span", "start"], "click_totals", CLICK_COUNTS).await?;
        let shares = ["advertiser_id", "span", "start", "campaign_id", "influencer_id", "link_id"];
        write(conn, self.click_shares, &shares, "click_shares", CLICK_COUNTS).await?;
        let totals = ["scope_id", "span", "start", "attributed", "currency"];
        write(conn, self.event_totals, &totals, "event_totals", EVENT_COUNTS).await?;
        let shares = [
            "advertiser_id",
            "span",
            "start",
            "campaign_id",
            "influencer_id",
            "link_id",
            "coupon_id",
            "method",
            "currency",
        ];
        write(conn, self.event_shares, &shares, "event_shares", EVENT_COUNTS).await
    }
}

fn add<const N: usize>(sums: &mut [i64; N], counts: [i64; N]) {
    for (sum, count) in sums.iter_mut().zip(counts) {
        *sum += count;
    }
}

/// A key's part, as it is bound.
enum Part {
    Id(Uuid),
    Number(i64),
    Text(&'static str),
}

trait Key {
    fn parts(&self) -> Vec<Part>;
}

impl Key for (Uuid, i64, i64) {
    fn parts(&self) -> Vec<Part> {
        vec![Part::Id(self.0), Part::Number(self.1), Part::Number(self.2)]
    }
}

impl Key for (Uuid, i64, i64, Uuid, Uuid, Uuid) {
    fn parts(&self) -> Vec<Part> {
        vec![
            Part::Id(self.0),
            Part::Number(self.1),
            Part::Number(self.2),
            Part::Id(self.3),
            Part::Id(self.4),
            Part::Id(self.5),
        ]
    }
}

impl Key for (Uuid, i64, i64, bool, &'static str) {
    fn parts(&self) -> Vec<Part> {
        let attributed = i64::from(self.3);
        vec![Part::Id(self.0), Part::Number(self.1), Part::Number(self.2), Part::Number(attributed), Part::Text(self.4)]
    }
}

impl Key for EventShare {
    fn parts(&self) -> Vec<Part> {
        vec![
            Part::Id(self.advertiser),
            Part::Number(self.span),
            Part::Number(self.start),
            Part::Id(self.campaign),
            Part::Id(self.influencer),
            Part::Id(self.link),
            Part::Id(self.coupon),
            Part::Text(self.method),
            Part::Text(self.currency),
        ]
    }
}

/// Adds to the rows that are there, and makes those that are not.
async fn write<K: Key, const N: usize>(
    conn: &mut Conn,
    added: BTreeMap<K, [i64; N]>,
    keys: &[&str],
    table: &str,
    counts: [&str; N],
) -> Result<()> {
    // What was taken out of a row and put back into it changes nothing.
    let rows: Vec<(K, [i64; N])> = added.into_iter().filter(|(_, sums)| *sums != [0; N]).collect();
    let most = round::at_most(MOST_VALUES / (keys.len() + N));
    let or_sum = conn.or_sum(&keys.join(", "), &counts);
    let insert = format!("{}{table} ({}, {}) ", conn.insert(), keys.join(", "), counts.join(", "));
    for some in rows.chunks(most) {
        on!(conn, c => {
            let mut insert = QueryBuilder::new(&insert);
            insert.push_values(round::filled(some).enumerate(), |mut row, (place, (key, sums))| {
                for part in key.parts() {
                    match part {
                        Part::Id(id) => row.push_bind(id),
                        Part::Number(number) => row.push_bind(number),
                        Part::Text(text) => row.push_bind(text),
                    };
                }
                // Each is counted once.
                let times = i64::from(place < some.len());
                for sum in sums {
                    row.push_bind(sum * times);
                }
            });
            insert.push(&or_sum);
            insert.build().execute(&mut *c).await?;
        });
    }
    Ok(())
}

/// Counts events that this transaction has recorded.
pub async fn add_events<'e>(conn: &mut Conn, rows: impl Iterator<Item = &'e EventRow<'e>>) -> Result<()> {
    let mut added = Added::default();
    for row in rows {
        added.event(&row.into());
    }
    added.write(conn).await
}

/// Counts clicks that this transaction writes, but for those that were there `already`, and says how many that is.
pub async fn add_clicks(
    conn: &mut Conn,
    rows: &[ClickRow],
    firsts: &HashSet<ClickId>,
    already: &HashSet<ClickId>,
) -> Result<u64> {
    let mut added = Added::default();
    let mut seen = HashSet::with_capacity(rows.len());
    for row in rows.iter().filter(|row| !already.contains(&row.id) && seen.insert(row.id)) {
        added.click(&ClickFact {
            advertiser: row.advertiser_id,
            campaign: row.campaign_id,
            influencer: row.influencer_id,
            link: row.link_id,
            at: row.at,
            is_bot: row.is_bot,
            is_first: firsts.contains(&row.id),
        });
    }
    added.write(conn).await?;
    Ok(seen.len() as u64)
}
