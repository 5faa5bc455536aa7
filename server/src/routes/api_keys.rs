//! API keys and signing secrets: how a shop's backend says who it is.

use axum::{Json, extract::State, http::StatusCode};
use engine::Engine;
use model::{
    AdvertiserId, ApiKeyId,
    api_key::{ApiKey, IssuedApiKey, IssuedSigningSecret, NewApiKey, Rotation},
    page::Page,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::listing::{OfPage, Paging};
use crate::{
    auth::Admin,
    body::{JsonBody, OptionalBody},
    openapi::{bodies, tags::API_KEYS},
    path::Id,
    problem::ApiResult,
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, issue))
        .routes(routes!(rotate))
        .routes(routes!(revoke))
        .routes(routes!(make_signing_secret))
}

/// List an advertiser's API keys
///
/// Never the keys themselves. Newest first, those that ended among them.
#[utoipa::path(
    get, path = "/advertisers/{id}/api-keys", operation_id = "listApiKeys", tag = API_KEYS,
    params(("id" = AdvertiserId, Path), OfPage),
    responses((status = 200, body = Page<ApiKey>)),
)]
async fn list(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Id(id): Id<AdvertiserId>,
    Paging(at): Paging,
) -> ApiResult<Json<Page<ApiKey>>> {
    Ok(Json(engine.list_api_keys(&session, id, at).await?))
}

/// Issue an API key
///
/// The answer holds the key, and nothing ever shows it again.
#[utoipa::path(
    post, path = "/advertisers/{id}/api-keys", operation_id = "issueApiKey", tag = API_KEYS,
    params(("id" = AdvertiserId, Path)),
    request_body(content = NewApiKey, example = json!({ "name": "Shop backend" })),
    responses((status = 201, body = IssuedApiKey)),
)]
async fn issue(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Id(id): Id<AdvertiserId>,
    JsonBody(new): JsonBody<NewApiKey>,
) -> ApiResult<(StatusCode, Json<IssuedApiKey>)> {
    Ok((StatusCode::CREATED, Json(engine.issue_api_key(&session, id, new).await?)))
}

/// Rotate an API key
///
/// The answer holds a new key of the same name, shown this once. The old one lives on for the overlap. A key that has
/// ended already is 409.
#[utoipa::path(
    post, path = "/api-keys/{id}/rotate", operation_id = "rotateApiKey", tag = API_KEYS,
    params(("id" = ApiKeyId, Path)),
    request_body(content = Option<bodies::Rotation>, example = json!({ "overlap_seconds": 3600 })),
    responses((status = 200, body = IssuedApiKey), (status = 409)),
)]
async fn rotate(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Id(id): Id<ApiKeyId>,
    OptionalBody(rotation): OptionalBody<Rotation>,
) -> ApiResult<Json<IssuedApiKey>> {
    Ok(Json(engine.rotate_api_key(&session, id, rotation).await?))
}

/// Revoke an API key
///
/// Events that come with it are refused at once.
#[utoipa::path(
    delete, path = "/api-keys/{id}", operation_id = "revokeApiKey", tag = API_KEYS,
    params(("id" = ApiKeyId, Path)),
    responses((status = 204)),
)]
async fn revoke(State(engine): State<Engine>, Admin(session): Admin, Id(id): Id<ApiKeyId>) -> ApiResult<StatusCode> {
    engine.revoke_api_key(&session, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make or rotate the signing secret
///
/// The answer holds the secret, shown this once; its text is the key of `X-Signature`, not decoded. The one before
/// lives on for the overlap; two live at most.
#[utoipa::path(
    post, path = "/advertisers/{id}/signing-secret", operation_id = "makeSigningSecret", tag = API_KEYS,
    params(("id" = AdvertiserId, Path)),
    request_body(content = Option<bodies::Rotation>, example = json!({ "overlap_seconds": 3600 })),
    responses((status = 201, body = IssuedSigningSecret)),
)]
async fn make_signing_secret(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Id(id): Id<AdvertiserId>,
    OptionalBody(rotation): OptionalBody<Rotation>,
) -> ApiResult<(StatusCode, Json<IssuedSigningSecret>)> {
    Ok((StatusCode::CREATED, Json(engine.make_signing_secret(&session, id, rotation).await?)))
}
