//! Tracking links: what an influencer posts and a shopper follows.

use serde::{Deserialize, Serialize};

use crate::{
    AdvertiserId, CampaignId, Fields, FromFields, InfluencerId, LinkId, Timestamp, text::DestinationUrl, words::words,
};

words! {
    LinkStatus { Active = "active", Inactive = "inactive", Replaced = "replaced" }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    pub id: LinkId,
    pub advertiser_id: AdvertiserId,
    pub campaign_id: CampaignId,
    /// None: the link credits its campaign alone.
    pub influencer_id: Option<InfluencerId>,
    pub code: String,
    /// The whole address to post: `{public-url}/r/{code}`.
    pub url: String,
    /// Where it leads now: its own destination, else the campaign's.
    pub destination_url: String,
    pub status: LinkStatus,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug)]
pub struct NewLink {
    pub campaign_id: CampaignId,
    pub influencer_id: Option<InfluencerId>,
    /// None: the campaign's, also when that changes later.
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
