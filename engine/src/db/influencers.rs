//! Influencers.

use model::{
    AdvertiserId, CampaignId, InfluencerId, Timestamp,
    influencer::{Hidden, Influencer, InfluencerStatus},
    page::{ListQuery, Page, Sort},
};
use uuid::Uuid;

use super::{
    Conn, filter_word,
    list::{Arg, Keys, Place, Select, given},
    on, word,
};
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
    version: i64,
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
            version: row.version,
        })
    }
}

pub async fn insert(conn: &mut Conn, influencer: &Influencer) -> Result<()> {
    const SQL: &str =
        "INSERT INTO influencers (id, name, name_lower, email, handle, platform, search, status, created_at,
            version)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    on!(conn, c => sqlx::query(SQL)
        .bind(influencer.id.0)
        .bind(&influencer.name)
        .bind(influencer.name.to_lowercase())
        .bind(email_of(influencer))
        .bind(&influencer.handle)
        .bind(&influencer.platform)
        .bind(search_of(influencer))
        .bind(influencer.status.as_str())
        .bind(influencer.created_at.0)
        .bind(influencer.version)
        .execute(c).await.map(drop))?;
    Ok(())
}

pub async fn update(conn: &mut Conn, influencer: &Influencer) -> Result<()> {
    const SQL: &str =
        "UPDATE influencers SET name = ?, name_lower = ?, email = ?, handle = ?, platform = ?, search = ?,
        status = ?, version = ? WHERE id = ?";
    on!(conn, c => sqlx::query(SQL)
        .bind(&influencer.name)
        .bind(influencer.name.to_lowercase())
        .bind(email_of(influencer))
        .bind(&influencer.handle)
        .bind(&influencer.platform)
        .bind(search_of(influencer))
        .bind(influencer.status.as_str())
        .bind(influencer.version)
        .bind(influencer.id.0)
        .execute(c).await.map(drop))?;
    Ok(())
}

fn email_of(influencer: &Influencer) -> Option<&str> {
    match &influencer.email {
        Hidden::Shown(email) => email.as_deref(),
        Hidden::Hidden => None,
    }
}

/// What admins' searches look in: name, handle and e-mail, a line each, in lower case.
fn search_of(influencer: &Influencer) -> String {
    let handle = influencer.handle.as_deref().unwrap_or_default();
    format!("{}\n{handle}\n{}", influencer.name, email_of(influencer).unwrap_or_default()).to_lowercase()
}

/// For a row that came without what searches look in.
pub(super) async fn fill_search(conn: &mut Conn, id: InfluencerId) -> Result<()> {
    const SQL: &str = "UPDATE influencers SET search = ? WHERE id = ?";
    let Some(influencer) = find(conn, id).await? else { return Ok(()) };
    on!(conn, c => sqlx::query(SQL).bind(search_of(&influencer)).bind(id.0).execute(c).await.map(drop))?;
    Ok(())
}

/// `within`: only those who take part in this advertiser's campaigns; None for all.
pub async fn list(conn: &mut Conn, within: Option<AdvertiserId>, query: &ListQuery) -> Result<Page<Influencer>> {
    const COLUMNS: &str =
        "SELECT i.id, i.name, i.email, i.handle, i.platform, i.status, i.created_at, i.version FROM influencers i";
    const OF_ADVERTISER: &str = "(i.id IN (SELECT a.influencer_id FROM assignments a
                JOIN campaigns k ON k.id = a.campaign_id WHERE k.advertiser_id = ?)
            OR i.id IN (SELECT l.influencer_id FROM links l WHERE l.advertiser_id = ? AND l.influencer_id IS NOT NULL)
            OR i.id IN (SELECT c.influencer_id FROM coupons c
                WHERE c.advertiser_id = ? AND c.influencer_id IS NOT NULL))";
    let status = filter_word::<InfluencerStatus>("status", query.status.as_deref())?;
    let place = Place::read(query, Sort::Newest)?;
    let mut select = Select::new(COLUMNS);
    if let Some(advertiser) = within.or(query.advertiser_id) {
        select.and(OF_ADVERTISER, [Arg::Id(advertiser.0), Arg::Id(advertiser.0), Arg::Id(advertiser.0)]);
    }
    select
        .and_id("i.id IN (SELECT influencer_id FROM assignments WHERE campaign_id = ?)", query.campaign_id)
        .and_id("i.id = ?", query.influencer_id)
        .and_word("i.status = ?", status.map(InfluencerStatus::as_str))
        // An advertiser does not see e-mail addresses, so a search must not find by them.
        .and_contains(if within.is_some() { "i.name_lower" } else { "i.search" }, given(query.q.as_deref()));
    // By the name alone: an order, and the cursor that names a place in it, say what they are made of.
    place.apply(&mut select, Keys { name: "i.name_lower", id: "i.id" });
    let rows: Vec<Row> = select.fetch(conn).await?;
    let items = rows.into_iter().map(Influencer::try_from).collect::<Result<_>>()?;
    Ok(place.page(items, |item: &Influencer| (item.name.to_lowercase(), item.id.0)))
}

/// Those of these ids that exist.
pub async fn existing(conn: &mut Conn, ids: &[InfluencerId]) -> Result<Vec<InfluencerId>> {
    let mut found = Vec::with_capacity(ids.len());
    for some in ids.chunks(500) {
        let marks = vec!["?"; some.len()].join(", ");
        let mut select = Select::new("SELECT id FROM influencers");
        select.and(&format!("id IN ({marks})"), some.iter().map(|id| Arg::Id(id.0)));
        let rows: Vec<(Uuid,)> = select.fetch(conn).await?;
        found.extend(rows.into_iter().map(|(id,)| InfluencerId(id)));
    }
    Ok(found)
}

/// The active ones who are assigned to a campaign, in the order of their names.
pub async fn active_of(conn: &mut Conn, campaign: CampaignId) -> Result<Vec<InfluencerId>> {
    const SQL: &str = "SELECT i.id FROM assignments a JOIN influencers i ON i.id = a.influencer_id
        WHERE a.campaign_id = ? AND i.status = ? ORDER BY i.name_lower, i.id";
    let ids: Vec<Uuid> = on!(conn, c => sqlx::query_scalar(SQL)
        .bind(campaign.0).bind(InfluencerStatus::Active.as_str())
        .fetch_all(c).await)?;
    Ok(ids.into_iter().map(InfluencerId).collect())
}

pub async fn find(conn: &mut Conn, id: InfluencerId) -> Result<Option<Influencer>> {
    const SQL: &str = "SELECT id, name, email, handle, platform, status, created_at, version
        FROM influencers WHERE id = ?";
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
