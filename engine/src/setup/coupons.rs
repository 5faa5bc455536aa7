//! Coupons.

use model::{
    CouponId,
    coupon::{Coupon, CouponStatus, NewCoupon},
    page::Page,
};

use crate::{
    Engine, Session,
    clock::new_id,
    db::{self, page::PageAt},
    error::{Error, Result},
};

impl Engine {
    pub async fn create_coupon(&self, session: &Session, new: NewCoupon) -> Result<Coupon> {
        session.admin()?;
        let (mut conn, version) = self.begin_change().await?;
        let campaign = db::campaigns::find(&mut conn, None, new.campaign_id).await?.ok_or(Error::NotFound)?;
        if let Some(influencer) = new.influencer_id {
            db::influencers::find(&mut conn, influencer).await?.ok_or(Error::NotFound)?;
        }
        let now = self.clock.now();
        let coupon = Coupon {
            id: CouponId(new_id(now, &mut rand::rng())),
            advertiser_id: campaign.advertiser_id,
            campaign_id: campaign.id,
            influencer_id: new.influencer_id,
            code: new.code.into(),
            status: CouponStatus::Active,
            created_at: now,
        };
        db::coupons::insert(&mut conn, &coupon, version).await?;
        self.commit_change(conn).await?;
        Ok(coupon)
    }

    pub async fn list_coupons(&self, session: &Session, at: PageAt) -> Result<Page<Coupon>> {
        let within = session.tenant()?;
        db::coupons::list(&mut self.db.read().await?, within, at).await
    }
}
