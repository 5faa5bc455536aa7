//! The API's document, generated from the routes: each handler's attribute says what is its own, [`answers`] adds what
//! follows from its shape.

mod answers;
pub mod bodies;
pub mod tags;

use model::{
    AccountId, AdvertiserId, ApiKeyId, CampaignId, ClickId, CouponId, EventId, FailureId, FieldError, InfluencerId,
    LinkId, Problem,
    account::{AccountStatus, Role},
    advertiser::AdvertiserStatus,
    attribution::Method,
    campaign::CampaignStatus,
    coupon::CouponStatus,
    event::Action,
    influencer::InfluencerStatus,
    link::LinkStatus,
    page::Sort,
    stats::{Compare, Interval, Preset},
    text::ZoneName,
};
use serde_json::Value;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
};

/// Routes are added to this: what they have in common.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tributary",
        description = include_str!("introduction.md"),
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "this server")),
    tags(
        (name = tags::EVENTS, description = "What a shop's backend reports, with its API key."),
        (name = tags::SESSION, description = "Logging in and out."),
        (name = tags::ADVERTISERS, description = "The tenants. For admins."),
        (name = tags::API_KEYS, description = "How a shop's backend says who it is. For admins."),
        (name = tags::CAMPAIGNS, description = "What an advertiser runs, and who takes part."),
        (name = tags::INFLUENCERS, description = "Who posts links and codes, platform-wide."),
        (name = tags::COUPONS, description = "Codes that customers type at the shop's checkout."),
        (name = tags::LINKS, description = "What influencers post and shoppers follow, at `/r/{code}`."),
        (name = tags::FIGURES, description = "Counts and sums of clicks and events."),
        (name = tags::OWN, description = "What influencers see: always and only their own."),
        (name = tags::ACTIVITY, description = "Clicks and events, one by one."),
        (name = tags::FAILURES, description = "What event calls got wrong, kept for whoever mends it."),
        (name = tags::ACCOUNTS, description = "Who can log in. For admins."),
        (name = tags::PLATFORM, description = "The look-up box, and how the platform stands."),
    ),
    // What stands in parameters alone, which routes do not bring along.
    components(schemas(
        AccountId, AdvertiserId, ApiKeyId, CampaignId, ClickId, CouponId, EventId, FailureId, InfluencerId, LinkId,
        AccountStatus, AdvertiserStatus, CampaignStatus, CouponStatus, InfluencerStatus, LinkStatus,
        Role, Method, Action, Sort, Compare, Interval, Preset, ZoneName, bodies::Moment, bodies::ShortAction,
        Problem, FieldError,
    )),
    security(("bearer" = []), ("cookie" = [])),
    modifiers(&Schemes),
)]
pub struct Document;

/// How a caller says who it is.
struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
        let components = document.components.get_or_insert_default();
        let described = |name: &str, description: &str| ApiKeyValue::with_description(name, description);
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.bearer_format = Some("JWT".into());
        bearer.description = Some("The `token` of `POST /api/v1/auth/login`.".into());
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let cookie = "What the login page sets. Writes must come from this site's own pages, by their `Origin`.";
        components.add_security_scheme(
            "cookie",
            SecurityScheme::ApiKey(ApiKey::Cookie(described(app::session::COOKIE, cookie))),
        );
        let key = "An advertiser's API key: `trb_live_` and 32 characters.";
        components.add_security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Header(described("X-API-KEY", key))));
    }
}

/// The finished document.
pub fn finish(routes: &utoipa::openapi::OpenApi) -> serde_json::Result<Value> {
    let mut document = serde_json::to_value(routes)?;
    // Browsers share these words and have no zones: the server knows them.
    document["components"]["schemas"]["ZoneName"]["enum"] = engine::time_zones().into();
    answers::complete(&mut document);
    Ok(document)
}
