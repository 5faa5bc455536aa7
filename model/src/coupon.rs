//! Coupons: codes a customer types at the shop's checkout.

use serde::{Deserialize, Serialize};

use crate::{
    AdvertiserId, CampaignId, CouponId, Fields, FromFields, InfluencerId, Timestamp, text::CouponCode, words::words,
};

words! {
    CouponStatus { Active = "active", Invalidated = "invalidated", Replaced = "replaced" }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Coupon {
    pub id: CouponId,
    pub advertiser_id: AdvertiserId,
    pub campaign_id: CampaignId,
    /// Null: a generic code, which credits nobody.
    pub influencer_id: Option<InfluencerId>,
    pub code: String,
    pub status: CouponStatus,
    /// The coupon that was made in its place.
    pub replaced_by: Option<CouponId>,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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

words! {
    /// What the random part of a code is drawn from. Codes are compared without case, so all are capitals.
    Charset { Unambiguous = "unambiguous", Alphanumeric = "alphanumeric", Letters = "letters", Digits = "digits" }
}

impl Charset {
    pub const fn characters(self) -> &'static str {
        match self {
            // Without 0 O, 1 I L: a code can be read aloud and typed.
            Self::Unambiguous => "23456789ABCDEFGHJKMNPQRSTUVWXYZ",
            Self::Alphanumeric => "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            Self::Letters => "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            Self::Digits => "0123456789",
        }
    }
}

/// Most codes, or links, of one request.
pub const MOST_GENERATED: i64 = 10_000;
/// Most influencers one request may name.
pub const MOST_NAMED: usize = 10_000;

/// How codes are made: `prefix`, then `length` random characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRules {
    pub prefix: String,
    pub length: usize,
    pub charset: Charset,
}

impl CodeRules {
    pub const USUAL_LENGTH: i64 = 8;

    pub fn read(fields: &mut Fields) -> Option<Self> {
        let prefix = fields.string("prefix").unwrap_or_default().trim().to_owned();
        let prefix_stands =
            prefix.len() < 64 && prefix.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
        if !prefix_stands {
            fields.refuse("prefix", "must be at most 63 of A-Z a-z 0-9 _ -");
        }
        let length =
            if fields.raw("length").is_none() { Some(Self::USUAL_LENGTH) } else { fields.number("length", 1, 64) };
        let length = usize::try_from(length?).ok()?;
        if prefix_stands && !(3..=64).contains(&(prefix.len() + length)) {
            fields.refuse("length", "must make codes of 3 to 64 characters, the prefix included");
        }
        let charset = if fields.raw("charset").is_none() { Charset::default() } else { fields.get("charset")? };
        Some(Self { prefix, length, charset })
    }

    /// How many different codes there can be; saturating.
    pub fn capacity(&self) -> u128 {
        let characters = self.charset.characters().len() as u128;
        u32::try_from(self.length).map_or(u128::MAX, |length| characters.saturating_pow(length))
    }
}

/// Whom codes or links are made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Generic codes, which credit nobody.
    Nobody,
    Named(Vec<InfluencerId>),
    /// Every active influencer who is assigned to the campaign.
    AllAssigned,
}

impl Target {
    pub fn read(fields: &mut Fields) -> Option<Self> {
        let all: Option<bool> = fields.json("all_assigned", "true or false");
        if fields.raw("influencer_ids").is_none() {
            return Some(if all == Some(true) { Self::AllAssigned } else { Self::Nobody });
        }
        let named = fields.ids("influencer_ids", MOST_NAMED);
        if all == Some(true) {
            fields.refuse("all_assigned", "cannot be combined with influencer_ids");
        }
        Some(Self::Named(named?))
    }
}

/// Many codes at once, all or none.
#[derive(Clone, Debug)]
pub struct GenerateCoupons {
    pub campaign_id: CampaignId,
    pub target: Target,
    /// For each influencer; all together where there is none.
    pub count: usize,
    pub rules: CodeRules,
}

impl FromFields for GenerateCoupons {
    fn read(fields: &mut Fields) -> Option<Self> {
        let campaign_id = fields.require("campaign_id");
        let target = Target::read(fields);
        let count = if fields.raw("count").is_none() { Some(1) } else { fields.number("count", 1, MOST_GENERATED) };
        let rules = CodeRules::read(fields);
        Some(Self { campaign_id: campaign_id?, target: target?, count: usize::try_from(count?).ok()?, rules: rules? })
    }
}
