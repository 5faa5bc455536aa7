//! `/api/v1/ingest-failures`: what authenticated calls got wrong.

use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::request::Parts,
};
use engine::Engine;
use model::{
    ApiKeyId, FailureId,
    activity::{Failure, FailureGroups, FailureQuery},
    event::EventAnswer,
    page::Page,
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::listing::{OfAdvertiser, OfPage, asked, finish, given, limit, parsed};
use crate::{
    auth::{Admin, Tenant},
    openapi::tags::FAILURES,
    path::Id,
    problem::{ApiError, ApiResult},
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(groups)).routes(routes!(show)).routes(routes!(retry))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    advertiser_id: Option<String>,
    api_key_id: Option<String>,
    code: Option<String>,
    field: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation: the query is read as text")]
struct OfKind {
    /// Only what came with this key.
    api_key_id: Option<ApiKeyId>,
    /// The last part of the problem's `type`, such as `validation`.
    code: Option<String>,
    /// Only those that name this field.
    field: Option<String>,
}

/// Which failures are asked for.
struct Which(FailureQuery);

impl<S: Send + Sync> FromRequestParts<S> for Which {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let asked: Asked = asked(parts, state).await?;
        let mut errors = Vec::new();
        let query = FailureQuery {
            advertiser_id: parsed("advertiser_id", asked.advertiser_id, &mut errors),
            api_key_id: parsed("api_key_id", asked.api_key_id, &mut errors),
            code: given(asked.code),
            field: given(asked.field),
            limit: limit(asked.limit, &mut errors),
            cursor: given(asked.cursor),
        };
        finish(Self(query), errors)
    }
}

/// List failures, newest first
///
/// What authenticated calls of the event API got wrong, the newest 1,000 of each advertiser. Advertisers see their own.
/// What in a body is a person's, such as `customer_id` or an e-mail address, is shown as `…`.
#[utoipa::path(
    get, path = "/ingest-failures", operation_id = "listFailures", tag = FAILURES,
    params(OfAdvertiser, OfKind, OfPage),
    responses((status = 200, body = Page<Failure>)),
)]
async fn list(
    State(engine): State<Engine>,
    Tenant(session): Tenant,
    Which(query): Which,
) -> ApiResult<Json<Page<Failure>>> {
    Ok(Json(engine.list_failures(&session, &query).await?))
}

/// List failures by what is wrong
///
/// How often each error was made with each field and key, what was last first; failures that are forgotten by now
/// count on. Advertisers see their own.
#[utoipa::path(
    get, path = "/ingest-failures/groups", operation_id = "listFailureGroups", tag = FAILURES,
    params(OfAdvertiser),
    responses((status = 200, body = FailureGroups)),
)]
async fn groups(
    State(engine): State<Engine>,
    Tenant(session): Tenant,
    Which(query): Which,
) -> ApiResult<Json<FailureGroups>> {
    Ok(Json(FailureGroups { items: engine.failure_groups(&session, query.advertiser_id).await? }))
}

/// Read a failure
#[utoipa::path(
    get, path = "/ingest-failures/{id}", operation_id = "getFailure", tag = FAILURES,
    params(("id" = FailureId, Path)),
    responses((status = 200, body = Failure)),
)]
async fn show(
    State(engine): State<Engine>,
    Tenant(session): Tenant,
    Id(id): Id<FailureId>,
) -> ApiResult<Json<Failure>> {
    Ok(Json(engine.failure(&session, id).await?))
}

/// Try a failure again
///
/// Sends it through ingestion as of its first arrival, and answers as `POST /events` does. What is still wrong is 422;
/// what has become an event already, or cannot be tried again, is 409.
#[utoipa::path(
    post, path = "/ingest-failures/{id}/retry", operation_id = "retryFailure", tag = FAILURES,
    params(("id" = FailureId, Path)),
    responses((status = 200, body = EventAnswer), (status = 409), (status = 422)),
)]
async fn retry(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Id(id): Id<FailureId>,
) -> ApiResult<Json<EventAnswer>> {
    Ok(Json(engine.retry_failure(&session, id).await?))
}
