//! The links and coupons that influencers hold in a campaign.

use model::{CampaignId, InfluencerId, coupon::CouponStatus, link::LinkStatus};
use uuid::Uuid;

use super::{
    Conn,
    list::{Arg, Select},
};
use crate::error::Result;

/// The active links of these influencers in a campaign, the newest first, at most `each` of everyone.
pub async fn links(
    conn: &mut Conn,
    campaign: CampaignId,
    influencers: &[InfluencerId],
    each: i64,
) -> Result<Vec<Uuid>> {
    newest(conn, "links", LinkStatus::Active.as_str(), campaign, influencers, each).await
}

/// The same of coupons.
pub async fn coupons(
    conn: &mut Conn,
    campaign: CampaignId,
    influencers: &[InfluencerId],
    each: i64,
) -> Result<Vec<Uuid>> {
    newest(conn, "coupons", CouponStatus::Active.as_str(), campaign, influencers, each).await
}

async fn newest(
    conn: &mut Conn,
    table: &str,
    active: &str,
    campaign: CampaignId,
    influencers: &[InfluencerId],
    each: i64,
) -> Result<Vec<Uuid>> {
    let mut found = Vec::new();
    for some in influencers.chunks(500) {
        let marks = vec!["?"; some.len()].join(", ");
        let mut select = Select::new(&format!(
            "SELECT id FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY influencer_id ORDER BY id DESC) AS place
                FROM {table}"
        ));
        select
            .and_id("campaign_id = ?", Some(campaign))
            .and_word("status = ?", Some(active))
            .and(&format!("influencer_id IN ({marks})"), some.iter().map(|id| Arg::Id(id.0)))
            .push(") AS newest WHERE place <= ?")
            .bind([Arg::Number(each)]);
        let rows: Vec<(Uuid,)> = select.fetch(conn).await?;
        found.extend(rows.into_iter().map(|(id,)| id));
    }
    found.sort_unstable_by(|one, other| other.cmp(one));
    Ok(found)
}
