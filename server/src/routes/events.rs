//! `POST /api/v1/events` and the short paths: the key first, then the body, then one durable row.

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use engine::{Engine, catalog::AdvertiserFact};
use model::{
    AdvertiserId,
    event::{Action, Arrival, NewEvent},
};

use crate::{
    body,
    problem::{ApiError, ApiResult},
    state::AppState,
};

pub fn router() -> Router<AppState> {
    Router::new().route("/events", post(record))
}

/// `POST /event/{action}`: the same without `action` in the body.
pub fn short_router() -> Router<AppState> {
    Router::new().route("/{action}", post(record_action))
}

async fn record(State(engine): State<Engine>, headers: HeaderMap, body: Body) -> ApiResult<Response> {
    ingest(&engine, &headers, body, None).await
}

async fn record_action(
    State(engine): State<Engine>,
    Path(action): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let action: Action = action.parse().map_err(|_| ApiError::not_found())?;
    if action == Action::Custom {
        return Err(ApiError::not_found());
    }
    ingest(&engine, &headers, body, Some(action)).await
}

async fn ingest(engine: &Engine, headers: &HeaderMap, body: Body, action: Option<Action>) -> ApiResult<Response> {
    let advertiser = advertiser(engine, headers)?;
    let idempotency_key = headers
        .get("idempotency-key")
        .map(|value| value.to_str().map_err(|_| bad_header("Idempotency-Key")))
        .transpose()?;
    let mut fields = body::json_fields(headers, body).await?;
    let event = NewEvent::read(&mut fields, Arrival { now: engine.now(), action, idempotency_key });
    let event = fields.finish(event).map_err(ApiError::invalid)?;
    let answer = engine.record_event(advertiser, event).await?;
    let status = if answer.duplicate { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(answer)).into_response())
}

/// Whose key the request carries, from memory.
fn advertiser(engine: &Engine, headers: &HeaderMap) -> ApiResult<AdvertiserId> {
    let refused = |detail| ApiError::new(StatusCode::UNAUTHORIZED, "api-key", "API key refused", detail);
    let key = headers.get("x-api-key").ok_or_else(|| refused("Send your API key in the header X-API-KEY."))?;
    let known = key.to_str().ok().and_then(|key| engine.advertiser_of_key(key));
    let advertiser = known.ok_or_else(|| refused("This API key is unknown, expired or revoked."))?;
    check_signature(&advertiser, headers)?;
    if !advertiser.active {
        let detail = "This advertiser is inactive; its events are not taken.";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "advertiser-inactive", "Advertiser inactive", detail));
    }
    Ok(advertiser.id)
}

/// No signing secret can be issued yet, so no signature can be right: one that is
/// required or present is refused, never waved through.
fn check_signature(advertiser: &AdvertiserFact, headers: &HeaderMap) -> ApiResult<()> {
    if advertiser.require_signature || headers.contains_key("x-signature") {
        let detail = "X-Signature is required or present, and this advertiser has no signing secret to check it with.";
        return Err(ApiError::new(StatusCode::UNAUTHORIZED, "signature", "Signature refused", detail));
    }
    Ok(())
}

fn bad_header(name: &str) -> ApiError {
    ApiError::invalid(vec![model::FieldError::new(name, "must be plain ASCII text")])
}
