//! `/api/v1/influencer`: what influencers see, always and only their own.

mod sales;

use axum::{
    Json,
    extract::State,
    http::{HeaderName, header},
};
use engine::Engine;
use model::{
    LinkId,
    campaign::CampaignStatus,
    coupon::{Coupon, CouponStatus},
    link::{Link, LinkStatus},
    own::OwnCampaign,
    page::Page,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    links::IMAGE_POLICY,
    listing::{ByCode, ByName, Listing, OfCampaign, OfCoupon, OfLink, OfPage},
};
use crate::{auth::Influencer, openapi::tags::OWN, path::Id, problem::ApiResult, state::AppState};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(links))
        .routes(routes!(qr))
        .routes(routes!(coupons))
        .routes(routes!(campaigns))
        .merge(sales::router())
}

/// List one's own tracking links
#[utoipa::path(
    get, path = "/influencer/links", operation_id = "listOwnLinks", tag = OWN,
    params(ByCode, ("status" = Option<LinkStatus>, Query), OfCampaign, OfLink, OfPage),
    responses((status = 200, body = Page<Link>)),
)]
async fn links(
    State(engine): State<Engine>,
    Influencer(session): Influencer,
    Listing { query, .. }: Listing<LinkStatus>,
) -> ApiResult<Json<Page<Link>>> {
    Ok(Json(engine.own_links(&session, &query).await?))
}

/// Draw an own link as a QR code
#[utoipa::path(
    get, path = "/influencer/links/{id}/qr.svg", operation_id = "drawOwnLink", tag = OWN,
    params(("id" = LinkId, Path)),
    responses((status = 200, content_type = "image/svg+xml", body = String)),
)]
async fn qr(
    State(engine): State<Engine>,
    Influencer(session): Influencer,
    Id(id): Id<LinkId>,
) -> ApiResult<([(HeaderName, &'static str); 3], String)> {
    let image = engine.own_link_qr(&session, id).await?;
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, IMAGE_POLICY),
    ];
    Ok((headers, image))
}

/// List one's own coupons
#[utoipa::path(
    get, path = "/influencer/coupons", operation_id = "listOwnCoupons", tag = OWN,
    params(ByCode, ("status" = Option<CouponStatus>, Query), OfCampaign, OfCoupon, OfPage),
    responses((status = 200, body = Page<Coupon>)),
)]
async fn coupons(
    State(engine): State<Engine>,
    Influencer(session): Influencer,
    Listing { query, .. }: Listing<CouponStatus>,
) -> ApiResult<Json<Page<Coupon>>> {
    Ok(Json(engine.own_coupons(&session, &query).await?))
}

/// List the campaigns one takes part in
///
/// By assignment, or by a link or coupon of one's own.
#[utoipa::path(
    get, path = "/influencer/campaigns", operation_id = "listOwnCampaigns", tag = OWN,
    params(ByName, ("status" = Option<CampaignStatus>, Query), OfCampaign, OfPage),
    responses((status = 200, body = Page<OwnCampaign>)),
)]
async fn campaigns(
    State(engine): State<Engine>,
    Influencer(session): Influencer,
    Listing { query, .. }: Listing<CampaignStatus>,
) -> ApiResult<Json<Page<OwnCampaign>>> {
    Ok(Json(engine.own_campaigns(&session, &query).await?))
}
