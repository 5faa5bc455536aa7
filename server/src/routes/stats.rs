//! `/api/v1/stats`: figures, in the scope of whoever asks.

use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::request::Parts,
};
use engine::Engine;
use model::{
    AdvertiserId, CampaignId, CouponId, FieldError, InfluencerId, LinkId,
    attribution::Method,
    stats::{
        Breakdown, CampaignFigures, Chart, Compare, CouponFigures, Dimension, Funnel, InfluencerFigures, Interval,
        LinkFigures, Overview, Preset, StatsQuery,
    },
    text::ZoneName,
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::listing::{asked, finish, flag, parsed};
use crate::{
    auth::Tenant,
    openapi::{bodies::Moment, tags::FIGURES},
    problem::{ApiError, ApiResult},
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(overview))
        .routes(routes!(chart))
        .routes(routes!(funnel))
        .routes(routes!(per_influencer))
        .routes(routes!(per_campaign))
        .routes(routes!(per_link))
        .routes(routes!(per_coupon))
}

/// The query as text, so that all that is wrong in it can be named at once.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    from: Option<String>,
    to: Option<String>,
    range: Option<String>,
    tz: Option<String>,
    interval: Option<String>,
    pub include_bots: Option<String>,
    advertiser_id: Option<String>,
    campaign_id: Option<String>,
    influencer_id: Option<String>,
    link_id: Option<String>,
    coupon_id: Option<String>,
    method: Option<String>,
    compare: Option<String>,
}

/// The same, as the document has it.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation: the query is read as text")]
pub struct Filters {
    /// The first day, in `tz`; or the first moment.
    from: Option<Moment>,
    /// The last day, in `tz` and inclusive; or the moment it ends, exclusive.
    to: Option<Moment>,
    /// A range by name; counts only where neither `from` nor `to` is given.
    range: Option<Preset>,
    /// The zone of days. Default: the advertiser's, else UTC.
    tz: Option<ZoneName>,
    /// For admins; advertisers may name themselves alone.
    advertiser_id: Option<AdvertiserId>,
    campaign_id: Option<CampaignId>,
    influencer_id: Option<InfluencerId>,
    link_id: Option<LinkId>,
    /// For events: a click has no coupon.
    coupon_id: Option<CouponId>,
    /// Events that were credited so.
    method: Option<Method>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation: the query is read as text")]
pub struct WithBots {
    /// Whether `clicks` counts bots too.
    #[param(default = false)]
    include_bots: Option<bool>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation: the query is read as text")]
pub struct Compared {
    /// Whole weeks lie between the two, so that weekdays stand beside their like. A range that is not over is compared
    /// as far as it has come.
    compare: Option<Compare>,
}

impl Asked {
    pub fn read(self, errors: &mut Vec<FieldError>) -> StatsQuery {
        let include_bots = flag("include_bots", self.include_bots, errors).unwrap_or_default();
        StatsQuery {
            advertiser_id: parsed("advertiser_id", self.advertiser_id, errors),
            campaign_id: parsed("campaign_id", self.campaign_id, errors),
            influencer_id: parsed("influencer_id", self.influencer_id, errors),
            link_id: parsed("link_id", self.link_id, errors),
            coupon_id: parsed("coupon_id", self.coupon_id, errors),
            method: parsed("method", self.method, errors),
            from: self.from,
            to: self.to,
            range: self.range,
            tz: self.tz,
            interval: self.interval,
            compare: parsed("compare", self.compare, errors),
            include_bots,
        }
    }
}

/// Which figures are asked for.
pub struct Which(pub StatsQuery);

impl<S: Send + Sync> FromRequestParts<S> for Which {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let asked: Asked = asked(parts, state).await?;
        let mut errors = Vec::new();
        let query = asked.read(&mut errors);
        parsed::<Interval>("interval", query.interval.clone(), &mut errors);
        if !errors.is_empty() {
            errors.extend(engine::range_faults(&query));
        }
        finish(Self(query), errors)
    }
}

/// The figures of a range
///
/// Clicks are of people, conversions are purchases; money is summed by currency. Default range: 30 days, today
/// included. Advertisers see their own figures.
#[utoipa::path(
    get, path = "/stats/overview", operation_id = "getOverview", tag = FIGURES,
    params(Filters, WithBots, Compared),
    responses((status = 200, body = Overview)),
)]
async fn overview(
    State(engine): State<Engine>,
    Tenant(session): Tenant,
    Which(query): Which,
) -> ApiResult<Json<Overview>> {
    Ok(Json(engine.overview(&session, &query).await?))
}

/// The figures of a range, bucket by bucket
///
/// One point for each bucket, none left out; at most 1,000. Days are as long as the zone makes them.
#[utoipa::path(
    get, path = "/stats/chart", operation_id = "getChart", tag = FIGURES,
    params(
        Filters, WithBots, Compared,
        ("interval" = Option<Interval>, Query, description = "Default: by the range's length."),
    ),
    responses((status = 200, body = Chart)),
)]
async fn chart(State(engine): State<Engine>, Tenant(session): Tenant, Which(query): Which) -> ApiResult<Json<Chart>> {
    Ok(Json(engine.chart(&session, &query).await?))
}

/// The way from a click to a purchase
///
/// Attributed events alone: `add_to_cart` and `purchase` of those who came by a link or brought a code.
#[utoipa::path(
    get, path = "/stats/funnel", operation_id = "getFunnel", tag = FIGURES,
    params(Filters, WithBots),
    responses((status = 200, body = Funnel)),
)]
async fn funnel(State(engine): State<Engine>, Tenant(session): Tenant, Which(query): Which) -> ApiResult<Json<Funnel>> {
    Ok(Json(engine.funnel(&session, &query).await?))
}

/// The figures of each influencer
///
/// Of those with a click or an event in the range. The last item, under a null id, is what nobody is credited for.
#[utoipa::path(
    get, path = "/stats/per-influencer", operation_id = "getFiguresPerInfluencer", tag = FIGURES,
    params(Filters, WithBots),
    responses((status = 200, body = Breakdown<InfluencerFigures>)),
)]
async fn per_influencer(
    State(engine): State<Engine>,
    Tenant(session): Tenant,
    Which(query): Which,
) -> ApiResult<Json<Breakdown<InfluencerFigures>>> {
    Ok(Json(engine.table(&session, &query, Dimension::Influencer).await?.into()))
}

/// The figures of each campaign
///
/// Of those with a click or an event in the range; with its commission where a campaign has a percentage. The last
/// item, under a null id, is what belongs to none.
#[utoipa::path(
    get, path = "/stats/per-campaign", operation_id = "getFiguresPerCampaign", tag = FIGURES,
    params(Filters, WithBots),
    responses((status = 200, body = Breakdown<CampaignFigures>)),
)]
async fn per_campaign(
    State(engine): State<Engine>,
    Tenant(session): Tenant,
    Which(query): Which,
) -> ApiResult<Json<Breakdown<CampaignFigures>>> {
    Ok(Json(engine.table(&session, &query, Dimension::Campaign).await?.into()))
}

/// The figures of each tracking link
///
/// Of those with a click or an event in the range. The last item, under a null id, is what came without one.
#[utoipa::path(
    get, path = "/stats/per-link", operation_id = "getFiguresPerLink", tag = FIGURES,
    params(Filters, WithBots),
    responses((status = 200, body = Breakdown<LinkFigures>)),
)]
async fn per_link(
    State(engine): State<Engine>,
    Tenant(session): Tenant,
    Which(query): Which,
) -> ApiResult<Json<Breakdown<LinkFigures>>> {
    Ok(Json(engine.table(&session, &query, Dimension::Link).await?.into()))
}

/// The figures of each coupon
///
/// Of those with an event in the range. The last item, under a null id, is what came without one: clicks always do.
#[utoipa::path(
    get, path = "/stats/per-coupon", operation_id = "getFiguresPerCoupon", tag = FIGURES,
    params(Filters, WithBots),
    responses((status = 200, body = Breakdown<CouponFigures>)),
)]
async fn per_coupon(
    State(engine): State<Engine>,
    Tenant(session): Tenant,
    Which(query): Which,
) -> ApiResult<Json<Breakdown<CouponFigures>>> {
    Ok(Json(engine.table(&session, &query, Dimension::Coupon).await?.into()))
}
