//! `/api/v1/links`.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use engine::Engine;
use model::{
    LinkId,
    link::{GenerateLinks, Link, LinkStatus, NewLink},
    page::Page,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::listing::{ByCode, Items, Listing, OfAdvertiser, OfCampaign, OfInfluencer, OfLink, OfPage};
use crate::{
    auth::{Admin, Tenant},
    body::{JsonBody, MOST_BYTES_OF_IDS},
    openapi::{bodies, tags::LINKS},
    path::Id,
    problem::ApiResult,
    state::AppState,
};

/// An image opened by itself can load and run nothing.
pub const IMAGE_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(generate))
        .routes(routes!(show))
        .routes(routes!(regenerate))
        .routes(routes!(activate))
        .routes(routes!(deactivate))
        .routes(routes!(qr))
}

/// List tracking links
///
/// Advertisers see their own.
#[utoipa::path(
    get, path = "/links", operation_id = "listLinks", tag = LINKS,
    params(ByCode, ("status" = Option<LinkStatus>, Query), OfAdvertiser, OfCampaign, OfInfluencer, OfLink, OfPage),
    responses((status = 200, body = Page<Link>)),
)]
async fn list(
    State(engine): State<Engine>,
    Tenant(session): Tenant,
    Listing { query, .. }: Listing<LinkStatus>,
) -> ApiResult<Json<Page<Link>>> {
    Ok(Json(engine.list_links(&session, &query).await?))
}

/// Make a tracking link
///
/// Without `influencer_id` it credits its campaign alone; without `destination_url` it leads to the campaign's, also
/// when that changes later.
#[utoipa::path(
    post, path = "/links", operation_id = "createLink", tag = LINKS,
    request_body(content = NewLink, example = json!({
        "campaign_id": "01890000-0000-7000-8000-000000000002",
        "influencer_id": "01890000-0000-7000-8000-000000000003",
    })),
    responses((status = 201, body = Link), (status = 404)),
)]
async fn create(
    State(engine): State<Engine>,
    Admin(session): Admin,
    JsonBody(new): JsonBody<NewLink>,
) -> ApiResult<(StatusCode, Json<Link>)> {
    Ok((StatusCode::CREATED, Json(engine.create_link(&session, new).await?)))
}

/// Generate tracking links
///
/// One for each influencer named, or for all who are active and assigned; up to 10,000, all or none.
#[utoipa::path(
    post, path = "/links/generate", operation_id = "generateLinks", tag = LINKS,
    request_body(content = bodies::GenerateLinks, example = json!({
        "campaign_id": "01890000-0000-7000-8000-000000000002", "all_assigned": true,
    })),
    responses((status = 201, body = Items<Link>), (status = 404)),
)]
async fn generate(
    State(engine): State<Engine>,
    Admin(session): Admin,
    JsonBody(wanted): JsonBody<GenerateLinks, MOST_BYTES_OF_IDS>,
) -> ApiResult<(StatusCode, Json<Items<Link>>)> {
    Ok((StatusCode::CREATED, Json(Items { items: engine.generate_links(&session, wanted).await? })))
}

/// Read a tracking link
#[utoipa::path(
    get, path = "/links/{id}", operation_id = "getLink", tag = LINKS,
    params(("id" = LinkId, Path)),
    responses((status = 200, body = Link)),
)]
async fn show(State(engine): State<Engine>, Tenant(session): Tenant, Id(id): Id<LinkId>) -> ApiResult<Json<Link>> {
    Ok(Json(engine.tracking_link(&session, id).await?))
}

/// Replace a tracking link
///
/// Answers a new link for the same influencer and destination. The old one answers 410 from now on. One that was
/// replaced already is 409.
#[utoipa::path(
    post, path = "/links/{id}/regenerate", operation_id = "regenerateLink", tag = LINKS,
    params(("id" = LinkId, Path)),
    responses((status = 200, body = Link), (status = 409)),
)]
async fn regenerate(State(engine): State<Engine>, Admin(session): Admin, Id(id): Id<LinkId>) -> ApiResult<Json<Link>> {
    Ok(Json(engine.regenerate_link(&session, id).await?))
}

/// Turn a tracking link on
///
/// One that was replaced stays so: 409.
#[utoipa::path(
    post, path = "/links/{id}/activate", operation_id = "activateLink", tag = LINKS,
    params(("id" = LinkId, Path)),
    responses((status = 200, body = Link), (status = 409)),
)]
async fn activate(State(engine): State<Engine>, Admin(session): Admin, Id(id): Id<LinkId>) -> ApiResult<Json<Link>> {
    Ok(Json(engine.set_link_active(&session, id, true).await?))
}

/// Turn a tracking link off
///
/// It answers 410 at once. One that was replaced stays so: 409.
#[utoipa::path(
    post, path = "/links/{id}/deactivate", operation_id = "deactivateLink", tag = LINKS,
    params(("id" = LinkId, Path)),
    responses((status = 200, body = Link), (status = 409)),
)]
async fn deactivate(State(engine): State<Engine>, Admin(session): Admin, Id(id): Id<LinkId>) -> ApiResult<Json<Link>> {
    Ok(Json(engine.set_link_active(&session, id, false).await?))
}

/// A tracking link as a QR code
#[utoipa::path(
    get, path = "/links/{id}/qr.svg", operation_id = "getLinkQr", tag = LINKS,
    params(("id" = LinkId, Path)),
    responses((status = 200, content_type = "image/svg+xml", body = String)),
)]
async fn qr(State(engine): State<Engine>, Tenant(session): Tenant, Id(id): Id<LinkId>) -> ApiResult<impl IntoResponse> {
    let image = engine.link_qr(&session, id).await?;
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, IMAGE_POLICY),
    ];
    Ok((headers, image))
}
