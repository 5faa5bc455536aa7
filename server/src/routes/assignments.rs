//! `/api/v1/campaigns/{id}/influencers`: who takes part in a campaign.

use axum::{Json, extract::State, http::StatusCode};
use engine::Engine;
use model::{
    CampaignId, InfluencerId,
    influencer::{Influencer, InfluencerStatus},
    page::Page,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::listing::{ByName, Listing, OfPage};
use crate::{
    auth::{Admin, Tenant},
    openapi::tags::CAMPAIGNS,
    path::{Id, Ids},
    problem::ApiResult,
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(assign, unassign))
}

/// List the influencers of a campaign
///
/// Advertisers see them without their e-mail addresses.
#[utoipa::path(
    get, path = "/campaigns/{id}/influencers", operation_id = "listAssigned", tag = CAMPAIGNS,
    params(("id" = CampaignId, Path), ByName, ("status" = Option<InfluencerStatus>, Query), OfPage),
    responses((status = 200, body = Page<Influencer>)),
)]
async fn list(
    State(engine): State<Engine>,
    Tenant(session): Tenant,
    Id(id): Id<CampaignId>,
    Listing { query, .. }: Listing<InfluencerStatus>,
) -> ApiResult<Json<Page<Influencer>>> {
    Ok(Json(engine.assigned_influencers(&session, id, &query).await?))
}

/// Assign an influencer
///
/// Assigning twice is the same as once.
#[utoipa::path(
    put, path = "/campaigns/{id}/influencers/{influencer_id}", operation_id = "assign", tag = CAMPAIGNS,
    params(("id" = CampaignId, Path), ("influencer_id" = InfluencerId, Path)),
    responses((status = 204)),
)]
async fn assign(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Ids(campaign, influencer): Ids<CampaignId, InfluencerId>,
) -> ApiResult<StatusCode> {
    engine.assign(&session, campaign, influencer).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End an assignment
///
/// Links and coupons stay, and go on crediting.
#[utoipa::path(
    delete, path = "/campaigns/{id}/influencers/{influencer_id}", operation_id = "unassign", tag = CAMPAIGNS,
    params(("id" = CampaignId, Path), ("influencer_id" = InfluencerId, Path)),
    responses((status = 204)),
)]
async fn unassign(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Ids(campaign, influencer): Ids<CampaignId, InfluencerId>,
) -> ApiResult<StatusCode> {
    engine.unassign(&session, campaign, influencer).await?;
    Ok(StatusCode::NO_CONTENT)
}
