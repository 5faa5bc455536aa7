//! What an admin sets up: each function writes one transaction and makes the change known in memory at once.

mod advertisers;
mod campaigns;
pub(crate) mod codes;
mod coupon_codes;
mod coupons;
mod held;
mod influencers;
mod integration;
mod key_uses;
mod keys;
pub(crate) mod links;
mod signing;

pub use self::{
    campaigns::{CampaignStart, CampaignStarted},
    codes::password as random_password,
    coupons::CouponRequest,
    held::Held,
    integration::Integration,
    key_uses::KeyUses,
};

use model::{AdvertiserId, page::ListQuery};

use crate::{
    Engine,
    db::{self, Conn},
    error::{Error, Result},
};

impl Engine {
    /// Opens a transaction that will change the catalog, with the version its rows get. It holds off every other such
    /// transaction, on every node, until it ends.
    pub(crate) async fn begin_change(&self) -> Result<(Conn, i64)> {
        let mut conn = self.db.begin().await?;
        let version = db::installation::raise_version(&mut conn).await?;
        Ok((conn, version))
    }

    /// Commits, then reads the change into memory. Where that read fails, the poll a second later has it.
    pub(crate) async fn commit_change(&self, conn: Conn) -> Result<()> {
        conn.commit().await?;
        if let Err(error) = self.catalog.refresh(&self.db).await {
            tracing::warn!(%error, "a change is stored, but not known in memory yet");
        }
        Ok(())
    }

    /// What a list is narrowed to must exist and be the session's to see.
    pub(crate) async fn check_list(
        &self,
        conn: &mut Conn,
        within: Option<AdvertiserId>,
        query: &ListQuery,
    ) -> Result<()> {
        let is_own = |owner: AdvertiserId| within.is_none_or(|tenant| tenant == owner);
        let advertiser_stands =
            query.advertiser_id.is_none_or(|id| is_own(id) && self.catalog.advertiser(id).is_some());
        let campaign_stands = query
            .campaign_id
            .is_none_or(|id| self.catalog.campaign(id).is_some_and(|campaign| is_own(campaign.advertiser_id)));
        let link_stands =
            query.link_id.is_none_or(|id| self.catalog.link_by_id(id).is_some_and(|link| is_own(link.advertiser_id())));
        let coupon_stands = query
            .coupon_id
            .is_none_or(|id| self.catalog.coupon_by_id(id).is_some_and(|coupon| is_own(coupon.advertiser_id)));
        let influencer_stands = match query.influencer_id {
            None => true,
            Some(id) if within.is_some() => db::influencers::takes_part(conn, id, within, None).await?,
            Some(id) => self.catalog.influencer_status(id).is_some(),
        };
        let all_stand = advertiser_stands && campaign_stands && link_stands && coupon_stands && influencer_stands;
        if all_stand { Ok(()) } else { Err(Error::NotFound) }
    }
}

/// An edit that says which version it was made on must not undo what came in between.
pub(crate) fn check_version(stands: i64, made_on: Option<i64>) -> Result<()> {
    if made_on.is_none_or(|version| version == stands) { Ok(()) } else { Err(Error::Stale) }
}
