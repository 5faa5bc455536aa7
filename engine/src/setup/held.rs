//! What influencers hold in a campaign, for the page that hands it over.

use model::{CampaignId, InfluencerId, coupon::Coupon, link::Link};

use crate::{Engine, Session, db, error::Result};

/// The newest active links and coupons of some influencers in a campaign.
#[derive(Clone, Debug)]
pub struct Held {
    pub links: Vec<Link>,
    pub coupons: Vec<Coupon>,
}

impl Engine {
    /// At most `each` links and `each` coupons of everyone: whoever has one at all is among them.
    pub async fn held_in_campaign(
        &self,
        session: &Session,
        campaign: CampaignId,
        influencers: &[InfluencerId],
        each: u32,
    ) -> Result<Held> {
        session.admin()?;
        let mut conn = self.db.read().await?;
        let links = db::held::links(&mut conn, campaign, influencers, each.into()).await?;
        let coupons = db::held::coupons(&mut conn, campaign, influencers, each.into()).await?;
        let links = db::links::of_ids(&mut conn, &links).await?;
        Ok(Held {
            links: links.into_iter().map(|link| self.shown(link)).collect(),
            coupons: db::coupons::of_ids(&mut conn, &coupons).await?,
        })
    }
}
