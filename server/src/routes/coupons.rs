//! `/api/v1/coupons`.

use axum::{Json, extract::State, http::StatusCode};
use engine::Engine;
use model::{
    CouponId,
    coupon::{Coupon, CouponStatus, GenerateCoupons, NewCoupon},
    page::Page,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::listing::{ByCode, Items, Listing, OfAdvertiser, OfCampaign, OfCoupon, OfInfluencer, OfPage};
use crate::{
    auth::{Admin, Tenant},
    body::{JsonBody, MOST_BYTES_OF_IDS},
    openapi::{bodies, tags::COUPONS},
    path::Id,
    problem::ApiResult,
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(generate))
        .routes(routes!(show))
        .routes(routes!(regenerate))
        .routes(routes!(invalidate))
}

/// List coupons
///
/// Advertisers see their own.
#[utoipa::path(
    get, path = "/coupons", operation_id = "listCoupons", tag = COUPONS,
    params(ByCode, ("status" = Option<CouponStatus>, Query), OfAdvertiser, OfCampaign, OfInfluencer, OfCoupon, OfPage),
    responses((status = 200, body = Page<Coupon>)),
)]
async fn list(
    State(engine): State<Engine>,
    Tenant(session): Tenant,
    Listing { query, .. }: Listing<CouponStatus>,
) -> ApiResult<Json<Page<Coupon>>> {
    Ok(Json(engine.list_coupons(&session, &query).await?))
}

/// Make a coupon of a chosen code
///
/// A code that the advertiser has ever had, in whatever case, is 409. Without `influencer_id` the code is generic and
/// credits nobody.
#[utoipa::path(
    post, path = "/coupons", operation_id = "createCoupon", tag = COUPONS,
    request_body(content = NewCoupon, example = json!({
        "campaign_id": "01890000-0000-7000-8000-000000000002",
        "influencer_id": "01890000-0000-7000-8000-000000000003", "code": "ANNA10",
    })),
    responses((status = 201, body = Coupon), (status = 404), (status = 409)),
)]
async fn create(
    State(engine): State<Engine>,
    Admin(session): Admin,
    JsonBody(new): JsonBody<NewCoupon>,
) -> ApiResult<(StatusCode, Json<Coupon>)> {
    Ok((StatusCode::CREATED, Json(engine.create_coupon(&session, new).await?)))
}

/// Generate coupons
///
/// Up to 10,000 random codes, all or none: `count` for each influencer, or so many generic ones where none is named.
/// Rules that cannot give that many free codes are 422.
#[utoipa::path(
    post, path = "/coupons/generate", operation_id = "generateCoupons", tag = COUPONS,
    request_body(content = bodies::GenerateCoupons, example = json!({
        "campaign_id": "01890000-0000-7000-8000-000000000002", "all_assigned": true,
        "prefix": "SPRING-", "length": 6, "charset": "unambiguous",
    })),
    responses((status = 201, body = Items<Coupon>), (status = 404)),
)]
async fn generate(
    State(engine): State<Engine>,
    Admin(session): Admin,
    JsonBody(wanted): JsonBody<GenerateCoupons, MOST_BYTES_OF_IDS>,
) -> ApiResult<(StatusCode, Json<Items<Coupon>>)> {
    Ok((StatusCode::CREATED, Json(Items { items: engine.generate_coupons(&session, wanted).await? })))
}

/// Read a coupon
#[utoipa::path(
    get, path = "/coupons/{id}", operation_id = "getCoupon", tag = COUPONS,
    params(("id" = CouponId, Path)),
    responses((status = 200, body = Coupon)),
)]
async fn show(State(engine): State<Engine>, Tenant(session): Tenant, Id(id): Id<CouponId>) -> ApiResult<Json<Coupon>> {
    Ok(Json(engine.coupon(&session, id).await?))
}

/// Replace a coupon
///
/// Answers a new coupon, made by the same rules, for the same influencer. The old code credits nobody from now on. One
/// that was replaced already is 409.
#[utoipa::path(
    post, path = "/coupons/{id}/regenerate", operation_id = "regenerateCoupon", tag = COUPONS,
    params(("id" = CouponId, Path)),
    responses((status = 200, body = Coupon), (status = 409), (status = 422)),
)]
async fn regenerate(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Id(id): Id<CouponId>,
) -> ApiResult<Json<Coupon>> {
    Ok(Json(engine.regenerate_coupon(&session, id).await?))
}

/// Invalidate a coupon
///
/// Its code credits nobody from now on, and is never issued again. One that was replaced is 409.
#[utoipa::path(
    post, path = "/coupons/{id}/invalidate", operation_id = "invalidateCoupon", tag = COUPONS,
    params(("id" = CouponId, Path)),
    responses((status = 200, body = Coupon), (status = 409)),
)]
async fn invalidate(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Id(id): Id<CouponId>,
) -> ApiResult<Json<Coupon>> {
    Ok(Json(engine.invalidate_coupon(&session, id).await?))
}
