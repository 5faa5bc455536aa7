//! `/api/v1/influencers`.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use engine::Engine;
use model::{
    influencer::{Influencer, NewInfluencer},
    page::Page,
};

use super::listing::{Listing, id};
use crate::{
    auth::{Admin, LoggedIn},
    body::JsonBody,
    problem::ApiResult,
    state::AppState,
};

pub fn router() -> Router<AppState> {
    Router::new().route("/", get(list).post(create)).route("/{id}", get(show))
}

async fn list(
    State(engine): State<Engine>,
    LoggedIn(session): LoggedIn,
    Listing(query): Listing,
) -> ApiResult<Json<Page<Influencer>>> {
    Ok(Json(engine.list_influencers(&session, &query).await?))
}

async fn create(
    State(engine): State<Engine>,
    Admin(session): Admin,
    JsonBody(new): JsonBody<NewInfluencer>,
) -> ApiResult<(StatusCode, Json<Influencer>)> {
    Ok((StatusCode::CREATED, Json(engine.create_influencer(&session, new).await?)))
}

async fn show(
    State(engine): State<Engine>,
    LoggedIn(session): LoggedIn,
    Path(text): Path<String>,
) -> ApiResult<Json<Influencer>> {
    Ok(Json(engine.influencer(&session, id(&text)?).await?))
}
