//! Tracking links: what an influencer posts and a shopper follows.

use serde::{Deserialize, Serialize};

use crate::{
    AdvertiserId, CampaignId, Fields, FromFields, InfluencerId, LinkId, Timestamp, coupon::Target,
    text::DestinationUrl, words::words,
};

words! {
    LinkStatus { Active = "active", Inactive = "inactive", Replaced = "replaced" }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Link {
    pub id: LinkId,
    pub advertiser_id: AdvertiserId,
    pub campaign_id: CampaignId,
    /// Null: the link credits its campaign alone.
    pub influencer_id: Option<InfluencerId>,
    pub code: String,
    /// The whole address to post: `{public-url}/r/{code}`.
    pub url: String,
    /// Where it leads now: its own destination, else the campaign's.
    pub destination_url: String,
    pub status: LinkStatus,
    /// The link that was made in its place.
    pub replaced_by: Option<LinkId>,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewLink {
    pub campaign_id: CampaignId,
    pub influencer_id: Option<InfluencerId>,
    /// Null: the campaign's, also when that changes later.
    pub destination_url: Option<DestinationUrl>,
}

impl FromFields for NewLink {
    fn read(fields: &mut Fields) -> Option<Self> {
        let campaign_id = fields.require("campaign_id");
        let influencer_id = fields.get("influencer_id");
        let destination_url = fields.get("destination_url");
        Some(Self { campaign_id: campaign_id?, influencer_id, destination_url })
    }
}

/// One link each for influencers of a campaign.
#[derive(Clone, Debug)]
pub struct GenerateLinks {
    pub campaign_id: CampaignId,
    pub target: Target,
}

impl FromFields for GenerateLinks {
    fn read(fields: &mut Fields) -> Option<Self> {
        let campaign_id = fields.require("campaign_id");
        let target = Target::read(fields);
        if matches!(target, Some(Target::Nobody)) {
            fields.refuse("influencer_ids", "is required, or all_assigned");
        }
        Some(Self { campaign_id: campaign_id?, target: target? })
    }
}
