//! Influencers.

use model::{
    AdvertiserId, CampaignId, InfluencerId, Timestamp,
    influencer::{Hidden, Influencer, InfluencerStatus},
    page::Page,
};
use uuid::Uuid;

use super::{Conn, on, page::PageAt, word};
use crate::error::Result;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    email: Option<String>,
    handle: Option<String>,
    platform: Option<String>,
    status: String,
    created_at: i64,
}

impl TryFrom<Row> for Influencer {
    type Error = crate::Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            name: row.name,
            email: Hidden::Shown(row.email),
            handle: row.handle,
            platform: row.platform,
            status: word(&row.status)?,
            created_at: Timestamp(row.created_at),
        })
    }
}

pub async fn insert(conn: &mut Conn, influencer: &Influencer, version: i64) -> Result<()> {
    const SQL: &str = "INSERT INTO influencers (id, name, email, handle, platform, status, created_at, version)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let email = match &influencer.email {
        Hidden::Shown(email) => email.as_deref(),
        Hidden::Hidden => None,
    };
    on!(conn, c => sqlx::query(SQL)
        .bind(influencer.id.0)
        .bind(&influencer.name)
        .bind(email)
        .bind(&influencer.handle)
        .bind(&influencer.platform)
        .bind(influencer.status.as_str())
        .bind(influencer.created_at.0)
        .bind(version)
        .execute(c).await.map(drop))?;
    Ok(())
}

pub async fn list(conn: &mut Conn, at: PageAt) -> Result<Page<Influencer>> {
    const SQL: &str = "SELECT id, name, email, handle, platform, status, created_at FROM influencers
        WHERE id < ? ORDER BY id DESC LIMIT ?";
    let rows: Vec<Row> = on!(conn, c => sqlx::query_as(SQL).bind(at.below()).bind(at.rows()).fetch_all(c).await)?;
    let items = rows.into_iter().map(Influencer::try_from).collect::<Result<_>>()?;
    Ok(at.page(items, |item: &Influencer| item.id.0))
}

/// Those assigned to a campaign.
pub async fn list_assigned(conn: &mut Conn, campaign: CampaignId, at: PageAt) -> Result<Page<Influencer>> {
    const SQL: &str = "SELECT i.id, i.name, i.email, i.handle, i.platform, i.status, i.created_at
        FROM assignments a JOIN influencers i ON i.id = a.influencer_id
        WHERE a.campaign_id = ? AND i.id < ? ORDER BY i.id DESC LIMIT ?";
    let rows: Vec<Row> =
        on!(conn, c => sqlx::query_as(SQL).bind(campaign.0).bind(at.below()).bind(at.rows()).fetch_all(c).await)?;
    let items = rows.into_iter().map(Influencer::try_from).collect::<Result<_>>()?;
    Ok(at.page(items, |item: &Influencer| item.id.0))
}

pub async fn find(conn: &mut Conn, id: InfluencerId) -> Result<Option<Influencer>> {
    const SQL: &str = "SELECT id, name, email, handle, platform, status, created_at FROM influencers WHERE id = ?";
    let row: Option<Row> = on!(conn, c => sqlx::query_as(SQL).bind(id.0).fetch_optional(c).await)?;
    row.map(Influencer::try_from).transpose()
}

/// Ids and statuses of those that changed after a catalog version.
pub async fn changed_since(conn: &mut Conn, version: i64) -> Result<Vec<(InfluencerId, InfluencerStatus)>> {
    const SQL: &str = "SELECT id, status FROM influencers WHERE version > ?";
    let rows: Vec<(Uuid, String)> = on!(conn, c => sqlx::query_as(SQL).bind(version).fetch_all(c).await)?;
    rows.into_iter().map(|(id, status)| Ok((id.into(), word(&status)?))).collect()
}

/// Whether an influencer takes part in a campaign of this advertiser: by assignment, or by a link or coupon that
/// may have been credited. `campaign` narrows it to one.
pub async fn takes_part(
    conn: &mut Conn,
    influencer: InfluencerId,
    advertiser: Option<AdvertiserId>,
    campaign: Option<CampaignId>,
) -> Result<bool> {
    const SQL: &str = "SELECT COUNT(*) FROM campaigns k
        WHERE (? IS NULL OR k.advertiser_id = ?) AND (? IS NULL OR k.id = ?) AND (
            EXISTS (SELECT 1 FROM assignments a WHERE a.campaign_id = k.id AND a.influencer_id = ?)
            OR EXISTS (SELECT 1 FROM links l WHERE l.campaign_id = k.id AND l.influencer_id = ?)
            OR EXISTS (SELECT 1 FROM coupons c WHERE c.campaign_id = k.id AND c.influencer_id = ?))";
    let (advertiser, campaign) = (advertiser.map(|id| id.0), campaign.map(|id| id.0));
    let count: i64 = on!(conn, c => sqlx::query_scalar(SQL)
        .bind(advertiser).bind(advertiser).bind(campaign).bind(campaign)
        .bind(influencer.0).bind(influencer.0).bind(influencer.0)
        .fetch_one(c).await)?;
    Ok(count > 0)
}
