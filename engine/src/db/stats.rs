//! Counts and sums straight from the rows: what every other way to a figure must equal.

use model::{AdvertiserId, CampaignId, CouponId, InfluencerId, LinkId, Timestamp, attribution::Method, event::Action};
use sqlx::QueryBuilder;

use super::{Conn, on, word};
use crate::error::Result;

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
}

/// Clicks of one bucket.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub struct ClickCount {
    pub quarter: i64,
    pub human: i64,
    pub bots: i64,
    pub human_first: i64,
    pub bots_first: i64,
}

/// Events of one bucket, action and currency.
#[derive(Clone, Debug)]
pub struct EventCount {
    pub quarter: i64,
    pub action: Action,
    pub currency: String,
    pub attributed: bool,
    pub count: i64,
    /// How many carry a value.
    pub valued: i64,
    pub sum_minor: i128,
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

/// Clicks by quarter hour, or all in one where `by_quarter` is false.
pub async fn clicks(conn: &mut Conn, filter: &Filter, by_quarter: bool) -> Result<Vec<ClickCount>> {
    if filter.coupon.is_some() {
        return Ok(Vec::new());
    }
    let quarter = if by_quarter { "quarter" } else { "0" };
    Ok(on!(conn, c => {
        let mut query = QueryBuilder::new("SELECT ");
        query.push(quarter).push(
            " AS quarter,
            CAST(SUM(CASE WHEN is_bot = 0 THEN 1 ELSE 0 END) AS SIGNED) AS human,
            CAST(SUM(CASE WHEN is_bot = 0 THEN 0 ELSE 1 END) AS SIGNED) AS bots,
            CAST(SUM(CASE WHEN is_bot = 0 AND is_first = 1 THEN 1 ELSE 0 END) AS SIGNED) AS human_first,
            CAST(SUM(CASE WHEN is_bot = 1 AND is_first = 1 THEN 1 ELSE 0 END) AS SIGNED) AS bots_first
            FROM clicks",
        );
        narrow!(query, filter, "clicked_at");
        query.push(if by_quarter { " GROUP BY quarter" } else { " HAVING COUNT(*) > 0" });
        query.build_query_as().fetch_all(&mut *c).await?
    }))
}

/// Events by quarter hour, or all in one where `by_quarter` is false.
pub async fn events(conn: &mut Conn, filter: &Filter, by_quarter: bool) -> Result<Vec<EventCount>> {
    let quarter = if by_quarter { "quarter" } else { "0" };
    let divided_by = conn.whole_division();
    let rows: Vec<EventCountRow> = on!(conn, c => {
        let mut query = QueryBuilder::new("SELECT ");
        query.push(quarter).push(
            " AS bucket, action, currency, CAST(CASE WHEN method = 'none' THEN 0 ELSE 1 END AS SIGNED) AS attributed,
            COUNT(*) AS total, COUNT(value_minor) AS valued, CAST(COALESCE(SUM(value_minor ",
        );
        // In two parts, neither of which can overflow 64 bits.
        query.push(divided_by).push(
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
        query.push(" GROUP BY action, currency, attributed");
        if by_quarter {
            query.push(", bucket");
        }
        query.build_query_as().fetch_all(&mut *c).await?
    });
    rows.into_iter().map(EventCount::try_from).collect()
}

#[derive(sqlx::FromRow)]
struct EventCountRow {
    bucket: i64,
    action: String,
    currency: String,
    attributed: i64,
    total: i64,
    valued: i64,
    millions: i64,
    remainder: i64,
}

impl TryFrom<EventCountRow> for EventCount {
    type Error = crate::Error;

    fn try_from(row: EventCountRow) -> Result<Self> {
        Ok(Self {
            quarter: row.bucket,
            action: word(&row.action)?,
            currency: row.currency,
            attributed: row.attributed != 0,
            count: row.total,
            valued: row.valued,
            sum_minor: i128::from(row.millions) * 1_000_000 + i128::from(row.remainder),
        })
    }
}
