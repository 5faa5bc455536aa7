//! `/api/v1/coupons`.

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use engine::Engine;
use model::{
    coupon::{Coupon, NewCoupon},
    page::Page,
};

use super::listing::Paging;
use crate::{
    auth::LoggedIn,
    body::JsonFields,
    problem::{ApiError, ApiResult},
    state::AppState,
};

pub fn router() -> Router<AppState> {
    Router::new().route("/", get(list).post(create))
}

async fn list(
    State(engine): State<Engine>,
    LoggedIn(session): LoggedIn,
    Paging(at): Paging,
) -> ApiResult<Json<Page<Coupon>>> {
    Ok(Json(engine.list_coupons(&session, at).await?))
}

async fn create(
    State(engine): State<Engine>,
    LoggedIn(session): LoggedIn,
    JsonFields(mut fields): JsonFields,
) -> ApiResult<(StatusCode, Json<Coupon>)> {
    session.admin()?;
    let new = NewCoupon::read(&mut fields);
    let new = fields.finish(new).map_err(ApiError::invalid)?;
    Ok((StatusCode::CREATED, Json(engine.create_coupon(&session, new).await?)))
}
