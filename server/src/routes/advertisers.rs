//! `/api/v1/advertisers`.

use axum::{Json, extract::State, http::StatusCode};
use engine::Engine;
use model::{
    AdvertiserId,
    advertiser::{Advertiser, AdvertiserChange, AdvertiserStatus, NewAdvertiser},
    erasure::{CustomerErasure, Erased},
    page::Page,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::listing::{ByName, Listing, OfPage};
use crate::{
    auth::Admin,
    body::JsonBody,
    edits::{IfMatch, Tagged},
    openapi::tags::ADVERTISERS,
    path::Id,
    problem::ApiResult,
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, change, deactivate))
        .routes(routes!(erase_customer))
}

/// List advertisers
#[utoipa::path(
    get, path = "/advertisers", operation_id = "listAdvertisers", tag = ADVERTISERS,
    params(ByName, ("status" = Option<AdvertiserStatus>, Query), OfPage),
    responses((status = 200, body = Page<Advertiser>)),
)]
async fn list(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Listing { query, .. }: Listing<AdvertiserStatus>,
) -> ApiResult<Json<Page<Advertiser>>> {
    Ok(Json(engine.list_advertisers(&session, &query).await?))
}

/// Make an advertiser
#[utoipa::path(
    post, path = "/advertisers", operation_id = "createAdvertiser", tag = ADVERTISERS,
    request_body(content = NewAdvertiser, example = json!({ "name": "My shop", "time_zone": "Europe/Berlin" })),
    responses((status = 201, body = Advertiser, headers(("ETag" = String)))),
)]
async fn create(
    State(engine): State<Engine>,
    Admin(session): Admin,
    JsonBody(new): JsonBody<NewAdvertiser>,
) -> ApiResult<Tagged<Advertiser>> {
    Ok(Tagged(StatusCode::CREATED, engine.create_advertiser(&session, new).await?))
}

/// Read an advertiser
#[utoipa::path(
    get, path = "/advertisers/{id}", operation_id = "getAdvertiser", tag = ADVERTISERS,
    params(("id" = AdvertiserId, Path)),
    responses((status = 200, body = Advertiser, headers(("ETag" = String)))),
)]
async fn show(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Id(id): Id<AdvertiserId>,
) -> ApiResult<Tagged<Advertiser>> {
    Ok(Tagged(StatusCode::OK, engine.advertiser(&session, id).await?))
}

/// Change an advertiser
///
/// Fields that are absent stay as they are.
#[utoipa::path(
    patch, path = "/advertisers/{id}", operation_id = "changeAdvertiser", tag = ADVERTISERS,
    params(("id" = AdvertiserId, Path), IfMatch),
    request_body(content = AdvertiserChange, example = json!({ "require_signature": true })),
    responses((status = 200, body = Advertiser, headers(("ETag" = String)))),
)]
async fn change(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Id(id): Id<AdvertiserId>,
    on: IfMatch,
    JsonBody(change): JsonBody<AdvertiserChange>,
) -> ApiResult<Tagged<Advertiser>> {
    let changed = on.edit(|version| engine.change_advertiser(&session, id, change.clone(), version)).await?;
    Ok(Tagged(StatusCode::OK, changed))
}

/// Deactivate an advertiser
///
/// Nothing is destroyed: its links answer 410 and its events are refused until it is active again.
#[utoipa::path(
    delete, path = "/advertisers/{id}", operation_id = "deactivateAdvertiser", tag = ADVERTISERS,
    params(("id" = AdvertiserId, Path), IfMatch),
    responses((status = 204)),
)]
async fn deactivate(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Id(id): Id<AdvertiserId>,
    on: IfMatch,
) -> ApiResult<StatusCode> {
    on.edit(|version| engine.deactivate_advertiser(&session, id, version)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Erase a customer
///
/// Deletes the events of a shop's customer, takes them out of all figures, and forgets what calls that failed had sent of
/// it. Nothing brings them back. Events that come later count as those of a new customer. 503 while events are aside.
#[utoipa::path(
    post, path = "/advertisers/{id}/erase-customer", operation_id = "eraseCustomer", tag = ADVERTISERS,
    params(("id" = AdvertiserId, Path)),
    request_body(content = CustomerErasure, example = json!({ "customer_id": "customer-1842" })),
    responses((status = 200, body = Erased)),
)]
async fn erase_customer(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Id(id): Id<AdvertiserId>,
    JsonBody(CustomerErasure { customer_id }): JsonBody<CustomerErasure>,
) -> ApiResult<Json<Erased>> {
    Ok(Json(engine.erase_customer(&session, id, &customer_id).await?))
}
