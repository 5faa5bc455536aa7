//! `/api/v1/coupons`.

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use engine::Engine;
use model::{
    coupon::{Coupon, NewCoupon},
    page::Page,
};

use super::listing::Listing;
use crate::{
    auth::{Admin, LoggedIn},
    body::JsonBody,
    problem::ApiResult,
    state::AppState,
};

pub fn router() -> Router<AppState> {
    Router::new().route("/", get(list).post(create))
}

async fn list(
    State(engine): State<Engine>,
    LoggedIn(session): LoggedIn,
    Listing(query): Listing,
) -> ApiResult<Json<Page<Coupon>>> {
    Ok(Json(engine.list_coupons(&session, &query).await?))
}

async fn create(
    State(engine): State<Engine>,
    Admin(session): Admin,
    JsonBody(new): JsonBody<NewCoupon>,
) -> ApiResult<(StatusCode, Json<Coupon>)> {
    Ok((StatusCode::CREATED, Json(engine.create_coupon(&session, new).await?)))
}
