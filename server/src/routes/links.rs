//! `/api/v1/links`.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use engine::Engine;
use model::{
    link::{Link, NewLink},
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
    Router::new()
        .route("/", get(list).post(create))
        .route("/{id}/activate", post(activate))
        .route("/{id}/deactivate", post(deactivate))
}

async fn list(
    State(engine): State<Engine>,
    LoggedIn(session): LoggedIn,
    Listing(query): Listing,
) -> ApiResult<Json<Page<Link>>> {
    Ok(Json(engine.list_links(&session, &query).await?))
}

async fn create(
    State(engine): State<Engine>,
    Admin(session): Admin,
    JsonBody(new): JsonBody<NewLink>,
) -> ApiResult<(StatusCode, Json<Link>)> {
    Ok((StatusCode::CREATED, Json(engine.create_link(&session, new).await?)))
}

async fn activate(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Path(text): Path<String>,
) -> ApiResult<Json<Link>> {
    Ok(Json(engine.set_link_active(&session, id(&text)?, true).await?))
}

async fn deactivate(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Path(text): Path<String>,
) -> ApiResult<Json<Link>> {
    Ok(Json(engine.set_link_active(&session, id(&text)?, false).await?))
}
