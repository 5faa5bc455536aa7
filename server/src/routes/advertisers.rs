//! `/api/v1/advertisers`, and each one's API keys.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use engine::Engine;
use model::{
    advertiser::{Advertiser, NewAdvertiser},
    api_key::{ApiKey, IssuedApiKey, NewApiKey},
    page::Page,
};

use super::listing::{Listing, Paging, id};
use crate::{auth::Admin, body::JsonBody, problem::ApiResult, state::AppState};

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/", get(list).post(create))
        .route("/{id}", get(show))
        .route("/{id}/api-keys", get(list_keys).post(issue_key))
}

async fn list(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Listing(query): Listing,
) -> ApiResult<Json<Page<Advertiser>>> {
    Ok(Json(engine.list_advertisers(&session, &query).await?))
}

async fn create(
    State(engine): State<Engine>,
    Admin(session): Admin,
    JsonBody(new): JsonBody<NewAdvertiser>,
) -> ApiResult<(StatusCode, Json<Advertiser>)> {
    Ok((StatusCode::CREATED, Json(engine.create_advertiser(&session, new).await?)))
}

async fn show(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Path(text): Path<String>,
) -> ApiResult<Json<Advertiser>> {
    Ok(Json(engine.advertiser(&session, id(&text)?).await?))
}

async fn list_keys(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Path(text): Path<String>,
    Paging(at): Paging,
) -> ApiResult<Json<Page<ApiKey>>> {
    Ok(Json(engine.list_api_keys(&session, id(&text)?, at).await?))
}

async fn issue_key(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Path(text): Path<String>,
    JsonBody(new): JsonBody<NewApiKey>,
) -> ApiResult<(StatusCode, Json<IssuedApiKey>)> {
    Ok((StatusCode::CREATED, Json(engine.issue_api_key(&session, id(&text)?, new).await?)))
}
