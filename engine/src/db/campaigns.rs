//! Campaigns and who is assigned to them.

use model::{
    AdvertiserId, CampaignId, InfluencerId, Timestamp,
    campaign::{Campaign, NewCampaign},
    page::Page,
};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{Conn, on, page::PageAt, word};
use crate::error::Result;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    advertiser_id: Uuid,
    name: String,
    destination_url: String,
    starts_at: Option<i64>,
    ends_at: Option<i64>,
    attribution_source: String,
    currency: String,
    commission_basis_points: Option<i64>,
    append_click_id: bool,
    status: String,
    created_at: i64,
}

impl TryFrom<Row> for Campaign {
    type Error = crate::Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            advertiser_id: row.advertiser_id.into(),
            name: row.name,
            destination_url: row.destination_url,
            starts_at: row.starts_at.map(Timestamp),
            ends_at: row.ends_at.map(Timestamp),
            attribution_source: word(&row.attribution_source)?,
            currency: word(&row.currency)?,
            commission_percent: row.commission_basis_points.map(percent),
            append_click_id: row.append_click_id,
            status: word(&row.status)?,
            created_at: Timestamp(row.created_at),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "at most 10000 basis points")]
fn percent(basis_points: i64) -> f64 {
    basis_points as f64 / 100.0
}

pub async fn insert(conn: &mut Conn, id: CampaignId, new: &NewCampaign, now: Timestamp, version: i64) -> Result<()> {
    const SQL: &str = "INSERT INTO campaigns (id, advertiser_id, name, destination_url, starts_at, ends_at,
            attribution_source, currency, commission_basis_points, append_click_id, status, created_at, version)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    on!(conn, c => sqlx::query(SQL)
        .bind(id.0)
        .bind(new.advertiser_id.0)
        .bind(&*new.name)
        .bind(&*new.destination_url)
        .bind(new.starts_at.map(|at| at.0))
        .bind(new.ends_at.map(|at| at.0))
        .bind(new.attribution_source.as_str())
        .bind(new.currency.code())
        .bind(new.commission_basis_points)
        .bind(new.append_click_id)
        .bind(new.status.as_str())
        .bind(now.0)
        .bind(version)
        .execute(c).await.map(drop))?;
    Ok(())
}

/// `within`: the only advertiser whose campaigns are wanted; None for all.
pub async fn list(conn: &mut Conn, within: Option<AdvertiserId>, at: PageAt) -> Result<Page<Campaign>> {
    const SQL: &str =
        "SELECT id, advertiser_id, name, destination_url, starts_at, ends_at, attribution_source, currency,
            commission_basis_points, append_click_id, status, created_at
        FROM campaigns WHERE id < ? AND (? IS NULL OR advertiser_id = ?) ORDER BY id DESC LIMIT ?";
    let within = within.map(|id| id.0);
    let rows: Vec<Row> = on!(conn, c => sqlx::query_as(SQL)
        .bind(at.below()).bind(within).bind(within).bind(at.rows())
        .fetch_all(c).await)?;
    let items = rows.into_iter().map(Campaign::try_from).collect::<Result<_>>()?;
    Ok(at.page(items, |item: &Campaign| item.id.0))
}

pub async fn find(conn: &mut Conn, within: Option<AdvertiserId>, id: CampaignId) -> Result<Option<Campaign>> {
    const SQL: &str =
        "SELECT id, advertiser_id, name, destination_url, starts_at, ends_at, attribution_source, currency,
            commission_basis_points, append_click_id, status, created_at
        FROM campaigns WHERE id = ? AND (? IS NULL OR advertiser_id = ?)";
    let within = within.map(|id| id.0);
    let row: Option<Row> =
        on!(conn, c => sqlx::query_as(SQL).bind(id.0).bind(within).bind(within).fetch_optional(c).await)?;
    row.map(Campaign::try_from).transpose()
}

/// Those that changed after a catalog version.
pub async fn changed_since(conn: &mut Conn, version: i64) -> Result<Vec<Campaign>> {
    const SQL: &str =
        "SELECT id, advertiser_id, name, destination_url, starts_at, ends_at, attribution_source, currency,
            commission_basis_points, append_click_id, status, created_at
        FROM campaigns WHERE version > ?";
    let rows: Vec<Row> = on!(conn, c => sqlx::query_as(SQL).bind(version).fetch_all(c).await)?;
    rows.into_iter().map(Campaign::try_from).collect()
}

/// Assigning twice is the same as once.
pub async fn assign(conn: &mut Conn, campaign: CampaignId, influencer: InfluencerId, now: Timestamp) -> Result<()> {
    let sql = format!(
        "INSERT INTO assignments (campaign_id, influencer_id, assigned_at) VALUES (?, ?, ?){}",
        conn.or_keep("campaign_id, influencer_id")
    );
    on!(conn, c => sqlx::query(AssertSqlSafe(sql))
        .bind(campaign.0).bind(influencer.0).bind(now.0)
        .execute(c).await.map(drop))?;
    Ok(())
}

pub async fn unassign(conn: &mut Conn, campaign: CampaignId, influencer: InfluencerId) -> Result<()> {
    const SQL: &str = "DELETE FROM assignments WHERE campaign_id = ? AND influencer_id = ?";
    on!(conn, c => sqlx::query(SQL).bind(campaign.0).bind(influencer.0).execute(c).await.map(drop))?;
    Ok(())
}
