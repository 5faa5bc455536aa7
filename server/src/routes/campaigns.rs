//! `/api/v1/campaigns`, and who is assigned to each.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, put},
};
use engine::Engine;
use model::{
    campaign::{Campaign, NewCampaign},
    influencer::Influencer,
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
        .route("/{id}", get(show))
        .route("/{id}/influencers", get(list_assigned))
        .route("/{id}/influencers/{influencer_id}", put(assign).delete(unassign))
}

async fn list(
    State(engine): State<Engine>,
    LoggedIn(session): LoggedIn,
    Listing(query): Listing,
) -> ApiResult<Json<Page<Campaign>>> {
    Ok(Json(engine.list_campaigns(&session, &query).await?))
}

async fn create(
    State(engine): State<Engine>,
    Admin(session): Admin,
    JsonBody(new): JsonBody<NewCampaign>,
) -> ApiResult<(StatusCode, Json<Campaign>)> {
    Ok((StatusCode::CREATED, Json(engine.create_campaign(&session, new).await?)))
}

async fn show(
    State(engine): State<Engine>,
    LoggedIn(session): LoggedIn,
    Path(text): Path<String>,
) -> ApiResult<Json<Campaign>> {
    Ok(Json(engine.campaign(&session, id(&text)?).await?))
}

async fn list_assigned(
    State(engine): State<Engine>,
    LoggedIn(session): LoggedIn,
    Path(text): Path<String>,
    Listing(query): Listing,
) -> ApiResult<Json<Page<Influencer>>> {
    Ok(Json(engine.assigned_influencers(&session, id(&text)?, &query).await?))
}

async fn assign(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Path((campaign, influencer)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    engine.assign(&session, id(&campaign)?, id(&influencer)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn unassign(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Path((campaign, influencer)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    engine.unassign(&session, id(&campaign)?, id(&influencer)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
