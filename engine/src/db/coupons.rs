//! Coupons.

use model::{AdvertiserId, Timestamp, coupon::Coupon, page::Page, text::normal_code};
use uuid::Uuid;

use super::{Conn, on, page::PageAt, word};
use crate::error::{Error, Result, is_taken};

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    advertiser_id: Uuid,
    campaign_id: Uuid,
    influencer_id: Option<Uuid>,
    code: String,
    status: String,
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
            created_at: Timestamp(row.created_at),
        })
    }
}

pub async fn insert(conn: &mut Conn, coupon: &Coupon, version: i64) -> Result<()> {
    const SQL: &str = "INSERT INTO coupons (id, advertiser_id, campaign_id, influencer_id, code, code_normal, status,
            created_at, version)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let done = on!(conn, c => sqlx::query(SQL)
        .bind(coupon.id.0)
        .bind(coupon.advertiser_id.0)
        .bind(coupon.campaign_id.0)
        .bind(coupon.influencer_id.map(|id| id.0))
        .bind(&coupon.code)
        .bind(normal_code(&coupon.code))
        .bind(coupon.status.as_str())
        .bind(coupon.created_at.0)
        .bind(version)
        .execute(c).await.map(drop));
    done.map_err(|error| {
        if is_taken(&error) {
            Error::Conflict(format!("the code {} has been issued before by this advertiser", coupon.code))
        } else {
            error.into()
        }
    })
}

/// `within`: the only advertiser whose coupons are wanted; None for all.
pub async fn list(conn: &mut Conn, within: Option<AdvertiserId>, at: PageAt) -> Result<Page<Coupon>> {
    const SQL: &str = "SELECT id, advertiser_id, campaign_id, influencer_id, code, status, created_at FROM coupons
        WHERE id < ? AND (? IS NULL OR advertiser_id = ?) ORDER BY id DESC LIMIT ?";
    let within = within.map(|id| id.0);
    let rows: Vec<Row> = on!(conn, c => sqlx::query_as(SQL)
        .bind(at.below()).bind(within).bind(within).bind(at.rows())
        .fetch_all(c).await)?;
    let items = rows.into_iter().map(Coupon::try_from).collect::<Result<_>>()?;
    Ok(at.page(items, |item: &Coupon| item.id.0))
}

/// Those that changed after a catalog version.
pub async fn changed_since(conn: &mut Conn, version: i64) -> Result<Vec<Coupon>> {
    const SQL: &str = "SELECT id, advertiser_id, campaign_id, influencer_id, code, status, created_at FROM coupons
        WHERE version > ?";
    let rows: Vec<Row> = on!(conn, c => sqlx::query_as(SQL).bind(version).fetch_all(c).await)?;
    rows.into_iter().map(Coupon::try_from).collect()
}
