//! Coupons: chosen, generated, replaced and invalidated. A code is never issued twice.

use model::{
    CouponId,
    campaign::Campaign,
    coupon::{CodeRules, Coupon, CouponStatus, GenerateCoupons, MOST_GENERATED, NewCoupon, Target},
    page::{ListQuery, Page},
    text::normal_code,
};
use rand::{SeedableRng, rngs::StdRng};

use super::coupon_codes::{self, Draw};
use crate::{
    Engine, Session,
    clock::new_id,
    db::{self, Conn, coupons::Making},
    error::{Error, Result},
};

/// How many codes for each influencer, made how.
#[derive(Clone, Debug)]
pub struct CouponRequest {
    pub count: usize,
    pub rules: CodeRules,
}

impl Engine {
    pub async fn create_coupon(&self, session: &Session, new: NewCoupon) -> Result<Coupon> {
        session.admin()?;
        let (mut conn, version) = self.begin_change().await?;
        let campaign = db::campaigns::find(&mut conn, None, new.campaign_id).await?.ok_or(Error::NotFound)?;
        if let Some(influencer) = new.influencer_id {
            db::influencers::find(&mut conn, influencer).await?.ok_or(Error::NotFound)?;
        }
        let coupon = Coupon { influencer_id: new.influencer_id, ..self.new_coupon(&campaign, new.code.into()) };
        db::coupons::insert(&mut conn, std::slice::from_ref(&coupon), None, version).await?;
        self.commit_change(conn).await?;
        Ok(coupon)
    }

    /// Many codes at once, all or none.
    pub async fn generate_coupons(&self, session: &Session, wanted: GenerateCoupons) -> Result<Vec<Coupon>> {
        session.admin()?;
        let (mut conn, version) = self.begin_change().await?;
        let campaign = db::campaigns::find(&mut conn, None, wanted.campaign_id).await?.ok_or(Error::NotFound)?;
        let request = CouponRequest { count: wanted.count, rules: wanted.rules };
        let coupons = self.insert_coupons(&mut conn, &campaign, &wanted.target, &request, version).await?;
        self.commit_change(conn).await?;
        Ok(coupons)
    }

    pub(super) async fn insert_coupons(
        &self,
        conn: &mut Conn,
        campaign: &Campaign,
        target: &Target,
        request: &CouponRequest,
        version: i64,
    ) -> Result<Vec<Coupon>> {
        let influencers = self.influencers_of(conn, campaign.id, target).await?;
        let total = request.count.saturating_mul(influencers.len().max(1));
        if i64::try_from(total).is_ok_and(|total| total > MOST_GENERATED) {
            let message = format!("would make {total} codes; at most {MOST_GENERATED} at once");
            return Err(Error::invalid("count", message));
        }
        let draw = Draw { advertiser: campaign.advertiser_id, rules: &request.rules, count: total };
        let codes = coupon_codes::draw(conn, &draw, &mut sendable()).await?;
        let coupons: Vec<Coupon> = codes
            .into_iter()
            .enumerate()
            .map(|(index, code)| Coupon {
                influencer_id: influencers.get(index / request.count).copied(),
                ..self.new_coupon(campaign, code)
            })
            .collect();
        let making = Making { prefix_length: request.rules.prefix.len(), charset: request.rules.charset };
        db::coupons::insert(conn, &coupons, Some(making), version).await?;
        Ok(coupons)
    }

    fn new_coupon(&self, campaign: &Campaign, code: String) -> Coupon {
        let now = self.clock.now();
        Coupon {
            id: CouponId(new_id(now, &mut rand::rng())),
            advertiser_id: campaign.advertiser_id,
            campaign_id: campaign.id,
            influencer_id: None,
            code,
            status: CouponStatus::Active,
            replaced_by: None,
            created_at: now,
        }
    }

    pub async fn list_coupons(&self, session: &Session, query: &ListQuery) -> Result<Page<Coupon>> {
        let within = session.tenant()?;
        let mut conn = self.db.read().await?;
        self.check_list(&mut conn, within, query).await?;
        db::coupons::list(&mut conn, within, query).await
    }

    pub async fn coupon(&self, session: &Session, id: CouponId) -> Result<Coupon> {
        let within = session.tenant()?;
        db::coupons::find(&mut self.db.read().await?, within, id).await?.ok_or(Error::NotFound)
    }

    /// The code credits nobody from now on, and is never issued again.
    pub async fn invalidate_coupon(&self, session: &Session, id: CouponId) -> Result<Coupon> {
        session.admin()?;
        let (mut conn, version) = self.begin_change().await?;
        let mut coupon = not_replaced(&mut conn, id).await?;
        coupon.status = CouponStatus::Invalidated;
        db::coupons::set_status(&mut conn, id, coupon.status, None, version).await?;
        self.commit_change(conn).await?;
        Ok(coupon)
    }

    /// Makes a code like this one in its place; this one credits nobody from now on.
    pub async fn regenerate_coupon(&self, session: &Session, id: CouponId) -> Result<Coupon> {
        session.admin()?;
        let (mut conn, version) = self.begin_change().await?;
        let old = not_replaced(&mut conn, id).await?;
        let campaign = db::campaigns::find(&mut conn, None, old.campaign_id).await?.ok_or(Error::NotFound)?;
        let making = db::coupons::making(&mut conn, id).await?;
        let rules = coupon_codes::rules_of_successor(&old.code, making);
        let draw = Draw { advertiser: old.advertiser_id, rules: &rules, count: 1 };
        let code = coupon_codes::draw(&mut conn, &draw, &mut sendable()).await?.into_iter().next();
        let code = code.ok_or_else(|| Error::Internal("one code was drawn, and none came".into()))?;
        let new = Coupon { influencer_id: old.influencer_id, ..self.new_coupon(&campaign, code) };
        let making = Making { prefix_length: rules.prefix.len(), charset: rules.charset };
        db::coupons::insert(&mut conn, std::slice::from_ref(&new), Some(making), version).await?;
        db::coupons::set_status(&mut conn, id, CouponStatus::Replaced, Some(new.id), version).await?;
        self.commit_change(conn).await?;
        Ok(new)
    }

    /// What codes by these rules look like. Nothing is issued.
    pub fn example_codes(&self, session: &Session, rules: &CodeRules, count: usize) -> Result<Vec<String>> {
        session.admin()?;
        Ok((0..count.min(20)).map(|_| coupon_codes::one(rules, &mut rand::rng())).collect())
    }

    /// The coupon of a code, for a sender who knows the code alone.
    pub(crate) async fn coupons_of_code(
        &self,
        conn: &mut Conn,
        within: Option<model::AdvertiserId>,
        code: &str,
    ) -> Result<Vec<Coupon>> {
        db::coupons::of_code(conn, within, &normal_code(code)).await
    }
}

/// A cryptographic source that may be held while the database is waited for, as the thread's own may not.
fn sendable() -> StdRng {
    StdRng::from_rng(&mut rand::rng())
}

async fn not_replaced(conn: &mut Conn, id: CouponId) -> Result<Coupon> {
    let coupon = db::coupons::find(conn, None, id).await?.ok_or(Error::NotFound)?;
    if coupon.status == CouponStatus::Replaced {
        return Err(Error::Conflict("this coupon was replaced by another".into()));
    }
    Ok(coupon)
}
