//! `/api/v1/campaigns`.

use axum::{Json, extract::State, http::StatusCode};
use engine::Engine;
use model::{
    CampaignId,
    campaign::{Campaign, CampaignChange, CampaignStatus, NewCampaign},
    page::Page,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::listing::{ByName, Listing, OfAdvertiser, OfPage};
use crate::{
    auth::{Admin, Tenant},
    body::JsonBody,
    edits::{IfMatch, Tagged},
    openapi::{bodies, tags::CAMPAIGNS},
    path::Id,
    problem::ApiResult,
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(show, change, archive))
}

/// List campaigns
///
/// Advertisers see their own.
#[utoipa::path(
    get, path = "/campaigns", operation_id = "listCampaigns", tag = CAMPAIGNS,
    params(ByName, ("status" = Option<CampaignStatus>, Query), OfAdvertiser, OfPage),
    responses((status = 200, body = Page<Campaign>)),
)]
async fn list(
    State(engine): State<Engine>,
    Tenant(session): Tenant,
    Listing { query, .. }: Listing<CampaignStatus>,
) -> ApiResult<Json<Page<Campaign>>> {
    Ok(Json(engine.list_campaigns(&session, &query).await?))
}

/// Make a campaign
#[utoipa::path(
    post, path = "/campaigns", operation_id = "createCampaign", tag = CAMPAIGNS,
    request_body(content = bodies::NewCampaign, example = json!({
        "advertiser_id": "01890000-0000-7000-8000-000000000001", "name": "Spring",
        "destination_url": "https://shop.example/spring", "starts_at": "2026-03-01T00:00:00+01:00",
        "currency": "EUR", "commission_percent": 12.5,
    })),
    responses((status = 201, body = Campaign, headers(("ETag" = String))), (status = 404)),
)]
async fn create(
    State(engine): State<Engine>,
    Admin(session): Admin,
    JsonBody(new): JsonBody<NewCampaign>,
) -> ApiResult<Tagged<Campaign>> {
    Ok(Tagged(StatusCode::CREATED, engine.create_campaign(&session, new).await?))
}

/// Read a campaign
#[utoipa::path(
    get, path = "/campaigns/{id}", operation_id = "getCampaign", tag = CAMPAIGNS,
    params(("id" = CampaignId, Path)),
    responses((status = 200, body = Campaign, headers(("ETag" = String)))),
)]
async fn show(
    State(engine): State<Engine>,
    Tenant(session): Tenant,
    Id(id): Id<CampaignId>,
) -> ApiResult<Tagged<Campaign>> {
    Ok(Tagged(StatusCode::OK, engine.campaign(&session, id).await?))
}

/// Change a campaign
///
/// Fields that are absent stay as they are; null clears what may be empty.
#[utoipa::path(
    patch, path = "/campaigns/{id}", operation_id = "changeCampaign", tag = CAMPAIGNS,
    params(("id" = CampaignId, Path), IfMatch),
    request_body(content = bodies::CampaignChange, example = json!({ "name": "Spring and summer", "ends_at": null })),
    responses((status = 200, body = Campaign, headers(("ETag" = String)))),
)]
async fn change(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Id(id): Id<CampaignId>,
    on: IfMatch,
    JsonBody(change): JsonBody<CampaignChange>,
) -> ApiResult<Tagged<Campaign>> {
    let changed = on.edit(|version| engine.change_campaign(&session, id, change.clone(), version)).await?;
    Ok(Tagged(StatusCode::OK, changed))
}

/// Archive a campaign
///
/// Nothing is destroyed: its links go on redirecting, and credit nobody until it is active again.
#[utoipa::path(
    delete, path = "/campaigns/{id}", operation_id = "archiveCampaign", tag = CAMPAIGNS,
    params(("id" = CampaignId, Path), IfMatch),
    responses((status = 204)),
)]
async fn archive(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Id(id): Id<CampaignId>,
    on: IfMatch,
) -> ApiResult<StatusCode> {
    on.edit(|version| engine.archive_campaign(&session, id, version)).await?;
    Ok(StatusCode::NO_CONTENT)
}
