//! How much there is, for the overview and the checklists.

use std::collections::HashMap;

use model::{AdvertiserId, Timestamp, overview::Totals};
use uuid::Uuid;

use super::{
    Conn,
    list::{Arg, Select},
    on,
};
use crate::error::Result;

/// `within`: of one advertiser alone; influencers are then those assigned to its campaigns.
pub async fn totals(conn: &mut Conn, within: Option<AdvertiserId>) -> Result<Totals> {
    async fn count(conn: &mut Conn, within: Option<AdvertiserId>, from: &str, owner: &str) -> Result<i64> {
        let mut select = Select::new(&format!("SELECT COUNT(*) FROM {from}"));
        select.and_id(&format!("{owner} = ?"), within);
        let rows: Vec<(i64,)> = select.fetch(conn).await?;
        Ok(rows.first().map_or(0, |(count,)| *count))
    }
    let influencers = match within {
        None => count(conn, None, "influencers", "id").await?,
        Some(_) => assigned(conn, within).await?,
    };
    Ok(Totals {
        advertisers: count(conn, within, "advertisers", "id").await?,
        campaigns: count(conn, within, "campaigns", "advertiser_id").await?,
        influencers,
        coupons: count(conn, within, "coupons", "advertiser_id").await?,
        links: count(conn, within, "links", "advertiser_id").await?,
        clicks: count(conn, within, "clicks", "advertiser_id").await?,
        events: count(conn, within, "events", "advertiser_id").await?,
    })
}

async fn assigned(conn: &mut Conn, within: Option<AdvertiserId>) -> Result<i64> {
    let mut select = Select::new(
        "SELECT COUNT(DISTINCT a.influencer_id) FROM assignments a JOIN campaigns k ON k.id = a.campaign_id",
    );
    select.and_id("k.advertiser_id = ?", within);
    let rows: Vec<(i64,)> = select.fetch(conn).await?;
    Ok(rows.first().map_or(0, |(count,)| *count))
}

/// What of the set-up is there already; each is one row or none, so that it is quick however much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beginnings {
    pub advertiser: bool,
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
    Ok(Beginnings {
        advertiser: any(conn, within, "advertisers", "id").await?,
        campaign: any(conn, within, "campaigns", "advertiser_id").await?,
        assignment: any(conn, within, ASSIGNED, "k.advertiser_id").await?,
        code: any(conn, within, "links", "advertiser_id").await?
            || any(conn, within, "coupons", "advertiser_id").await?,
        key: any(conn, within, "api_keys", "advertiser_id").await?,
        click: any(conn, within, "clicks", "advertiser_id").await?,
        event: any(conn, within, "events", "advertiser_id").await?,
    })
}

/// Active advertisers with a click or an event since a moment.
pub async fn active_advertisers(conn: &mut Conn, since: Timestamp) -> Result<i64> {
    const SQL: &str = "SELECT COUNT(*) FROM advertisers v WHERE v.status = 'active' AND (
        EXISTS (SELECT 1 FROM clicks c WHERE c.advertiser_id = v.id AND c.clicked_at >= ?)
        OR EXISTS (SELECT 1 FROM events e WHERE e.advertiser_id = v.id AND e.occurred_at >= ?))";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(since.0).bind(since.0).fetch_one(c).await)?)
}

pub async fn events_since(conn: &mut Conn, since: Timestamp) -> Result<i64> {
    const SQL: &str = "SELECT COUNT(*) FROM events WHERE occurred_at >= ?";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(since.0).fetch_one(c).await)?)
}

/// What things are called, of whatever table: for showing names where rows hold ids.
pub async fn names(conn: &mut Conn, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    const TABLES: [(&str, &str); 5] = [
        ("advertisers", "name"),
        ("campaigns", "name"),
        ("influencers", "name"),
        ("links", "code"),
        ("coupons", "code"),
    ];
    let mut names = HashMap::new();
    for some in ids.chunks(500) {
        for (table, column) in TABLES {
            let marks = vec!["?"; some.len()].join(", ");
            let mut select = Select::new(&format!("SELECT id, {column} FROM {table}"));
            select.and(&format!("id IN ({marks})"), some.iter().copied().map(Arg::Id));
            let rows: Vec<(Uuid, String)> = select.fetch(conn).await?;
            names.extend(rows);
        }
    }
    Ok(names)
}
