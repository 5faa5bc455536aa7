//! Coupons.

use model::{
    AdvertiserId, CouponId, Timestamp,
    coupon::{Charset, Coupon, CouponStatus},
    page::{ListQuery, Page, Sort},
    text::normal_code,
};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    Conn, filter_word,
    list::{Arg, Keys, Place, Select, given},
    on, word,
};
use crate::error::{Error, Result, is_taken};

/// Rows of one statement: ten values each, within what either database takes.
const ROWS: usize = 500;

/// How a code was made, so that its successor is made alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Making {
    pub prefix_length: usize,
    pub charset: Charset,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    advertiser_id: Uuid,
    campaign_id: Uuid,
    influencer_id: Option<Uuid>,
    code: String,
    status: String,
    replaced_by: Option<Uuid>,
    created_at: i64,
}

impl TryFrom<Row> for Coupon {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            advertiser_id: row.advertiser_id.into(),
            campaign_id: row.campaign_id.into(),
            influencer_id: row.influencer_id.map(Into::into),
            code: row.code,
            status: word(&row.status)?,
            replaced_by: row.replaced_by.map(Into::into),
            created_at: Timestamp(row.created_at),
        })
    }
}

/// `making`: None for codes that people chose.
pub async fn insert(conn: &mut Conn, coupons: &[Coupon], making: Option<Making>, version: i64) -> Result<()> {
    for some in coupons.chunks(ROWS) {
        let done = on!(conn, c => {
            let mut insert = QueryBuilder::new(
                "INSERT INTO coupons (id, advertiser_id, campaign_id, influencer_id, code, code_normal, status,
                    prefix_length, charset, created_at, version) ",
            );
            insert.push_values(some, |mut row, coupon| {
                row.push_bind(coupon.id.0)
                    .push_bind(coupon.advertiser_id.0)
                    .push_bind(coupon.campaign_id.0)
                    .push_bind(coupon.influencer_id.map(|id| id.0))
                    .push_bind(&coupon.code)
                    .push_bind(normal_code(&coupon.code))
                    .push_bind(coupon.status.as_str())
                    .push_bind(making.and_then(|making| i64::try_from(making.prefix_length).ok()))
                    .push_bind(making.map(|making| making.charset.as_str()))
                    .push_bind(coupon.created_at.0)
                    .push_bind(version);
            });
            insert.build().execute(&mut *c).await.map(drop)
        });
        done.map_err(|error| match some {
            [only] if is_taken(&error) => {
                Error::Conflict(format!("the code {} has been issued before by this advertiser", only.code))
            }
            _ => error.into(),
        })?;
    }
    Ok(())
}

/// Those of these codes, trimmed and in capitals, that this advertiser has issued before.
pub async fn issued(conn: &mut Conn, advertiser: AdvertiserId, codes: &[String]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for some in codes.chunks(ROWS) {
        let marks = vec!["?"; some.len()].join(", ");
        let mut select = Select::new("SELECT code_normal FROM coupons");
        select
            .and_id("advertiser_id = ?", Some(advertiser))
            .and(&format!("code_normal IN ({marks})"), some.iter().map(|code| Arg::Text(code.clone())));
        let rows: Vec<(String,)> = select.fetch(conn).await?;
        found.extend(rows.into_iter().map(|(code,)| code));
    }
    Ok(found)
}

/// All codes of this advertiser, in capitals, that begin so and have so many characters.
pub async fn issued_like(
    conn: &mut Conn,
    advertiser: AdvertiserId,
    prefix: &str,
    length: usize,
) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = like("code_normal", advertiser, prefix, length).fetch(conn).await?;
    Ok(rows.into_iter().map(|(code,)| code).collect())
}

/// How many those are.
pub async fn count_like(conn: &mut Conn, advertiser: AdvertiserId, prefix: &str, length: usize) -> Result<u64> {
    let rows: Vec<(i64,)> = like("COUNT(*)", advertiser, prefix, length).fetch(conn).await?;
    Ok(rows.first().map_or(0, |(count,)| count.unsigned_abs()))
}

fn like(what: &str, advertiser: AdvertiserId, prefix: &str, length: usize) -> Select {
    let mut select = Select::new(&format!("SELECT {what} FROM coupons"));
    select
        .and_id("advertiser_id = ?", Some(advertiser))
        .and_begins("code_normal", Some(prefix))
        .and("LENGTH(code_normal) = ?", [Arg::Number(i64::try_from(length).unwrap_or(i64::MAX))]);
    select
}

pub async fn set_status(
    conn: &mut Conn,
    id: CouponId,
    status: CouponStatus,
    replaced_by: Option<CouponId>,
    version: i64,
) -> Result<()> {
    const SQL: &str = "UPDATE coupons SET status = ?, replaced_by = ?, version = ? WHERE id = ?";
    on!(conn, c => sqlx::query(SQL)
        .bind(status.as_str()).bind(replaced_by.map(|id| id.0)).bind(version).bind(id.0)
        .execute(c).await.map(drop))?;
    Ok(())
}

/// `within`: the only advertiser whose coupons are wanted; None for all.
pub async fn list(conn: &mut Conn, within: Option<AdvertiserId>, query: &ListQuery) -> Result<Page<Coupon>> {
    const COLUMNS: &str =
        "SELECT id, advertiser_id, campaign_id, influencer_id, code, status, replaced_by, created_at FROM coupons";
    let status = filter_word::<CouponStatus>("status", query.status.as_deref())?;
    let begins = given(query.q.as_deref()).map(normal_code);
    let usual = if begins.is_some() { Sort::Ascending } else { Sort::Newest };
    let place = Place::read(query, usual)?;
    let mut select = Select::new(COLUMNS);
    select
        .and_id("advertiser_id = ?", within)
        .and_id("advertiser_id = ?", query.advertiser_id)
        .and_id("campaign_id = ?", query.campaign_id)
        .and_id("influencer_id = ?", query.influencer_id)
        .and_id("id = ?", query.coupon_id)
        .and_word("status = ?", status.map(CouponStatus::as_str))
        .and_begins("code_normal", begins.as_deref());
    place.apply(&mut select, Keys { name: "code_normal", id: "id" });
    let rows: Vec<Row> = select.fetch(conn).await?;
    let items = rows.into_iter().map(Coupon::try_from).collect::<Result<_>>()?;
    Ok(place.page(items, |item: &Coupon| (normal_code(&item.code), item.id.0)))
}

pub async fn of_ids(conn: &mut Conn, ids: &[Uuid]) -> Result<Vec<Coupon>> {
    let mut found = Vec::with_capacity(ids.len());
    for some in ids.chunks(ROWS) {
        let marks = vec!["?"; some.len()].join(", ");
        let mut select = Select::new(
            "SELECT id, advertiser_id, campaign_id, influencer_id, code, status, replaced_by, created_at FROM coupons",
        );
        select.and(&format!("id IN ({marks})"), some.iter().copied().map(Arg::Id)).push(" ORDER BY id DESC");
        let rows: Vec<Row> = select.fetch(conn).await?;
        for row in rows {
            found.push(row.try_into()?);
        }
    }
    Ok(found)
}

pub async fn find(conn: &mut Conn, within: Option<AdvertiserId>, id: CouponId) -> Result<Option<Coupon>> {
    let mut select = Select::new(
        "SELECT id, advertiser_id, campaign_id, influencer_id, code, status, replaced_by, created_at FROM coupons",
    );
    select.and_id("id = ?", Some(id)).and_id("advertiser_id = ?", within);
    let rows: Vec<Row> = select.fetch(conn).await?;
    rows.into_iter().next().map(Coupon::try_from).transpose()
}

/// Every advertiser's coupon of this code, as [`normal_code`] makes it.
pub async fn of_code(conn: &mut Conn, within: Option<AdvertiserId>, normal: &str) -> Result<Vec<Coupon>> {
    let mut select = Select::new(
        "SELECT id, advertiser_id, campaign_id, influencer_id, code, status, replaced_by, created_at FROM coupons",
    );
    select.and_word("code_normal = ?", Some(normal)).and_id("advertiser_id = ?", within).push(" LIMIT 20");
    let rows: Vec<Row> = select.fetch(conn).await?;
    rows.into_iter().map(Coupon::try_from).collect()
}

/// How the coupon's code was made; None where people chose it.
pub async fn making(conn: &mut Conn, id: CouponId) -> Result<Option<Making>> {
    const SQL: &str = "SELECT prefix_length, charset FROM coupons WHERE id = ?";
    let row: Option<(Option<i64>, Option<String>)> =
        on!(conn, c => sqlx::query_as(SQL).bind(id.0).fetch_optional(c).await)?;
    let Some((Some(prefix_length), Some(charset))) = row else { return Ok(None) };
    Ok(Some(Making { prefix_length: usize::try_from(prefix_length).unwrap_or_default(), charset: word(&charset)? }))
}

/// Those that changed after a catalog version.
pub async fn changed_since(conn: &mut Conn, version: i64) -> Result<Vec<Coupon>> {
    const SQL: &str = "SELECT id, advertiser_id, campaign_id, influencer_id, code, status, replaced_by, created_at
        FROM coupons WHERE version > ?";
    let rows: Vec<Row> = on!(conn, c => sqlx::query_as(SQL).bind(version).fetch_all(c).await)?;
    rows.into_iter().map(Coupon::try_from).collect()
}
