//! `/api/v1/influencer/stats`: an influencer's own figures.

use axum::{Json, extract::State};
use engine::Engine;
use model::stats::{
    Breakdown, CampaignFigures, Chart, CouponFigures, Dimension, Funnel, Interval, LinkFigures, Overview,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::stats::{Compared, Filters, Which, WithBots};
use crate::{auth::Influencer, openapi::tags::FIGURES, problem::ApiResult, state::AppState};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(overview))
        .routes(routes!(chart))
        .routes(routes!(funnel))
        .routes(routes!(per_campaign))
        .routes(routes!(per_link))
        .routes(routes!(per_coupon))
}

/// An influencer's own figures
///
/// With `commission_estimate`: what the campaigns' percentages give of the sales, for display.
#[utoipa::path(
    get, path = "/influencer/stats/overview", operation_id = "getOwnOverview", tag = FIGURES,
    params(Filters, WithBots, Compared),
    responses((status = 200, body = Overview)),
)]
async fn overview(
    State(engine): State<Engine>,
    Influencer(session): Influencer,
    Which(query): Which,
) -> ApiResult<Json<Overview>> {
    Ok(Json(engine.overview(&session, &query).await?))
}

/// An influencer's own figures, bucket by bucket
///
/// One point for each bucket, none left out; at most 1,000. Days are as long as the zone makes them.
#[utoipa::path(
    get, path = "/influencer/stats/chart", operation_id = "getOwnChart", tag = FIGURES,
    params(
        Filters, WithBots, Compared,
        ("interval" = Option<Interval>, Query, description = "Default: by the range's length."),
    ),
    responses((status = 200, body = Chart)),
)]
async fn chart(
    State(engine): State<Engine>,
    Influencer(session): Influencer,
    Which(query): Which,
) -> ApiResult<Json<Chart>> {
    Ok(Json(engine.chart(&session, &query).await?))
}

/// The way from an influencer's clicks to purchases
#[utoipa::path(
    get, path = "/influencer/stats/funnel", operation_id = "getOwnFunnel", tag = FIGURES,
    params(Filters, WithBots),
    responses((status = 200, body = Funnel)),
)]
async fn funnel(
    State(engine): State<Engine>,
    Influencer(session): Influencer,
    Which(query): Which,
) -> ApiResult<Json<Funnel>> {
    Ok(Json(engine.funnel(&session, &query).await?))
}

/// An influencer's figures in each campaign
#[utoipa::path(
    get, path = "/influencer/stats/per-campaign", operation_id = "getOwnFiguresPerCampaign", tag = FIGURES,
    params(Filters, WithBots),
    responses((status = 200, body = Breakdown<CampaignFigures>)),
)]
async fn per_campaign(
    State(engine): State<Engine>,
    Influencer(session): Influencer,
    Which(query): Which,
) -> ApiResult<Json<Breakdown<CampaignFigures>>> {
    Ok(Json(engine.table(&session, &query, Dimension::Campaign).await?.into()))
}

/// An influencer's figures by each of its links
///
/// The last item, under a null id, is what came by its coupons.
#[utoipa::path(
    get, path = "/influencer/stats/per-link", operation_id = "getOwnFiguresPerLink", tag = FIGURES,
    params(Filters, WithBots),
    responses((status = 200, body = Breakdown<LinkFigures>)),
)]
async fn per_link(
    State(engine): State<Engine>,
    Influencer(session): Influencer,
    Which(query): Which,
) -> ApiResult<Json<Breakdown<LinkFigures>>> {
    Ok(Json(engine.table(&session, &query, Dimension::Link).await?.into()))
}

/// An influencer's figures by each of its coupons
///
/// The last item, under a null id, is what came by its links.
#[utoipa::path(
    get, path = "/influencer/stats/per-coupon", operation_id = "getOwnFiguresPerCoupon", tag = FIGURES,
    params(Filters, WithBots),
    responses((status = 200, body = Breakdown<CouponFigures>)),
)]
async fn per_coupon(
    State(engine): State<Engine>,
    Influencer(session): Influencer,
    Which(query): Which,
) -> ApiResult<Json<Breakdown<CouponFigures>>> {
    Ok(Json(engine.table(&session, &query, Dimension::Coupon).await?.into()))
}
