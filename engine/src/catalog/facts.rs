//! What the catalog knows of each thing: the parts that decide, not those that are shown.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use model::{
    AdvertiserId, ApiKeyId, CampaignId, CouponId, InfluencerId, LinkId, SigningSecretId, Timestamp,
    account::Account,
    advertiser::{Advertiser, AdvertiserStatus},
    api_key::ApiKey,
    campaign::{AttributionSource, Campaign, CampaignStatus},
    coupon::{Coupon, CouponStatus},
    link::LinkStatus,
};

use serde::{Deserialize, Serialize};

use crate::clicks::location::Location;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AdvertiserFact {
    pub id: AdvertiserId,
    pub name: String,
    pub time_zone: String,
    pub require_signature: bool,
    pub active: bool,
}

impl From<Advertiser> for AdvertiserFact {
    fn from(advertiser: Advertiser) -> Self {
        Self {
            id: advertiser.id,
            active: advertiser.status == AdvertiserStatus::Active,
            name: advertiser.name,
            time_zone: advertiser.time_zone,
            require_signature: advertiser.require_signature,
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CampaignFact {
    pub id: CampaignId,
    pub advertiser_id: AdvertiserId,
    pub status: CampaignStatus,
    pub source: AttributionSource,
    pub starts_at: Option<Timestamp>,
    /// The first moment that is no longer inside.
    pub ends_at: Option<Timestamp>,
    pub append_click_id: bool,
}

impl From<Campaign> for CampaignFact {
    fn from(campaign: Campaign) -> Self {
        Self {
            id: campaign.id,
            advertiser_id: campaign.advertiser_id,
            status: campaign.status,
            source: campaign.attribution_source,
            starts_at: campaign.starts_at,
            ends_at: campaign.ends_at,
            append_click_id: campaign.append_click_id,
        }
    }
}

#[derive(Clone, Debug)]
pub struct LinkFact {
    pub id: LinkId,
    pub code: Arc<str>,
    pub campaign_id: CampaignId,
    pub influencer_id: Option<InfluencerId>,
    pub status: LinkStatus,
    pub owner: Arc<Owner>,
    pub location: Arc<Location>,
}

impl LinkFact {
    pub fn advertiser_id(&self) -> AdvertiserId {
        self.owner.id
    }

    /// Whether whoever follows it is sent on.
    pub fn redirects(&self) -> bool {
        self.status == LinkStatus::Active && self.owner.active.load(Ordering::Relaxed)
    }
}

/// What all links of an advertiser share.
#[derive(Debug)]
pub struct Owner {
    pub id: AdvertiserId,
    pub active: AtomicBool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CouponFact {
    pub id: CouponId,
    pub advertiser_id: AdvertiserId,
    pub campaign_id: CampaignId,
    pub influencer_id: Option<InfluencerId>,
    pub status: CouponStatus,
}

impl From<Coupon> for CouponFact {
    fn from(coupon: Coupon) -> Self {
        Self {
            id: coupon.id,
            advertiser_id: coupon.advertiser_id,
            campaign_id: coupon.campaign_id,
            influencer_id: coupon.influencer_id,
            status: coupon.status,
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyFact {
    pub id: ApiKeyId,
    pub advertiser_id: AdvertiserId,
    pub expires_at: Option<Timestamp>,
    pub revoked: bool,
}

impl From<ApiKey> for KeyFact {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            advertiser_id: key.advertiser_id,
            expires_at: key.expires_at,
            revoked: key.revoked_at.is_some(),
        }
    }
}

#[derive(Clone, Debug)]
pub struct AccountFact {
    pub account: Account,
    pub session_version: i64,
    pub active: bool,
}

/// A signing secret, opened.
#[derive(Clone, Serialize, Deserialize)]
pub struct SecretFact {
    pub id: SigningSecretId,
    pub text: String,
    pub expires_at: Option<Timestamp>,
}
