//! Campaigns: what an advertiser runs, and who takes part.

use serde::{Deserialize, Serialize};

use crate::{
    AdvertiserId, CampaignId, Currency, Fields, FromFields, Timestamp, money,
    text::{DestinationUrl, Name},
    words::words,
};

words! {
    CampaignStatus { Active = "active", Paused = "paused", Archived = "archived" }
}

words! {
    /// Which keys may credit an influencer in this campaign.
    AttributionSource { CouponAndLink = "coupon_and_link", Coupon = "coupon", Link = "link" }
}

impl AttributionSource {
    pub fn takes_coupons(self) -> bool {
        self != Self::Link
    }

    pub fn takes_links(self) -> bool {
        self != Self::Coupon
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Campaign {
    pub id: CampaignId,
    pub advertiser_id: AdvertiserId,
    pub name: String,
    pub destination_url: String,
    pub starts_at: Option<Timestamp>,
    /// The first moment that is no longer inside.
    pub ends_at: Option<Timestamp>,
    pub attribution_source: AttributionSource,
    /// What forms and cards show first; events carry their own.
    pub currency: Currency,
    /// 0 to 100, for display.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 100))]
    pub commission_percent: Option<f64>,
    /// Whether redirects carry `click_id` to the shop.
    pub append_click_id: bool,
    pub status: CampaignStatus,
    pub created_at: Timestamp,
    /// Changes with every change; an edit may say which it was made on.
    pub version: i64,
}

#[derive(Clone, Debug)]
pub struct NewCampaign {
    pub advertiser_id: AdvertiserId,
    pub name: Name,
    pub destination_url: DestinationUrl,
    pub starts_at: Option<Timestamp>,
    pub ends_at: Option<Timestamp>,
    pub attribution_source: AttributionSource,
    pub currency: Currency,
    /// In hundredths of a percent, so that it is exact: 12.5 % is 1250.
    pub commission_basis_points: Option<i64>,
    pub append_click_id: bool,
    pub status: CampaignStatus,
}

impl FromFields for NewCampaign {
    fn read(fields: &mut Fields) -> Option<Self> {
        let advertiser_id = fields.require("advertiser_id");
        let name = fields.require("name");
        let destination_url = fields.require("destination_url");
        let starts_at: Option<Timestamp> = fields.get("starts_at");
        let ends_at: Option<Timestamp> = fields.get("ends_at");
        if let (Some(starts_at), Some(ends_at)) = (starts_at, ends_at)
            && ends_at <= starts_at
        {
            fields.refuse("ends_at", "must be after starts_at");
        }
        let attribution_source = fields.get("attribution_source").unwrap_or_default();
        let currency = fields.get("currency").unwrap_or(Currency::USD);
        let commission_basis_points = read_percent(fields, "commission_percent");
        let append_click_id = fields.json("append_click_id", "true or false").unwrap_or_default();
        let status = fields.get("status").unwrap_or_default();
        Some(Self {
            advertiser_id: advertiser_id?,
            name: name?,
            destination_url: destination_url?,
            starts_at,
            ends_at,
            attribution_source,
            currency,
            commission_basis_points,
            append_click_id,
            status,
        })
    }
}

/// What an edit may change; None leaves it as it is, Some(None) clears it.
#[derive(Clone, Debug, Default)]
pub struct CampaignChange {
    /// A campaign stays with its advertiser: another one is refused.
    pub advertiser_id: Option<AdvertiserId>,
    pub name: Option<Name>,
    pub destination_url: Option<DestinationUrl>,
    pub starts_at: Option<Option<Timestamp>>,
    pub ends_at: Option<Option<Timestamp>>,
    pub attribution_source: Option<AttributionSource>,
    pub currency: Option<Currency>,
    pub commission_basis_points: Option<Option<i64>>,
    pub append_click_id: Option<bool>,
    pub status: Option<CampaignStatus>,
}

impl FromFields for CampaignChange {
    fn read(fields: &mut Fields) -> Option<Self> {
        let commission = fields.is_present("commission_percent");
        let commission_basis_points = commission.then(|| read_percent(fields, "commission_percent"));
        Some(Self {
            advertiser_id: fields.change("advertiser_id"),
            name: fields.change("name"),
            destination_url: fields.change("destination_url"),
            starts_at: fields.change_or_clear("starts_at"),
            ends_at: fields.change_or_clear("ends_at"),
            attribution_source: fields.change("attribution_source"),
            currency: fields.change("currency"),
            commission_basis_points,
            append_click_id: fields.change_json("append_click_id", "true or false"),
            status: fields.change("status"),
        })
    }
}

/// In hundredths of a percent. What cannot be kept exactly is refused, not rounded.
fn read_percent(fields: &mut Fields, field: &'static str) -> Option<i64> {
    let text = fields.raw(field)?.to_owned();
    let hundredths = money::hundredths(&text).ok().filter(|hundredths| *hundredths <= 10_000);
    if hundredths.is_none() {
        fields.refuse(field, "must be a number from 0 to 100 with at most two decimals");
    }
    hundredths
}
