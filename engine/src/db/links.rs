//! Tracking links.

use model::{
    AdvertiserId, CampaignId, InfluencerId, LinkId, Timestamp,
    link::LinkStatus,
    page::{ListQuery, Page, Sort},
};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    Conn, filter_word,
    list::{Arg, Keys, Place, Select, given},
    on, word,
};
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
    pub replaced_by: Option<LinkId>,
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
    replaced_by: Option<Uuid>,
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
            replaced_by: row.replaced_by.map(Into::into),
            created_at: Timestamp(row.created_at),
        })
    }
}

const COLUMNS: &str = "SELECT l.id, l.advertiser_id, l.campaign_id, l.influencer_id, l.code,
        COALESCE(l.destination_url, k.destination_url) AS destination_url, l.status, l.replaced_by, l.created_at
    FROM links l JOIN campaigns k ON k.id = l.campaign_id";

/// `own_destination`: None where the links follow their campaign's.
pub async fn insert(conn: &mut Conn, links: &[StoredLink], own_destination: Option<&str>, version: i64) -> Result<()> {
    for some in links.chunks(500) {
        on!(conn, c => {
            let mut insert = QueryBuilder::new(
                "INSERT INTO links (id, advertiser_id, campaign_id, influencer_id, code, destination_url, status,
                    created_at, version) ",
            );
            insert.push_values(some, |mut row, link| {
                row.push_bind(link.id.0)
                    .push_bind(link.advertiser_id.0)
                    .push_bind(link.campaign_id.0)
                    .push_bind(link.influencer_id.map(|id| id.0))
                    .push_bind(&link.code)
                    .push_bind(own_destination)
                    .push_bind(link.status.as_str())
                    .push_bind(link.created_at.0)
                    .push_bind(version);
            });
            insert.build().execute(&mut *c).await?;
        });
    }
    Ok(())
}

pub async fn set_status(
    conn: &mut Conn,
    id: LinkId,
    status: LinkStatus,
    replaced_by: Option<LinkId>,
    version: i64,
) -> Result<()> {
    const SQL: &str = "UPDATE links SET status = ?, replaced_by = ?, version = ? WHERE id = ?";
    on!(conn, c => sqlx::query(SQL)
        .bind(status.as_str()).bind(replaced_by.map(|id| id.0)).bind(version).bind(id.0)
        .execute(c).await.map(drop))?;
    Ok(())
}

/// `within`: the only advertiser whose links are wanted; None for all.
pub async fn list(conn: &mut Conn, within: Option<AdvertiserId>, query: &ListQuery) -> Result<Page<StoredLink>> {
    let status = filter_word::<LinkStatus>("status", query.status.as_deref())?;
    let begins = given(query.q.as_deref());
    let usual = if begins.is_some() { Sort::Ascending } else { Sort::Newest };
    let place = Place::read(query, usual)?;
    let mut select = Select::new(COLUMNS);
    select
        .and_id("l.advertiser_id = ?", within)
        .and_id("l.advertiser_id = ?", query.advertiser_id)
        .and_id("l.campaign_id = ?", query.campaign_id)
        .and_id("l.influencer_id = ?", query.influencer_id)
        .and_id("l.id = ?", query.link_id)
        .and_word("l.status = ?", status.map(LinkStatus::as_str))
        .and_begins("l.code", begins);
    place.apply(&mut select, Keys { name: "l.code", id: "l.id" });
    let rows: Vec<Row> = select.fetch(conn).await?;
    let items = rows.into_iter().map(StoredLink::try_from).collect::<Result<_>>()?;
    Ok(place.page(items, |item: &StoredLink| (item.code.clone(), item.id.0)))
}

pub async fn of_ids(conn: &mut Conn, ids: &[Uuid]) -> Result<Vec<StoredLink>> {
    let mut found = Vec::with_capacity(ids.len());
    for some in ids.chunks(500) {
        let marks = vec!["?"; some.len()].join(", ");
        let mut select = Select::new(COLUMNS);
        select.and(&format!("l.id IN ({marks})"), some.iter().copied().map(Arg::Id)).push(" ORDER BY l.id DESC");
        let rows: Vec<Row> = select.fetch(conn).await?;
        for row in rows {
            found.push(row.try_into()?);
        }
    }
    Ok(found)
}

pub async fn find(conn: &mut Conn, within: Option<AdvertiserId>, id: LinkId) -> Result<Option<StoredLink>> {
    let mut select = Select::new(COLUMNS);
    select.and_id("l.id = ?", Some(id)).and_id("l.advertiser_id = ?", within);
    let rows: Vec<Row> = select.fetch(conn).await?;
    rows.into_iter().next().map(StoredLink::try_from).transpose()
}

pub async fn of_code(conn: &mut Conn, within: Option<AdvertiserId>, code: &str) -> Result<Option<StoredLink>> {
    let mut select = Select::new(COLUMNS);
    select.and_word("l.code = ?", Some(code)).and_id("l.advertiser_id = ?", within);
    let rows: Vec<Row> = select.fetch(conn).await?;
    rows.into_iter().next().map(StoredLink::try_from).transpose()
}

/// The link's own destination; None where it follows its campaign's.
pub async fn own_destination(conn: &mut Conn, id: LinkId) -> Result<Option<String>> {
    const SQL: &str = "SELECT destination_url FROM links WHERE id = ?";
    let row: Option<Option<String>> = on!(conn, c => sqlx::query_scalar(SQL).bind(id.0).fetch_optional(c).await)?;
    Ok(row.flatten())
}

/// Those that changed, or whose campaign did, after a catalog version; all of them after none.
pub async fn changed_since(conn: &mut Conn, version: i64) -> Result<Vec<StoredLink>> {
    if version == 0 {
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(COLUMNS).fetch_all(c).await)?;
        return rows.into_iter().map(StoredLink::try_from).collect();
    }
    const SQL: &str = "SELECT l.id, l.advertiser_id, l.campaign_id, l.influencer_id, l.code,
            COALESCE(l.destination_url, k.destination_url) AS destination_url, l.status, l.replaced_by,
            l.created_at
        FROM links l JOIN campaigns k ON k.id = l.campaign_id WHERE l.version > ?
        UNION
        SELECT l.id, l.advertiser_id, l.campaign_id, l.influencer_id, l.code,
            COALESCE(l.destination_url, k.destination_url) AS destination_url, l.status, l.replaced_by,
            l.created_at
        FROM links l JOIN campaigns k ON k.id = l.campaign_id WHERE k.version > ?";
    let rows: Vec<Row> = on!(conn, c => sqlx::query_as(SQL).bind(version).bind(version).fetch_all(c).await)?;
    rows.into_iter().map(StoredLink::try_from).collect()
}
