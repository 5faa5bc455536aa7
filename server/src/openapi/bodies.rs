//! Requests as they stand in JSON, where `model` keeps them in another shape than they are sent in. Documentation: what
//! is accepted is decided by `model`'s rules, and a test sends each example.

#![expect(dead_code, reason = "documentation: requests are read field by field")]
#![expect(unused_qualifications, reason = "utoipa writes the types of fields so")]

use std::{borrow::Cow, collections::BTreeMap};

use model::{
    AdvertiserId, CampaignId, Currency, InfluencerId, Timestamp,
    campaign::{AttributionSource, CampaignStatus},
    coupon::Charset,
    event::Action,
    text::{DestinationUrl, Email, Name, NewPassword},
};
use serde_json::Value;
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, OneOfBuilder, RefOr, Schema, SchemaFormat, Type, schema::AnyOfBuilder},
};

/// A campaign to be made.
#[derive(ToSchema)]
pub struct NewCampaign {
    advertiser_id: AdvertiserId,
    name: Name,
    destination_url: DestinationUrl,
    starts_at: Option<Timestamp>,
    /// The first moment that is no longer inside; after `starts_at`.
    ends_at: Option<Timestamp>,
    /// Which keys may credit an influencer. Default: `coupon_and_link`.
    attribution_source: Option<AttributionSource>,
    /// What forms and cards show first; events carry their own. Default: `USD`.
    currency: Option<Currency>,
    /// For display, with at most two decimals.
    #[schema(minimum = 0, maximum = 100)]
    commission_percent: Option<f64>,
    /// Whether redirects carry `click_id` to the shop. Default: false.
    append_click_id: Option<bool>,
    /// Default: `active`.
    status: Option<CampaignStatus>,
}

/// What is to change of a campaign.
#[derive(ToSchema)]
pub struct CampaignChange {
    #[schema(value_type = Name, required = false)]
    name: Option<Name>,
    #[schema(value_type = DestinationUrl, required = false)]
    destination_url: Option<DestinationUrl>,
    /// Null: from the beginning.
    starts_at: Option<Timestamp>,
    /// The first moment that is no longer inside; null: without an end.
    ends_at: Option<Timestamp>,
    #[schema(value_type = AttributionSource, required = false)]
    attribution_source: Option<AttributionSource>,
    #[schema(value_type = Currency, required = false)]
    currency: Option<Currency>,
    /// For display, with at most two decimals; null: none.
    #[schema(minimum = 0, maximum = 100)]
    commission_percent: Option<f64>,
    #[schema(value_type = bool, required = false)]
    append_click_id: Option<bool>,
    #[schema(value_type = CampaignStatus, required = false)]
    status: Option<CampaignStatus>,
}

/// Codes to be made: `prefix`, then `length` random characters.
#[derive(ToSchema)]
pub struct GenerateCoupons {
    campaign_id: CampaignId,
    /// Whom the codes are for. With neither this nor `all_assigned` they are generic and credit nobody.
    #[schema(min_items = 1, max_items = 10_000)]
    influencer_ids: Option<Vec<InfluencerId>>,
    /// For every active influencer who is assigned to the campaign; not together with `influencer_ids`.
    all_assigned: Option<bool>,
    /// For each influencer; in all, where there is none. Default: 1.
    #[schema(minimum = 1, maximum = 10_000)]
    count: Option<u32>,
    #[schema(pattern = "^[A-Za-z0-9_-]{0,63}$")]
    prefix: Option<String>,
    /// Of the random part. Codes have 3 to 64 characters, the prefix included. Default: 8.
    #[schema(minimum = 1, maximum = 64)]
    length: Option<u32>,
    /// `unambiguous`: capitals and digits without 0 O 1 I L. Default: `unambiguous`.
    charset: Option<Charset>,
}

/// Tracking links to be made: one for each influencer.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum GenerateLinks {
    Named(LinksForNamed),
    All(LinksForAll),
}

#[derive(ToSchema)]
#[schema(title = "for those named")]
pub struct LinksForNamed {
    campaign_id: CampaignId,
    #[schema(min_items = 1, max_items = 10_000)]
    influencer_ids: Vec<InfluencerId>,
}

#[derive(ToSchema)]
#[schema(title = "for every active influencer who is assigned")]
pub struct LinksForAll {
    campaign_id: CampaignId,
    #[schema(inline)]
    all_assigned: Yes,
}

/// An account to be made: an advertiser's and an influencer's say whose they are.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum NewAccount {
    Admin(NewAdmin),
    Advertiser(NewAdvertisers),
    Influencer(NewInfluencers),
}

#[derive(ToSchema)]
#[schema(title = "for an admin")]
pub struct NewAdmin {
    #[schema(inline)]
    role: AdminRole,
    email: Email,
    /// Without one the answer holds a link to set it.
    password: Option<NewPassword>,
    #[schema(inline, required = false)]
    advertiser_id: Nothing,
    #[schema(inline, required = false)]
    influencer_id: Nothing,
}

#[derive(ToSchema)]
#[schema(title = "for an advertiser")]
pub struct NewAdvertisers {
    #[schema(inline)]
    role: AdvertiserRole,
    email: Email,
    /// Without one the answer holds a link to set it.
    password: Option<NewPassword>,
    advertiser_id: AdvertiserId,
    #[schema(inline, required = false)]
    influencer_id: Nothing,
}

#[derive(ToSchema)]
#[schema(title = "for an influencer")]
pub struct NewInfluencers {
    #[schema(inline)]
    role: InfluencerRole,
    email: Email,
    /// Without one the answer holds a link to set it.
    password: Option<NewPassword>,
    influencer_id: InfluencerId,
    #[schema(inline, required = false)]
    advertiser_id: Nothing,
}

/// How the old one ends.
#[derive(ToSchema)]
pub struct Rotation {
    /// How long it lives on beside the new one. Default: a day.
    #[schema(minimum = 0, maximum = 2_678_400)]
    overlap_seconds: Option<u32>,
}

/// One thing a customer did at the shop.
#[derive(ToSchema)]
pub struct EventBody {
    action: Action,
    #[serde(flatten)]
    rest: EventFields,
}

/// Many events.
#[derive(ToSchema)]
pub struct BatchBody {
    #[schema(max_items = 1000)]
    events: Vec<EventBody>,
}

/// As an event, whose action is in the path.
#[derive(ToSchema)]
pub struct ShortEventBody {
    /// Must be the path's, where it stands.
    action: Option<ShortAction>,
    #[serde(flatten)]
    rest: EventFields,
}

#[derive(ToSchema)]
pub struct EventFields {
    /// Names a `custom` event.
    #[schema(max_length = 100, pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$")]
    name: Option<String>,
    /// The shop's own id, such as an order number: makes the event idempotent, across actions.
    #[schema(min_length = 1, max_length = 255, pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$")]
    event_id: Option<String>,
    /// Counted for `purchase`; stored, never counted, for others. A decimal string is exact.
    value: Option<Amount>,
    /// Default: `USD`.
    currency: Option<Currency>,
    /// Kept as sent, at most 16 KB.
    properties: Option<BTreeMap<String, Value>>,
    /// At most 5 minutes ahead and 90 days back. Default: now.
    occurred_at: Option<Timestamp>,
    coupon_code: Option<String>,
    /// Weighed after `coupon_code`, in order.
    #[schema(max_items = 20)]
    coupon_codes: Option<Vec<String>>,
    /// The `ref_code` of the address that the redirect led to.
    ref_code: Option<String>,
    /// The `click_id` of that address, where the campaign appends it.
    click_id: Option<String>,
    /// The first page of the visit: its `ref_code` counts where `ref_code` is not sent.
    #[schema(max_length = 4096)]
    landing_url: Option<String>,
    /// Where the visit came from: its `ref_code` counts last.
    #[schema(max_length = 4096)]
    referrer: Option<String>,
    /// The shop's opaque id of the customer, for first touch; stored as a keyed hash.
    #[schema(max_length = 255, pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$")]
    customer_id: Option<String>,
}

/// What a call of the event API may say beside its body.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct CallHeaders {
    /// Serves where the body has no `event_id`: 1 to 255 ASCII characters.
    #[param(rename = "Idempotency-Key")]
    idempotency_key: Option<String>,
    /// `t=<unix seconds>,v1=<hex HMAC-SHA256(secret, "<t>.<raw body>")>`; several `v1` may stand. Checked wherever it is
    /// present; required where the advertiser says so. At most 300 s past and 60 s ahead.
    #[param(rename = "X-Signature", pattern = "^t=[0-9]{1,12}(,v1=[0-9a-f]{64}){1,8}$")]
    x_signature: Option<String>,
}

macro_rules! schemas {
    ($($(#[$doc:meta])* $name:ident => $schema:expr),* $(,)?) => {$(
        $(#[$doc])*
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )*};
}

schemas! {
    /// A number or a decimal string.
    Amount => OneOfBuilder::new()
        .item(ObjectBuilder::new().schema_type(Type::Number).minimum(Some(0.0)).exclusive_maximum(Some(1e12)))
        .item(string().pattern(Some(r"^[0-9]{1,12}(\.[0-9]{1,40})?$")).examples(["49.90"])),
    /// A day or a moment.
    Moment => AnyOfBuilder::new()
        .item(string().format(Some(SchemaFormat::KnownFormat(KnownFormat::Date))))
        .item(string().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))),
    /// Null, or absent.
    Nothing => ObjectBuilder::new().schema_type(Type::Null),
    /// True.
    Yes => ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([true])),
    /// `admin`.
    AdminRole => string().enum_values(Some(["admin"])),
    /// `advertiser`.
    AdvertiserRole => string().enum_values(Some(["advertiser"])),
    /// `influencer`.
    InfluencerRole => string().enum_values(Some(["influencer"])),
    /// The actions that have a path of their own.
    ShortAction => string().enum_values(Some(["add_to_cart", "purchase", "drop_off", "signup"])),
}

fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}
