//! Figures: which are asked for, and the shapes they are answered in.

use serde::{Deserialize, Serialize};

use crate::{AdvertiserId, CampaignId, CouponId, InfluencerId, LinkId, Money, attribution::Method, words::words};

words! {
    /// A range by name, in whole days of the zone, today included unless it says otherwise.
    Preset {
        Last30Days = "30d",
        Today = "today",
        Yesterday = "yesterday",
        Last7Days = "7d",
        Last28Days = "28d",
        MonthToDate = "mtd",
        LastMonth = "last_month",
        YearToDate = "ytd",
        Last12Months = "12m",
        All = "all",
    }
}

words! {
    Interval { Day = "day", Hour = "hour", Week = "week", Month = "month" }
}

/// What a figure is asked for, as it stands in a query string. Texts are
/// resolved by the engine, which knows the zones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct StatsQuery {
    /// A date (whole days in `tz`) or an RFC 3339 instant.
    pub from: Option<String>,
    /// A date, inclusive, or an RFC 3339 instant, exclusive.
    pub to: Option<String>,
    /// A preset's name; counts only where neither `from` nor `to` is given.
    pub range: Option<String>,
    pub tz: Option<String>,
    pub interval: Option<String>,
    pub include_bots: bool,
    pub advertiser_id: Option<AdvertiserId>,
    pub campaign_id: Option<CampaignId>,
    pub influencer_id: Option<InfluencerId>,
    pub link_id: Option<LinkId>,
    pub coupon_id: Option<CouponId>,
    pub method: Option<Method>,
}

/// The counts and sums of one range and filter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Figures {
    /// Human clicks; with `include_bots` all.
    pub clicks: i64,
    pub bot_clicks: i64,
    /// First clicks of their visitor on their link and UTC day.
    pub unique_visitors: i64,
    pub add_to_cart: i64,
    pub signups: i64,
    pub purchases: i64,
    pub drop_offs: i64,
    /// Purchases.
    pub conversions: i64,
    pub attributed_conversions: i64,
    /// The sum of purchase values, one for each currency; never added together.
    pub gmv: Vec<Money>,
    pub attributed_gmv: Vec<Money>,
    /// Attributed conversions / human clicks, a fraction; null without clicks.
    pub conversion_rate: Option<f64>,
}

/// What `stats/overview` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overview {
    /// RFC 3339 in the zone's own offset.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub from: String,
    /// Exclusive.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub to: String,
    pub tz: String,
    #[serde(flatten)]
    pub figures: Figures,
}

/// What `stats/chart` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Chart {
    pub interval: Interval,
    pub tz: String,
    /// One for each bucket of the range, none left out.
    pub points: Vec<Point>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Point {
    /// The bucket's first moment, in the zone's own offset.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub start: String,
    /// False while the bucket's time is not over.
    pub complete: bool,
    pub clicks: i64,
    pub add_to_cart: i64,
    pub conversions: i64,
    pub gmv: Vec<Money>,
}
