//! Who is credited for an event, and every candidate that was weighed on the way.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{CampaignId, ClickId, CouponId, InfluencerId, LinkId, words::words};

words! {
    /// How an event was credited.
    Method {
        None = "none",
        Coupon = "coupon",
        FirstTouch = "first_touch",
        ClickId = "click_id",
        RefCode = "ref_code",
        LandingUrl = "landing_url",
        Referrer = "referrer",
    }
}

impl Method {
    /// How sure the credit is, from 0 to 1.
    pub fn confidence(self) -> f64 {
        match self {
            Self::Coupon => 1.0,
            Self::FirstTouch | Self::ClickId | Self::RefCode => 0.9,
            Self::LandingUrl => 0.7,
            Self::Referrer => 0.5,
            Self::None => 0.0,
        }
    }
}

words! {
    Outcome { NotReached = "not_reached", Won = "won", Rejected = "rejected" }
}

/// One candidate of the waterfall, in the order it was weighed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Step {
    /// A method's name: which key of the event this is.
    pub candidate: Method,
    /// The key's value as the event sent it.
    pub value: String,
    pub outcome: Outcome,
    /// Why, in words a shop's developer can act on.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub reason: Cow<'static, str>,
}

/// An event is credited to at most one influencer and campaign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attribution {
    pub method: Method,
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1))]
    pub confidence: f64,
    pub influencer_id: Option<InfluencerId>,
    pub campaign_id: Option<CampaignId>,
    pub link_id: Option<LinkId>,
    pub coupon_id: Option<CouponId>,
    /// The click this event is tied to, whoever is credited.
    pub click_id: Option<ClickId>,
    pub trace: Vec<Step>,
}
