//! Sums as they are read: totals of scopes, and shares by all that is told apart.

use std::collections::{BTreeMap, HashMap};

use model::{AdvertiserId, EventId, Timestamp};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    Conn,
    list::{Arg, Select},
    on,
    rollups::{Credit, EventFact, Span},
    stats::{Filter, Key, Of, Split, Tallies},
    word,
};
use crate::{
    error::Result,
    stats::tally::{Shares, Tally, Valued},
};

/// Scopes, or rows, that one statement names at most. From a thousand on MariaDB makes a table of them first.
const MOST_NAMED: usize = 512;

/// Which rows of totals are read.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'a> {
    /// All in one, or each by its own number.
    Between { from: i64, to: i64, apart: bool },
    /// Each by its own number.
    These(&'a [i64]),
}

impl Rows<'_> {
    /// As many statements name as these.
    fn parts(self) -> Vec<Self> {
        match self {
            Self::Between { .. } => vec![self],
            Self::These(starts) => starts.chunks(MOST_NAMED).map(Rows::These).collect(),
        }
    }

    fn are_apart(self) -> bool {
        !matches!(self, Self::Between { apart: false, .. })
    }

    fn narrow(self, select: &mut Select) {
        match self {
            Self::Between { from, to, .. } => {
                select.and("start >= ? AND start < ?", [Arg::Number(from), Arg::Number(to)]);
            }
            Self::These(starts) => {
                select.and_in("start", starts, Arg::Number);
            }
        }
    }
}

/// The sum of scopes' totals, by the rows' numbers; all under 0 where they are not told apart.
pub async fn totals(conn: &mut Conn, scopes: &[Uuid], span: Span, rows: Rows<'_>) -> Result<BTreeMap<i64, Tally>> {
    let mut sums = BTreeMap::new();
    for scopes in scopes.chunks(MOST_NAMED) {
        for rows in rows.parts() {
            some_totals(conn, scopes, span, rows, &mut sums).await?;
        }
    }
    Ok(sums)
}

const CLICK_SUMS: &str = "CAST(SUM(human) AS SIGNED) AS human, CAST(SUM(bots) AS SIGNED) AS bots,
    CAST(SUM(human_first) AS SIGNED) AS human_first, CAST(SUM(bots_first) AS SIGNED) AS bots_first";
const EVENT_SUMS: &str = "CAST(SUM(add_to_cart) AS SIGNED) AS add_to_cart, CAST(SUM(signups) AS SIGNED) AS signups,
    CAST(SUM(drop_offs) AS SIGNED) AS drop_offs, CAST(SUM(purchases) AS SIGNED) AS purchases,
    CAST(SUM(valued) AS SIGNED) AS valued, CAST(SUM(millions) AS SIGNED) AS millions,
    CAST(SUM(remainder) AS SIGNED) AS remainder";

#[derive(sqlx::FromRow)]
struct ClickSums {
    human: i64,
    bots: i64,
    human_first: i64,
    bots_first: i64,
}

impl ClickSums {
    fn add_to(&self, tally: &mut Tally) {
        tally.human += self.human;
        tally.bots += self.bots;
        tally.human_first += self.human_first;
        tally.bots_first += self.bots_first;
    }
}

#[derive(sqlx::FromRow)]
struct EventSums {
    attributed: i64,
    currency: String,
    add_to_cart: i64,
    signups: i64,
    drop_offs: i64,
    purchases: i64,
    valued: i64,
    millions: i64,
    remainder: i64,
}

impl EventSums {
    fn add_to(&self, tally: &mut Tally) -> Result<()> {
        let attributed = self.attributed != 0;
        let add = |shares: &mut Shares, count| {
            *(if attributed { &mut shares.attributed } else { &mut shares.rest }) += count;
        };
        add(&mut tally.add_to_cart, self.add_to_cart);
        add(&mut tally.signups, self.signups);
        add(&mut tally.drop_offs, self.drop_offs);
        add(&mut tally.purchases, self.purchases);
        let sum = i128::from(self.millions) * 1_000_000 + i128::from(self.remainder);
        tally.add_sales(word(&self.currency)?, attributed, Valued { count: self.valued, sum });
        Ok(())
    }
}

#[derive(sqlx::FromRow)]
struct Started<T> {
    started: i64,
    #[sqlx(flatten)]
    sums: T,
}

async fn some_totals(
    conn: &mut Conn,
    scopes: &[Uuid],
    span: Span,
    rows: Rows<'_>,
    into: &mut BTreeMap<i64, Tally>,
) -> Result<()> {
    let apart = rows.are_apart();
    let started = if apart { "start" } else { "0" };
    let mut clicks = Select::new(&format!("SELECT {started} AS started, {CLICK_SUMS} FROM click_totals"));
    narrow(&mut clicks, scopes, span, rows);
    clicks.push(if apart { " GROUP BY start" } else { " HAVING COUNT(*) > 0" });
    for row in clicks.fetch::<Started<ClickSums>>(conn).await? {
        row.sums.add_to(into.entry(row.started).or_default());
    }
    let select = format!("SELECT {started} AS started, attributed, currency, {EVENT_SUMS} FROM event_totals");
    let mut events = Select::new(&select);
    narrow(&mut events, scopes, span, rows);
    events.push(if apart { " GROUP BY start, attributed, currency" } else { " GROUP BY attributed, currency" });
    for row in events.fetch::<Started<EventSums>>(conn).await? {
        row.sums.add_to(into.entry(row.started).or_default())?;
    }
    Ok(())
}

fn narrow(select: &mut Select, scopes: &[Uuid], span: Span, rows: Rows<'_>) {
    select.and_in("scope_id", scopes, Arg::Id).and("span = ?", [Arg::Number(span.quarters())]);
    rows.narrow(select);
}

/// Sums by all that is told apart, by the rows' numbers; all under 0 where these are not told apart.
pub async fn shares(
    conn: &mut Conn,
    advertisers: &[AdvertiserId],
    filter: &Filter,
    split: &Split,
    span: Span,
    rows: Rows<'_>,
) -> Result<BTreeMap<i64, Tallies>> {
    let mut sums = BTreeMap::new();
    // Rows are in the order of advertisers and time: who they may be is said, but where an influencer leads to them.
    for rows in rows.parts() {
        if filter.influencer.is_some() || filter.advertiser.is_some() {
            some_shares(conn, &[], filter, split, span, rows, &mut sums).await?;
        } else {
            for advertisers in advertisers.chunks(MOST_NAMED) {
                some_shares(conn, advertisers, filter, split, span, rows, &mut sums).await?;
            }
        }
    }
    Ok(sums)
}

#[derive(sqlx::FromRow)]
struct Share<T> {
    key_id: Option<Uuid>,
    key_campaign: Option<Uuid>,
    key_start: i64,
    #[sqlx(flatten)]
    sums: T,
}

impl<T> Share<T> {
    fn tally<'a>(&self, into: &'a mut BTreeMap<i64, Tallies>) -> &'a mut Tally {
        let known = |id: Option<Uuid>| id.filter(|id| !id.is_nil());
        let key = Key { id: known(self.key_id), campaign: known(self.key_campaign) };
        into.entry(self.key_start).or_default().entry(key).or_default()
    }
}

async fn some_shares(
    conn: &mut Conn,
    advertisers: &[AdvertiserId],
    filter: &Filter,
    split: &Split,
    span: Span,
    rows: Rows<'_>,
    into: &mut BTreeMap<i64, Tallies>,
) -> Result<()> {
    let apart = rows.are_apart();
    let columns = |of: Of| {
        let by = split.by.and_then(|by| of.column(by));
        let campaign = split.by_campaign.then_some("campaign_id");
        let start = apart.then_some("start");
        let select = format!(
            "SELECT {} AS key_id, {} AS key_campaign, {} AS key_start",
            by.unwrap_or("NULL"),
            campaign.unwrap_or("NULL"),
            start.unwrap_or("0")
        );
        (select, [by, campaign, start].into_iter().flatten().collect::<Vec<_>>())
    };
    // An influencer's rows are few among an advertiser's, unless it is known where among them they stand.
    let leads = filter.influencer.is_some() && filter.campaign.is_none() && filter.stands.is_none();
    let index = |index| if leads { conn.by_index(index) } else { String::new() };
    let (of_clicks, of_events) = (index("click_shares_influencer"), index("event_shares_influencer"));
    let narrowed = |from_table: &str| {
        let mut select = Select::new(from_table);
        if !advertisers.is_empty() {
            select.and_in("advertiser_id", advertisers, |id| Arg::Id(id.0));
        }
        select
            .and_id("advertiser_id = ?", filter.advertiser)
            .and("span = ?", [Arg::Number(span.quarters())])
            .and_id("campaign_id = ?", filter.campaign)
            .and_id("influencer_id = ?", filter.influencer)
            .and_id("link_id = ?", filter.link)
            .and_id("campaign_id = ?", filter.stands.map(|stands| stands.campaign))
            .and_id("influencer_id = ?", filter.stands.map(|stands| stands.influencer))
            .and_id("link_id = ?", filter.stands.map(|stands| stands.link));
        rows.narrow(&mut select);
        select
    };
    if filter.coupon.is_none() {
        let (select, keys) = columns(Of::Clicks);
        let mut clicks = narrowed(&format!("{select}, {CLICK_SUMS} FROM click_shares{of_clicks}"));
        if keys.is_empty() {
            clicks.push(" HAVING COUNT(*) > 0");
        } else {
            clicks.push(" GROUP BY ").push(&keys.join(", "));
        }
        for row in clicks.fetch::<Share<ClickSums>>(conn).await? {
            row.sums.add_to(row.tally(into));
        }
    }
    let (select, mut keys) = columns(Of::Events);
    keys.extend(["attributed", "currency"]);
    let mut events = narrowed(&format!(
        "{select}, CAST(CASE WHEN method = 'none' THEN 0 ELSE 1 END AS SIGNED) AS attributed, currency, {EVENT_SUMS}
        FROM event_shares{of_events}"
    ));
    events
        .and_id("coupon_id = ?", filter.coupon)
        .and_word("method = ?", filter.method.map(model::attribution::Method::as_str))
        .push(" GROUP BY ")
        .push(&keys.join(", "));
    for row in events.fetch::<Share<EventSums>>(conn).await? {
        row.sums.add_to(row.tally(into))?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct FactRow {
    id: Uuid,
    advertiser_id: Uuid,
    occurred_at: i64,
    action: String,
    value_minor: Option<i64>,
    currency: String,
    method: String,
    campaign_id: Option<Uuid>,
    influencer_id: Option<Uuid>,
    link_id: Option<Uuid>,
    coupon_id: Option<Uuid>,
}

/// What these events count for now, and will until this transaction ends.
pub async fn held_facts(conn: &mut Conn, ids: &[EventId]) -> Result<HashMap<EventId, EventFact>> {
    let only_writer = conn.is_only_writer();
    let rows: Vec<FactRow> = on!(conn, c => {
        if !only_writer {
            // A read holds nothing; a write does, though it changes nothing.
            let mut hold = QueryBuilder::new("UPDATE events SET method = method WHERE id IN (");
            let mut list = hold.separated(", ");
            for id in ids {
                list.push_bind(id.0);
            }
            hold.push(")");
            hold.build().execute(&mut *c).await?;
        }
        let mut read = QueryBuilder::new(
            "SELECT id, advertiser_id, occurred_at, action, value_minor, currency, method, campaign_id, influencer_id,
                link_id, coupon_id
            FROM events WHERE id IN (",
        );
        let mut list = read.separated(", ");
        for id in ids {
            list.push_bind(id.0);
        }
        read.push(")");
        read.build_query_as().fetch_all(&mut *c).await?
    });
    let fact = |row: FactRow| {
        let credit = Credit {
            method: word(&row.method)?,
            campaign: row.campaign_id.map(Into::into),
            influencer: row.influencer_id.map(Into::into),
            link: row.link_id.map(Into::into),
            coupon: row.coupon_id.map(Into::into),
        };
        let fact = EventFact {
            advertiser: row.advertiser_id.into(),
            occurred_at: Timestamp(row.occurred_at),
            action: word(&row.action)?,
            value_minor: row.value_minor,
            currency: word(&row.currency)?,
            credit,
        };
        Ok((EventId(row.id), fact))
    };
    rows.into_iter().map(fact).collect()
}
