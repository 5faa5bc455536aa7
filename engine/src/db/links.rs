//! Tracking links.

use model::{AdvertiserId, CampaignId, InfluencerId, LinkId, Timestamp, link::LinkStatus, page::Page};
use uuid::Uuid;

use super::{Conn, on, page::PageAt, word};
use crate::error::{Error, Result};

/// A link as it is stored, and where it leads.
#[derive(Clone, Debug)]
pub struct StoredLink {
    pub id: LinkId,
    pub advertiser_id: AdvertiserId,
    pub campaign_id: CampaignId,
    pub influencer_id: Option<InfluencerId>,
    pub code: String,
    /// Its own, else the campaign's.
    pub destination_url: String,
    pub status: LinkStatus,
    pub created_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    advertiser_id: Uuid,
    campaign_id: Uuid,
    influencer_id: Option<Uuid>,
    code: String,
    destination_url: String,
    status: String,
    created_at: i64,
}

impl TryFrom<Row> for StoredLink {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            advertiser_id: row.advertiser_id.into(),
            campaign_id: row.campaign_id.into(),
            influencer_id: row.influencer_id.map(Into::into),
            code: row.code,
            destination_url: row.destination_url,
            status: word(&row.status)?,
            created_at: Timestamp(row.created_at),
        })
    }
}

/// `own_destination`: None where the link follows its campaign's.
pub async fn insert(conn: &mut Conn, link: &StoredLink, own_destination: Option<&str>, version: i64) -> Result<()> {
    const SQL: &str = "INSERT INTO links (id, advertiser_id, campaign_id, influencer_id, code, destination_url, status,
            created_at, version)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    on!(conn, c => sqlx::query(SQL)
        .bind(link.id.0)
        .bind(link.advertiser_id.0)
        .bind(link.campaign_id.0)
        .bind(link.influencer_id.map(|id| id.0))
        .bind(&link.code)
        .bind(own_destination)
        .bind(link.status.as_str())
        .bind(link.created_at.0)
        .bind(version)
        .execute(c).await.map(drop))?;
    Ok(())
}

pub async fn set_status(conn: &mut Conn, id: LinkId, status: LinkStatus, version: i64) -> Result<()> {
    const SQL: &str = "UPDATE links SET status = ?, version = ? WHERE id = ?";
    on!(conn, c => sqlx::query(SQL).bind(status.as_str()).bind(version).bind(id.0).execute(c).await.map(drop))?;
    Ok(())
}

/// `within`: the only advertiser whose links are wanted; None for all.
pub async fn list(conn: &mut Conn, within: Option<AdvertiserId>, at: PageAt) -> Result<Page<StoredLink>> {
    const SQL: &str = "SELECT l.id, l.advertiser_id, l.campaign_id, l.influencer_id, l.code,
            COALESCE(l.destination_url, k.destination_url) AS destination_url, l.status, l.created_at
        FROM links l JOIN campaigns k ON k.id = l.campaign_id
        WHERE l.id < ? AND (? IS NULL OR l.advertiser_id = ?) ORDER BY l.id DESC LIMIT ?";
    let within = within.map(|id| id.0);
    let rows: Vec<Row> = on!(conn, c => sqlx::query_as(SQL)
        .bind(at.below()).bind(within).bind(within).bind(at.rows())
        .fetch_all(c).await)?;
    let items = rows.into_iter().map(StoredLink::try_from).collect::<Result<_>>()?;
    Ok(at.page(items, |item: &StoredLink| item.id.0))
}

pub async fn find(conn: &mut Conn, within: Option<AdvertiserId>, id: LinkId) -> Result<Option<StoredLink>> {
    const SQL: &str = "SELECT l.id, l.advertiser_id, l.campaign_id, l.influencer_id, l.code,
            COALESCE(l.destination_url, k.destination_url) AS destination_url, l.status, l.created_at
        FROM links l JOIN campaigns k ON k.id = l.campaign_id
        WHERE l.id = ? AND (? IS NULL OR l.advertiser_id = ?)";
    let within = within.map(|id| id.0);
    let row: Option<Row> =
        on!(conn, c => sqlx::query_as(SQL).bind(id.0).bind(within).bind(within).fetch_optional(c).await)?;
    row.map(StoredLink::try_from).transpose()
}

/// Those that changed, or whose campaign did, after a catalog version; all of them after none.
pub async fn changed_since(conn: &mut Conn, version: i64) -> Result<Vec<StoredLink>> {
    const ALL: &str = "SELECT l.id, l.advertiser_id, l.campaign_id, l.influencer_id, l.code,
            COALESCE(l.destination_url, k.destination_url) AS destination_url, l.status, l.created_at
        FROM links l JOIN campaigns k ON k.id = l.campaign_id";
    if version == 0 {
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(ALL).fetch_all(c).await)?;
        return rows.into_iter().map(StoredLink::try_from).collect();
    }
    const SQL: &str = "SELECT l.id, l.advertiser_id, l.campaign_id, l.influencer_id, l.code,
            COALESCE(l.destination_url, k.destination_url) AS destination_url, l.status, l.created_at
        FROM links l JOIN campaigns k ON k.id = l.campaign_id WHERE l.version > ?
        UNION
        SELECT l.id, l.advertiser_id, l.campaign_id, l.influencer_id, l.code,
            COALESCE(l.destination_url, k.destination_url) AS destination_url, l.status, l.created_at
        FROM links l JOIN campaigns k ON k.id = l.campaign_id WHERE k.version > ?";
    let rows: Vec<Row> = on!(conn, c => sqlx::query_as(SQL).bind(version).bind(version).fetch_all(c).await)?;
    rows.into_iter().map(StoredLink::try_from).collect()
}
