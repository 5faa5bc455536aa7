//! Figures: which are asked for, and the shapes they are answered in.

use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};
use uuid::Uuid;

use crate::{
    AdvertiserId, CampaignId, CouponId, Currency, InfluencerId, LinkId, Money, attribution::Method, words::words,
};

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

words! {
    /// What a range is compared with: the nearest whole weeks before it that do not overlap it, or 52 weeks before it.
    /// Either way weekdays stand beside their like.
    Compare { Previous = "previous", Year = "year" }
}

words! {
    /// What figures are told apart by.
    Dimension { Influencer = "influencer", Campaign = "campaign", Link = "link", Coupon = "coupon" }
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
    pub compare: Option<Compare>,
    pub include_bots: bool,
    pub advertiser_id: Option<AdvertiserId>,
    pub campaign_id: Option<CampaignId>,
    pub influencer_id: Option<InfluencerId>,
    pub link_id: Option<LinkId>,
    pub coupon_id: Option<CouponId>,
    pub method: Option<Method>,
}

/// The counts and sums of one range and filter.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
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
    /// Influencers alone: what each campaign's `commission_percent` gives of their sales, for display. Summed exactly,
    /// then rounded half-even, for each currency.
    pub commission_estimate: Option<Vec<Money>>,
}

// By hand, as JSON leaves out what does not apply, and the pages' wire, which goes by position, must not.
impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let by_name = serializer.is_human_readable();
        let mut out = serializer.serialize_struct("Figures", 13)?;
        out.serialize_field("clicks", &self.clicks)?;
        out.serialize_field("bot_clicks", &self.bot_clicks)?;
        out.serialize_field("unique_visitors", &self.unique_visitors)?;
        out.serialize_field("add_to_cart", &self.add_to_cart)?;
        out.serialize_field("signups", &self.signups)?;
        out.serialize_field("purchases", &self.purchases)?;
        out.serialize_field("drop_offs", &self.drop_offs)?;
        out.serialize_field("conversions", &self.conversions)?;
        out.serialize_field("attributed_conversions", &self.attributed_conversions)?;
        out.serialize_field("gmv", &self.gmv)?;
        out.serialize_field("attributed_gmv", &self.attributed_gmv)?;
        out.serialize_field("conversion_rate", &self.conversion_rate)?;
        if by_name && self.commission_estimate.is_none() {
            out.skip_field("commission_estimate")?;
        } else {
            out.serialize_field("commission_estimate", &self.commission_estimate)?;
        }
        out.end()
    }
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
    /// With `compare` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
}

/// What an overview is compared with: where the range is not over yet, only as much of it as has gone by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Previous {
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub from: String,
    /// Exclusive.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub to: String,
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

#[derive(Clone, Debug, PartialEq, Deserialize)]
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
    /// With `compare` alone.
    pub previous: Option<PreviousPoint>,
}

/// The bucket that a point is compared with: of one whose time is not over, only as much as has gone by of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviousPoint {
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub start: String,
    pub clicks: i64,
    pub add_to_cart: i64,
    pub conversions: i64,
    pub gmv: Vec<Money>,
}

// As above.
impl Serialize for Point {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let by_name = serializer.is_human_readable();
        let mut out = serializer.serialize_struct("Point", 7)?;
        out.serialize_field("start", &self.start)?;
        out.serialize_field("complete", &self.complete)?;
        out.serialize_field("clicks", &self.clicks)?;
        out.serialize_field("add_to_cart", &self.add_to_cart)?;
        out.serialize_field("conversions", &self.conversions)?;
        out.serialize_field("gmv", &self.gmv)?;
        if by_name && self.previous.is_none() {
            out.skip_field("previous")?;
        } else {
            out.serialize_field("previous", &self.previous)?;
        }
        out.end()
    }
}

words! {
    Stage { Landing = "landing", AddToCart = "add_to_cart", Purchase = "purchase" }
}

/// What `stats/funnel` answers: attributed events alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Funnel {
    pub stages: Vec<StageCount>,
    pub drop_offs: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StageCount {
    pub stage: Stage,
    pub count: i64,
    /// This count / the one before, a fraction; null for the first stage, and where nothing came before.
    pub rate_from_previous: Option<f64>,
    /// How many fewer than at the stage before; null for the first stage.
    pub lost: Option<i64>,
}

/// Figures told apart by one dimension. Rows by conversions, downward; nobody's share stands last, always.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    pub rows: Vec<Row>,
    pub total: Figures,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// None: nobody's share.
    pub id: Option<Uuid>,
    /// A name, or a code.
    pub label: Option<String>,
    pub figures: Figures,
    /// Of a campaign that has a percentage.
    pub commission: Option<Commission>,
}

/// What a campaign's percentage comes to; see [`CampaignFigures`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Commission {
    pub commission: Vec<Money>,
    pub gmv_per_commission: Vec<Ratio>,
}

/// A quotient of two amounts of one currency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ratio {
    pub currency: Currency,
    pub ratio: f64,
}

/// What `stats/per-…` answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Breakdown<T> {
    /// By conversions, downward; nobody's share stands last, under a null id.
    pub items: Vec<T>,
    pub total: Figures,
}

impl<T: From<Row>> From<Table> for Breakdown<T> {
    fn from(table: Table) -> Self {
        Self { items: table.rows.into_iter().map(Into::into).collect(), total: table.total }
    }
}

/// The rows of a breakdown as they stand in JSON.
macro_rules! rows {
    ($($name:ident: $id:ident $id_type:ident, $label:ident;)*) => {$(
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name {
            /// Null: nobody's share.
            pub $id: Option<$id_type>,
            pub $label: Option<String>,
            #[serde(flatten)]
            pub figures: Figures,
        }

        impl From<Row> for $name {
            fn from(row: Row) -> Self {
                Self { $id: row.id.map($id_type), $label: row.label, figures: row.figures }
            }
        }
    )*};
}

rows! {
    InfluencerFigures: influencer_id InfluencerId, name;
    LinkFigures: link_id LinkId, code;
    CouponFigures: coupon_id CouponId, code;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CampaignFigures {
    /// Null: nobody's share.
    pub campaign_id: Option<CampaignId>,
    pub name: Option<String>,
    #[serde(flatten)]
    pub figures: Figures,
    /// Where the campaign has a percentage, and whoever asks is no influencer: the percentage of the attributed sales,
    /// rounded half-even, one for each currency. For display.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commission: Option<Vec<Money>>,
    /// Beside it: what each unit of commission brought in sales, one for each currency that earned any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gmv_per_commission: Option<Vec<Ratio>>,
}

impl From<Row> for CampaignFigures {
    fn from(row: Row) -> Self {
        let (commission, gmv_per_commission) = row.commission.map(|it| (it.commission, it.gmv_per_commission)).unzip();
        let (campaign_id, name) = (row.id.map(CampaignId), row.label);
        Self { campaign_id, name, figures: row.figures, commission, gmv_per_commission }
    }
}
