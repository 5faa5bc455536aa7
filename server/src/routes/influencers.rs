//! `/api/v1/influencers`.

use axum::{Json, extract::State, http::StatusCode};
use engine::Engine;
use model::{
    InfluencerId,
    influencer::{Influencer, InfluencerChange, InfluencerStatus, NewInfluencer},
    page::Page,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::listing::{ByName, Listing, OfAdvertiser, OfCampaign, OfPage};
use crate::{
    auth::{Admin, Tenant},
    body::JsonBody,
    edits::{IfMatch, Tagged},
    openapi::tags::INFLUENCERS,
    path::Id,
    problem::ApiResult,
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(show, change, archive))
}

/// List influencers
///
/// Advertisers see those who take part in their campaigns, without their e-mail addresses.
#[utoipa::path(
    get, path = "/influencers", operation_id = "listInfluencers", tag = INFLUENCERS,
    params(ByName, ("status" = Option<InfluencerStatus>, Query), OfAdvertiser, OfCampaign, OfPage),
    responses((status = 200, body = Page<Influencer>)),
)]
async fn list(
    State(engine): State<Engine>,
    Tenant(session): Tenant,
    Listing { query, .. }: Listing<InfluencerStatus>,
) -> ApiResult<Json<Page<Influencer>>> {
    Ok(Json(engine.list_influencers(&session, &query).await?))
}

/// Make an influencer
///
/// Influencers are of the whole platform; assign them to campaigns.
#[utoipa::path(
    post, path = "/influencers", operation_id = "createInfluencer", tag = INFLUENCERS,
    request_body(content = NewInfluencer, example = json!({
        "name": "Anna", "email": "anna@social.example", "handle": "@anna", "platform": "Instagram",
    })),
    responses((status = 201, body = Influencer, headers(("ETag" = String)))),
)]
async fn create(
    State(engine): State<Engine>,
    Admin(session): Admin,
    JsonBody(new): JsonBody<NewInfluencer>,
) -> ApiResult<Tagged<Influencer>> {
    Ok(Tagged(StatusCode::CREATED, engine.create_influencer(&session, new).await?))
}

/// Read an influencer
#[utoipa::path(
    get, path = "/influencers/{id}", operation_id = "getInfluencer", tag = INFLUENCERS,
    params(("id" = InfluencerId, Path)),
    responses((status = 200, body = Influencer, headers(("ETag" = String)))),
)]
async fn show(
    State(engine): State<Engine>,
    Tenant(session): Tenant,
    Id(id): Id<InfluencerId>,
) -> ApiResult<Tagged<Influencer>> {
    Ok(Tagged(StatusCode::OK, engine.influencer(&session, id).await?))
}

/// Change an influencer
///
/// Fields that are absent stay as they are; null clears what may be empty.
#[utoipa::path(
    patch, path = "/influencers/{id}", operation_id = "changeInfluencer", tag = INFLUENCERS,
    params(("id" = InfluencerId, Path), IfMatch),
    request_body(content = InfluencerChange, example = json!({ "handle": "@anna.new", "email": null })),
    responses((status = 200, body = Influencer, headers(("ETag" = String)))),
)]
async fn change(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Id(id): Id<InfluencerId>,
    on: IfMatch,
    JsonBody(change): JsonBody<InfluencerChange>,
) -> ApiResult<Tagged<Influencer>> {
    let changed = on.edit(|version| engine.change_influencer(&session, id, change.clone(), version)).await?;
    Ok(Tagged(StatusCode::OK, changed))
}

/// Archive an influencer
///
/// Nothing is destroyed: links and coupons stay, and credit nobody until the influencer is active again.
#[utoipa::path(
    delete, path = "/influencers/{id}", operation_id = "archiveInfluencer", tag = INFLUENCERS,
    params(("id" = InfluencerId, Path), IfMatch),
    responses((status = 204)),
)]
async fn archive(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Id(id): Id<InfluencerId>,
    on: IfMatch,
) -> ApiResult<StatusCode> {
    on.edit(|version| engine.archive_influencer(&session, id, version)).await?;
    Ok(StatusCode::NO_CONTENT)
}
