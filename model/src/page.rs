//! Lists: what is asked of them, and their pages.

use serde::{Deserialize, Serialize};

use crate::{AdvertiserId, CampaignId, CouponId, InfluencerId, LinkId, words::words};

/// Most items a page may hold.
pub const MOST_ITEMS: u32 = 500;
pub const DEFAULT_ITEMS: u32 = 50;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page; null on the last.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(each).collect(), next_cursor: self.next_cursor }
    }
}

words! {
    /// The order of a list: by when things were made, or by name (a coupon's and a link's is its code).
    Sort { Newest = "newest", Oldest = "oldest", Ascending = "a-z", Descending = "z-a" }
}

/// What a list of what was set up is asked for. A list leaves aside what its items do not have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct ListQuery {
    /// Part of a name, handle or e-mail; the beginning of a code.
    pub q: Option<String>,
    /// A status of these items.
    pub status: Option<String>,
    pub advertiser_id: Option<AdvertiserId>,
    pub campaign_id: Option<CampaignId>,
    pub influencer_id: Option<InfluencerId>,
    /// One link of a list of links, one coupon of a list of coupons; elsewhere that there is such a one.
    pub link_id: Option<LinkId>,
    pub coupon_id: Option<CouponId>,
    /// A role, for accounts.
    pub role: Option<String>,
    /// None: the newest first, and with a search for codes by code.
    pub sort: Option<Sort>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}
