//! Coupons: codes a customer types at the shop's checkout.

use serde::{Deserialize, Serialize};

use crate::{
    AdvertiserId, CampaignId, CouponId, Fields, FromFields, InfluencerId, Timestamp, text::CouponCode, words::words,
};

words! {
    CouponStatus { Active = "active", Invalidated = "invalidated", Replaced = "replaced" }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coupon {
    pub id: CouponId,
    pub advertiser_id: AdvertiserId,
    pub campaign_id: CampaignId,
    /// None: a generic code, which credits nobody.
    pub influencer_id: Option<InfluencerId>,
    pub code: String,
    pub status: CouponStatus,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug)]
pub struct NewCoupon {
    pub campaign_id: CampaignId,
    pub influencer_id: Option<InfluencerId>,
    pub code: CouponCode,
}

impl FromFields for NewCoupon {
    fn read(fields: &mut Fields) -> Option<Self> {
        let campaign_id = fields.require("campaign_id");
        let influencer_id = fields.get("influencer_id");
        let code = fields.require("code");
        Some(Self { campaign_id: campaign_id?, influencer_id, code: code? })
    }
}
