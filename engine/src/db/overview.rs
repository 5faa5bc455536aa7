//! How much there is, for the overview and the checklists.

use model::{
    AdvertiserId, Timestamp,
    overview::{LastDay, Totals},
};

use super::{Conn, list::Select, on, rollups::Span};
use crate::error::Result;

/// Of all but clicks and events, which take longer: [`happenings`].
pub async fn totals(conn: &mut Conn) -> Result<Totals> {
    Ok(Totals {
        advertisers: count(conn, "advertisers").await?,
        campaigns: count(conn, "campaigns").await?,
        influencers: count(conn, "influencers").await?,
        coupons: count(conn, "coupons").await?,
        links: count(conn, "links").await?,
        ..Totals::default()
    })
}

async fn count(conn: &mut Conn, table: &str) -> Result<i64> {
    let rows: Vec<(i64,)> = Select::new(&format!("SELECT COUNT(*) FROM {table}")).fetch(conn).await?;
    Ok(rows.first().map_or(0, |(count,)| *count))
}

/// What is counted over all that happened: row by row, so not for every reader anew.
#[derive(Clone, Copy, Debug)]
pub struct Happenings {
    /// Those whose rows are deleted among them.
    pub clicks: i64,
    pub events: i64,
    /// Active advertisers with a click or an event of late.
    pub active_advertisers: i64,
    pub events_this_month: i64,
    pub last_day: LastDay,
}

/// By their sums: to count as many rows takes seconds.
async fn all_clicks(conn: &mut Conn) -> Result<i64> {
    let day = Span::Day.quarters();
    let sql = format!(
        "SELECT COALESCE(CAST(SUM(t.human + t.bots) AS SIGNED), 0) FROM advertisers v
            JOIN click_totals t ON t.scope_id = v.id WHERE t.span = {day}"
    );
    let rows: Vec<(i64,)> = Select::new(&sql).fetch(conn).await?;
    Ok(rows.first().map_or(0, |(count,)| *count))
}

/// How many clicks and events there are.
pub async fn written(conn: &mut Conn) -> Result<(i64, i64)> {
    Ok((count(conn, "clicks").await?, count(conn, "events").await?))
}

pub async fn happenings(conn: &mut Conn, late: Timestamp, month: Timestamp, day: Timestamp) -> Result<Happenings> {
    Ok(Happenings {
        clicks: all_clicks(conn).await?,
        events: count(conn, "events").await?,
        active_advertisers: active_advertisers(conn, late).await?,
        events_this_month: events_since(conn, month).await?,
        last_day: last_day(conn, day).await?,
    })
}

/// What of the set-up is there already; each is one row or none, so that it is quick however much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beginnings {
    pub advertiser: bool,
    /// Of one advertiser: one who is assigned to a campaign of its.
    pub influencer: bool,
    pub campaign: bool,
    pub assignment: bool,
    pub code: bool,
    pub key: bool,
    pub click: bool,
    pub event: bool,
}

pub async fn beginnings(conn: &mut Conn, within: Option<AdvertiserId>) -> Result<Beginnings> {
    async fn any(conn: &mut Conn, within: Option<AdvertiserId>, from: &str, owner: &str) -> Result<bool> {
        let mut select = Select::new(&format!("SELECT 1 FROM {from}"));
        select.and_id(&format!("{owner} = ?"), within).push(" LIMIT 1");
        let rows: Vec<(i64,)> = select.fetch(conn).await?;
        Ok(!rows.is_empty())
    }
    const ASSIGNED: &str = "assignments a JOIN campaigns k ON k.id = a.campaign_id";
    let assignment = any(conn, within, ASSIGNED, "k.advertiser_id").await?;
    Ok(Beginnings {
        advertiser: any(conn, within, "advertisers", "id").await?,
        influencer: assignment || within.is_none() && any(conn, None, "influencers", "id").await?,
        campaign: any(conn, within, "campaigns", "advertiser_id").await?,
        assignment,
        code: any(conn, within, "links", "advertiser_id").await?
            || any(conn, within, "coupons", "advertiser_id").await?,
        key: any(conn, within, "api_keys", "advertiser_id").await?,
        click: any(conn, within, "clicks", "advertiser_id").await?,
        event: any(conn, within, "events", "advertiser_id").await?,
    })
}

/// Active advertisers with a click or an event since a moment.
async fn active_advertisers(conn: &mut Conn, since: Timestamp) -> Result<i64> {
    const SQL: &str = "SELECT COUNT(*) FROM advertisers v WHERE v.status = 'active' AND (
        EXISTS (SELECT 1 FROM clicks c WHERE c.advertiser_id = v.id AND c.clicked_at >= ?)
        OR EXISTS (SELECT 1 FROM events e WHERE e.advertiser_id = v.id AND e.occurred_at >= ?))";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(since.0).bind(since.0).fetch_one(c).await)?)
}

async fn last_day(conn: &mut Conn, since: Timestamp) -> Result<LastDay> {
    const SQL: &str = "SELECT COUNT(*) FROM ingest_failures WHERE id >= ?";
    let events = events_since(conn, since).await?;
    // Ids begin with the moment they were made.
    let first = uuid::Builder::from_unix_timestamp_millis(since.0.unsigned_abs(), &[0; 10]).into_uuid();
    let failures: i64 = on!(conn, c => sqlx::query_scalar(SQL).bind(first).fetch_one(c).await)?;
    let all = events + failures;
    #[expect(clippy::cast_precision_loss, reason = "a rate; counts are far below 2^52")]
    let error_rate = (all > 0).then(|| failures as f64 / all as f64);
    Ok(LastDay { events, failures, error_rate })
}

/// The database's version as it says it, and how many bytes it takes; what it does not tell is none.
pub async fn about(conn: &mut Conn) -> Result<(Option<String>, Option<i64>)> {
    let (version, bytes) = conn.about();
    let version: Option<String> = on!(conn, c => sqlx::query_scalar(version).fetch_one(c).await)?;
    let bytes: Option<i64> = on!(conn, c => sqlx::query_scalar(bytes).fetch_one(c).await)?;
    Ok((version, bytes))
}

async fn events_since(conn: &mut Conn, since: Timestamp) -> Result<i64> {
    const SQL: &str = "SELECT COUNT(*) FROM events WHERE occurred_at >= ?";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(since.0).fetch_one(c).await)?)
}
