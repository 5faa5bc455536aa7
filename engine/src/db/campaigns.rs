//! Campaigns and who is assigned to them.

use model::{
    AdvertiserId, CampaignId, InfluencerId, Timestamp,
    campaign::{Campaign, CampaignChange, CampaignStatus, NewCampaign},
    page::{ListQuery, Page, Sort},
};
use sqlx::{AssertSqlSafe, QueryBuilder};
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
    version: i64,
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
            version: row.version,
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "at most 10000 basis points")]
fn percent(basis_points: i64) -> f64 {
    basis_points as f64 / 100.0
}

pub async fn insert(conn: &mut Conn, id: CampaignId, new: &NewCampaign, now: Timestamp, version: i64) -> Result<()> {
    const SQL: &str = "INSERT INTO campaigns (id, advertiser_id, name, name_lower, destination_url, starts_at, ends_at,
            attribution_source, currency, commission_basis_points, append_click_id, status, created_at, version)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    on!(conn, c => sqlx::query(SQL)
        .bind(id.0)
        .bind(new.advertiser_id.0)
        .bind(&*new.name)
        .bind(new.name.to_lowercase())
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

/// Writes what an edit names and leaves the rest.
pub async fn update(conn: &mut Conn, id: CampaignId, change: &CampaignChange, version: i64) -> Result<()> {
    let mut sets = vec!["version = ?"];
    let mut args = vec![Arg::Number(version)];
    let text = |text: &str| Arg::Text(text.to_owned());
    if let Some(name) = &change.name {
        sets.extend(["name = ?", "name_lower = ?"]);
        args.extend([text(name), Arg::Text(name.to_lowercase())]);
    }
    if let Some(url) = &change.destination_url {
        sets.push("destination_url = ?");
        args.push(text(url));
    }
    for (set, clear, at) in [
        ("starts_at = ?", "starts_at = NULL", change.starts_at.map(|at| at.map(|at| at.0))),
        ("ends_at = ?", "ends_at = NULL", change.ends_at.map(|at| at.map(|at| at.0))),
        ("commission_basis_points = ?", "commission_basis_points = NULL", change.commission_basis_points),
    ] {
        match at {
            Some(Some(number)) => {
                sets.push(set);
                args.push(Arg::Number(number));
            }
            Some(None) => sets.push(clear),
            None => {}
        }
    }
    let words = [
        ("attribution_source = ?", change.attribution_source.map(|word| word.as_str().to_owned())),
        ("currency = ?", change.currency.map(|currency| currency.code().to_owned())),
        ("status = ?", change.status.map(|word| word.as_str().to_owned())),
    ];
    for (set, word) in words {
        if let Some(word) = word {
            sets.push(set);
            args.push(Arg::Text(word));
        }
    }
    if let Some(flag) = change.append_click_id {
        sets.push("append_click_id = ?");
        args.push(Arg::Flag(flag));
    }
    let mut update = Select::new(&format!("UPDATE campaigns SET {}", sets.join(", ")));
    update.bind(args).and("id = ?", [Arg::Id(id.0)]);
    update.execute(conn).await
}

/// `within`: the only advertiser whose campaigns are wanted; None for all.
pub async fn list(conn: &mut Conn, within: Option<AdvertiserId>, query: &ListQuery) -> Result<Page<Campaign>> {
    const COLUMNS: &str = "SELECT id, advertiser_id, name, destination_url, starts_at, ends_at, attribution_source,
            currency, commission_basis_points, append_click_id, status, created_at, version FROM campaigns";
    let status = filter_word::<CampaignStatus>("status", query.status.as_deref())?;
    let place = Place::read(query, Sort::Newest)?;
    let mut select = Select::new(COLUMNS);
    select
        .and_id("advertiser_id = ?", within)
        .and_id("advertiser_id = ?", query.advertiser_id)
        .and_id("id = ?", query.campaign_id)
        .and_id("id IN (SELECT campaign_id FROM assignments WHERE influencer_id = ?)", query.influencer_id)
        .and_word("status = ?", status.map(CampaignStatus::as_str))
        .and_contains("name_lower", given(query.q.as_deref()));
    place.apply(&mut select, Keys { name: "name_lower", id: "id" });
    let rows: Vec<Row> = select.fetch(conn).await?;
    let items = rows.into_iter().map(Campaign::try_from).collect::<Result<_>>()?;
    Ok(place.page(items, |item: &Campaign| (item.name.to_lowercase(), item.id.0)))
}

/// Those an influencer takes part in: by assignment, or by a link or coupon that may have been credited.
pub async fn of_influencer(conn: &mut Conn, influencer: InfluencerId, query: &ListQuery) -> Result<Page<Campaign>> {
    const COLUMNS: &str = "SELECT id, advertiser_id, name, destination_url, starts_at, ends_at, attribution_source,
            currency, commission_basis_points, append_click_id, status, created_at, version FROM campaigns";
    const TAKES_PART: &str = "(id IN (SELECT campaign_id FROM assignments WHERE influencer_id = ?)
            OR id IN (SELECT campaign_id FROM links WHERE influencer_id = ?)
            OR id IN (SELECT campaign_id FROM coupons WHERE influencer_id = ?))";
    let status = filter_word::<CampaignStatus>("status", query.status.as_deref())?;
    let place = Place::read(query, Sort::Newest)?;
    let mut select = Select::new(COLUMNS);
    select
        .and(TAKES_PART, [influencer, influencer, influencer].map(|id| Arg::Id(id.0)))
        .and_id("id = ?", query.campaign_id)
        .and_word("status = ?", status.map(CampaignStatus::as_str))
        .and_contains("name_lower", given(query.q.as_deref()));
    place.apply(&mut select, Keys { name: "name_lower", id: "id" });
    let rows: Vec<Row> = select.fetch(conn).await?;
    let items = rows.into_iter().map(Campaign::try_from).collect::<Result<_>>()?;
    Ok(place.page(items, |item: &Campaign| (item.name.to_lowercase(), item.id.0)))
}

pub async fn find(conn: &mut Conn, within: Option<AdvertiserId>, id: CampaignId) -> Result<Option<Campaign>> {
    const SQL: &str =
        "SELECT id, advertiser_id, name, destination_url, starts_at, ends_at, attribution_source, currency,
            commission_basis_points, append_click_id, status, created_at, version
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
            commission_basis_points, append_click_id, status, created_at, version
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

/// Assigns many in a few statements.
pub async fn assign_all(
    conn: &mut Conn,
    campaign: CampaignId,
    influencers: &[InfluencerId],
    now: Timestamp,
) -> Result<()> {
    let keep = conn.or_keep("campaign_id, influencer_id");
    for some in influencers.chunks(500) {
        on!(conn, c => {
            let mut insert = QueryBuilder::new("INSERT INTO assignments (campaign_id, influencer_id, assigned_at) ");
            insert.push_values(some, |mut row, influencer| {
                row.push_bind(campaign.0).push_bind(influencer.0).push_bind(now.0);
            });
            insert.push(&keep);
            insert.build().execute(&mut *c).await?;
        });
    }
    Ok(())
}

pub async fn unassign(conn: &mut Conn, campaign: CampaignId, influencer: InfluencerId) -> Result<()> {
    const SQL: &str = "DELETE FROM assignments WHERE campaign_id = ? AND influencer_id = ?";
    on!(conn, c => sqlx::query(SQL).bind(campaign.0).bind(influencer.0).execute(c).await.map(drop))?;
    Ok(())
}
