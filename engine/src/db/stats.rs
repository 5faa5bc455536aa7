//! Counts and sums straight from the rows: what every other way to a figure must equal.

use std::{collections::BTreeMap, slice};

use model::{
    AdvertiserId, CampaignId, CouponId, Currency, InfluencerId, LinkId, Timestamp, attribution::Method, event::Action,
    stats::Dimension, time::MINUTE,
};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    Conn,
    list::{Arg, Select},
    on, word,
};
use crate::{
    error::Result,
    stats::tally::{Tally, Valued},
};

/// Whose clicks and events, from when to when.
#[derive(Clone, Debug)]
pub struct Filter {
    pub from: Timestamp,
    /// Exclusive.
    pub to: Timestamp,
    /// None: every advertiser's, which only admins may ask for.
    pub advertiser: Option<AdvertiserId>,
    pub campaign: Option<CampaignId>,
    pub influencer: Option<InfluencerId>,
    pub link: Option<LinkId>,
    /// Clicks have no coupon: with one, none are counted.
    pub coupon: Option<CouponId>,
    /// Counts for events alone.
    pub method: Option<Method>,
    /// The UTC midnight before which there may be no rows any more, only sums.
    pub rows_from: Option<Timestamp>,
    /// Where the shares of the link or coupon stand: so they are found sooner. Narrows nothing.
    pub stands: Option<Stands>,
}

/// What all clicks and events of a link, or all events of a coupon, have in common. All zeros stand for no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stands {
    pub campaign: Uuid,
    pub influencer: Uuid,
    pub link: Uuid,
}

/// What counts are told apart by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Split {
    pub by: Option<Dimension>,
    pub by_campaign: bool,
}

/// Whose counts these are, as far as they are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub id: Option<Uuid>,
    pub campaign: Option<Uuid>,
}

pub type Tallies = BTreeMap<Key, Tally>;

/// A quarter hour, in milliseconds.
const QUARTER: i64 = 15 * MINUTE;
/// Stretches that one statement counts at most, a power of two: SQLite joins 500 selects.
const MOST_STRETCHES: usize = 128;

impl Split {
    /// What is selected for a [`Key`], and what it is grouped by. `stretch`: the number that stands for all quarters,
    /// where they are not told apart.
    fn columns(self, of: Of, by_quarter: bool, stretch: usize) -> (String, Vec<&'static str>) {
        let by = self.by.and_then(|by| of.column(by));
        let campaign = self.by_campaign.then_some("campaign_id");
        let quarter = by_quarter.then_some("quarter");
        let select = format!(
            "SELECT {} AS key_id, {} AS key_campaign, {} AS key_number, ",
            by.unwrap_or("NULL"),
            campaign.unwrap_or("NULL"),
            quarter.map_or_else(|| stretch.to_string(), str::to_owned)
        );
        (select, [by, campaign, quarter].into_iter().flatten().collect())
    }
}

#[derive(Clone, Copy)]
pub(super) enum Of {
    Clicks,
    Events,
}

impl Of {
    pub(super) fn column(self, by: Dimension) -> Option<&'static str> {
        match (by, self) {
            (Dimension::Influencer, _) => Some("influencer_id"),
            (Dimension::Campaign, _) => Some("campaign_id"),
            (Dimension::Link, _) => Some("link_id"),
            (Dimension::Coupon, Self::Events) => Some("coupon_id"),
            (Dimension::Coupon, Self::Clicks) => None,
        }
    }
}

/// All that a filter lets through.
pub async fn tallies(conn: &mut Conn, filter: &Filter, split: &Split) -> Result<Tallies> {
    let all = numbered(conn, slice::from_ref(filter), split, false).await?;
    Ok(all.into_values().next().unwrap_or_default())
}

/// The same of each of these stretches of time.
pub async fn of_each(
    conn: &mut Conn,
    stretches: impl Iterator<Item = (i64, i64)>,
    filter: &Filter,
    split: &Split,
) -> Result<Vec<Tallies>> {
    let narrowed = |(from, to)| Filter { from: Timestamp(from), to: Timestamp(to), ..filter.clone() };
    let mut filters: Vec<Filter> = stretches.map(narrowed).collect();
    let mut found = vec![Tallies::new(); filters.len()];
    // Empty ones behind them, so that statements have few texts.
    let (count, none) = (filters.len(), Filter { to: filter.from, ..filter.clone() });
    filters.resize(if count > 0 { count.next_power_of_two() } else { 0 }, none);
    for (some, found) in filters.chunks(MOST_STRETCHES).zip(found.chunks_mut(MOST_STRETCHES)) {
        for (stretch, tallies) in numbered(conn, some, split, false).await? {
            if let Some(place) = usize::try_from(stretch).ok().and_then(|stretch| found.get_mut(stretch)) {
                *place = tallies;
            }
        }
    }
    Ok(found)
}

/// The same between each two of these moments. They are in order, and those inside begin quarter hours, as zones'
/// offsets are made of whole ones.
pub async fn between(conn: &mut Conn, edges: &[i64], filter: &Filter, split: &Split) -> Result<Vec<Tallies>> {
    let (Some(first), Some(last)) = (edges.first(), edges.last()) else { return Ok(Vec::new()) };
    let filter = Filter { from: Timestamp(*first), to: Timestamp(*last), ..filter.clone() };
    if edges.len() == 2 {
        return Ok(vec![tallies(conn, &filter, split).await?]);
    }
    let mut buckets = vec![Tallies::new(); edges.len() - 1];
    for (quarter, tallies) in numbered(conn, slice::from_ref(&filter), split, true).await? {
        let begin = (quarter * QUARTER).max(*first);
        let bucket = edges.partition_point(|edge| *edge <= begin).saturating_sub(1);
        if let Some(bucket) = buckets.get_mut(bucket) {
            for (key, tally) in &tallies {
                bucket.entry(*key).or_default().add_times(tally, 1);
            }
        }
    }
    Ok(buckets)
}

/// By quarter hour, of one filter; or all of each filter under its place.
async fn numbered(
    conn: &mut Conn,
    filters: &[Filter],
    split: &Split,
    by_quarter: bool,
) -> Result<BTreeMap<i64, Tallies>> {
    let mut numbered: BTreeMap<i64, Tallies> = BTreeMap::new();
    for row in clicks(conn, filters, split, by_quarter).await? {
        let key = Key { id: row.key_id, campaign: row.key_campaign };
        let tally = numbered.entry(row.key_number).or_default().entry(key).or_default();
        tally.human += row.human;
        tally.bots += row.bots;
        tally.human_first += row.human_first;
        tally.bots_first += row.bots_first;
    }
    for row in events(conn, filters, split, by_quarter).await? {
        let key = Key { id: row.key_id, campaign: row.key_campaign };
        let (action, currency): (Action, Currency) = (word(&row.action)?, word(&row.currency)?);
        let sum = i128::from(row.millions) * 1_000_000 + i128::from(row.remainder);
        let valued = Valued { count: row.valued, sum };
        let tally = numbered.entry(row.key_number).or_default().entry(key).or_default();
        tally.add_events(action, row.attributed != 0, row.total, currency, valued);
    }
    Ok(numbered)
}

#[derive(sqlx::FromRow)]
struct ClickRow {
    key_id: Option<Uuid>,
    key_campaign: Option<Uuid>,
    key_number: i64,
    human: i64,
    bots: i64,
    human_first: i64,
    bots_first: i64,
}

#[derive(sqlx::FromRow)]
struct EventRow {
    key_id: Option<Uuid>,
    key_campaign: Option<Uuid>,
    key_number: i64,
    action: String,
    currency: String,
    attributed: i64,
    total: i64,
    /// How many carry a value.
    valued: i64,
    millions: i64,
    remainder: i64,
}

/// Appends the conditions that clicks and events share.
macro_rules! narrow {
    ($query:expr, $filter:expr, $time:literal) => {{
        $query.push(concat!(" WHERE ", $time, " >= ")).push_bind($filter.from.0);
        $query.push(concat!(" AND ", $time, " < ")).push_bind($filter.to.0);
        for (column, id) in [
            ("advertiser_id", $filter.advertiser.map(|id| id.0)),
            ("campaign_id", $filter.campaign.map(|id| id.0)),
            ("influencer_id", $filter.influencer.map(|id| id.0)),
            ("link_id", $filter.link.map(|id| id.0)),
        ] {
            if let Some(id) = id {
                $query.push(" AND ").push(column).push(" = ").push_bind(id);
            }
        }
    }};
}

async fn clicks(conn: &mut Conn, filters: &[Filter], split: &Split, by_quarter: bool) -> Result<Vec<ClickRow>> {
    if filters.iter().any(|filter| filter.coupon.is_some()) {
        return Ok(Vec::new());
    }
    Ok(on!(conn, c => {
        let mut query = QueryBuilder::new("");
        for (place, filter) in filters.iter().enumerate() {
            let (select, keys) = split.columns(Of::Clicks, by_quarter, place);
            query.push(if place > 0 { " UNION ALL " } else { "" }).push(select).push(
                "CAST(SUM(CASE WHEN is_bot = 0 THEN 1 ELSE 0 END) AS SIGNED) AS human,
                CAST(SUM(CASE WHEN is_bot = 0 THEN 0 ELSE 1 END) AS SIGNED) AS bots,
                CAST(SUM(CASE WHEN is_bot = 0 AND is_first = 1 THEN 1 ELSE 0 END) AS SIGNED) AS human_first,
                CAST(SUM(CASE WHEN is_bot = 1 AND is_first = 1 THEN 1 ELSE 0 END) AS SIGNED) AS bots_first
                FROM clicks",
            );
            narrow!(query, filter, "clicked_at");
            if keys.is_empty() {
                query.push(" HAVING COUNT(*) > 0");
            } else {
                query.push(" GROUP BY ").push(keys.join(", "));
            }
        }
        query.build_query_as().fetch_all(&mut *c).await?
    }))
}

async fn events(conn: &mut Conn, filters: &[Filter], split: &Split, by_quarter: bool) -> Result<Vec<EventRow>> {
    let divided_by = conn.whole_division();
    Ok(on!(conn, c => {
        let mut query = QueryBuilder::new("");
        for (place, filter) in filters.iter().enumerate() {
            let (select, mut keys) = split.columns(Of::Events, by_quarter, place);
            keys.extend(["action", "currency", "attributed"]);
            // In two parts, neither of which can overflow 64 bits.
            query
                .push(if place > 0 { " UNION ALL " } else { "" })
                .push(select)
                .push(
                    "action, currency, CAST(CASE WHEN method = 'none' THEN 0 ELSE 1 END AS SIGNED) AS attributed,
                    COUNT(*) AS total, COUNT(value_minor) AS valued, CAST(COALESCE(SUM(value_minor ",
                )
                .push(divided_by)
                .push(
                    " 1000000), 0) AS SIGNED) AS millions,
                    CAST(COALESCE(SUM(value_minor % 1000000), 0) AS SIGNED) AS remainder FROM events",
                );
            narrow!(query, filter, "occurred_at");
            if let Some(coupon) = filter.coupon {
                query.push(" AND coupon_id = ").push_bind(coupon.0);
            }
            if let Some(method) = filter.method {
                query.push(" AND method = ").push_bind(method.as_str());
            }
            query.push(" GROUP BY ").push(keys.join(", "));
        }
        query.build_query_as().fetch_all(&mut *c).await?
    }))
}

/// What stands beside a row's figures.
#[derive(sqlx::FromRow)]
pub struct Label {
    pub id: Uuid,
    pub label: String,
    /// A campaign's percentage, in hundredths.
    pub basis_points: Option<i64>,
}

pub async fn influencer_labels(conn: &mut Conn, ids: &[Uuid]) -> Result<Vec<Label>> {
    labels(conn, "SELECT id, name AS label, NULL AS basis_points FROM influencers", ids).await
}

pub async fn campaign_labels(conn: &mut Conn, ids: &[Uuid]) -> Result<Vec<Label>> {
    labels(conn, "SELECT id, name AS label, commission_basis_points AS basis_points FROM campaigns", ids).await
}

pub async fn link_labels(conn: &mut Conn, ids: &[Uuid]) -> Result<Vec<Label>> {
    labels(conn, "SELECT id, code AS label, NULL AS basis_points FROM links", ids).await
}

pub async fn coupon_labels(conn: &mut Conn, ids: &[Uuid]) -> Result<Vec<Label>> {
    labels(conn, "SELECT id, code AS label, NULL AS basis_points FROM coupons", ids).await
}

async fn labels(conn: &mut Conn, from: &str, ids: &[Uuid]) -> Result<Vec<Label>> {
    let mut found = Vec::new();
    for some in ids.chunks(500) {
        let mut select = Select::new(from);
        select.and_in("id", some, Arg::Id);
        found.extend(select.fetch(conn).await?);
    }
    Ok(found)
}
