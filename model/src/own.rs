//! What influencers see of their own: campaigns they take part in, and what they sold. Nothing of a customer.

use serde::{Deserialize, Serialize};

use crate::{
    AdvertiserId, CampaignId, CouponId, Currency, LinkId, Money, SaleId, Timestamp,
    attribution::Method,
    campaign::{AttributionSource, CampaignStatus},
};

/// A campaign, to whoever takes part in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnCampaign {
    pub id: CampaignId,
    pub advertiser_id: AdvertiserId,
    /// The shop's.
    pub advertiser_name: String,
    pub name: String,
    pub destination_url: String,
    pub starts_at: Option<Timestamp>,
    /// The first moment that is no longer inside.
    pub ends_at: Option<Timestamp>,
    pub attribution_source: AttributionSource,
    pub currency: Currency,
    /// 0 to 100, for display.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 100))]
    pub commission_percent: Option<f64>,
    pub status: CampaignStatus,
    pub created_at: Timestamp,
}

/// A purchase that was credited to the influencer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sale {
    pub id: SaleId,
    pub occurred_at: Timestamp,
    pub value: Option<Money>,
    /// What it was credited by.
    pub method: Method,
    pub campaign_id: CampaignId,
    pub campaign_name: String,
    pub link_id: Option<LinkId>,
    pub link_code: Option<String>,
    pub coupon_id: Option<CouponId>,
    pub coupon_code: Option<String>,
}
