//! `POST /api/v1/events` and the short paths: the key first, then signature and body, then one durable row.
//! What an authenticated call got wrong is kept for whoever mends it.

use std::sync::Arc;

use axum::{
    Extension, Json,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use engine::{Engine, FailedCall, SignatureFault, catalog::AdvertiserFact};
use model::{
    ApiKeyId,
    event::{Action, Arrival, EventAnswer, NewEvent},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    body,
    openapi::{
        bodies::{CallHeaders, EventBody, ShortAction, ShortEventBody},
        tags::EVENTS,
    },
    problem::{ApiError, ApiResult, RequestId},
    state::AppState,
};

const IDEMPOTENCY_KEY: &str = "idempotency-key";

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(record))
}

/// `POST /event/{action}`: the same without `action` in the body.
pub fn short_router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(record_action))
}

/// Report an event
///
/// One thing a customer did at the shop. With an `event_id` (an order's number, say) it may be sent again as often as
/// you like, after a timeout too: it counts once, and the first answer comes back as 200 with `"duplicate": true`. The
/// same `event_id` with another content is 409. The answer says who is credited, and why.
#[utoipa::path(
    post, path = "/events", operation_id = "recordEvent", tag = EVENTS,
    security(("api_key" = [])),
    params(CallHeaders),
    request_body(content = EventBody, example = json!({
        "action": "purchase", "event_id": "ORDER-1001", "value": "49.90", "currency": "EUR",
        "coupon_code": "ANNA10", "ref_code": "Xk7mPq2RtZ",
    })),
    responses((status = 200, body = EventAnswer), (status = 201, body = EventAnswer), (status = 409)),
)]
async fn record(
    State(engine): State<Engine>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    ingest(&engine, Call { headers: &headers, action: None, request_id: &request_id }, body).await
}

/// Report an event by its path
///
/// As `POST /api/v1/events`, without `action` in the body.
#[utoipa::path(
    post, path = "/{action}", operation_id = "recordAction", tag = EVENTS,
    security(("api_key" = [])),
    params(("action" = ShortAction, Path), CallHeaders),
    request_body(content = ShortEventBody, example = json!({
        "event_id": "ORDER-1002", "value": "49.90", "currency": "EUR", "coupon_code": "ANNA10",
    })),
    responses((status = 200, body = EventAnswer), (status = 201, body = EventAnswer), (status = 409)),
)]
async fn record_action(
    State(engine): State<Engine>,
    Path(action): Path<String>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let action: Action = action.parse().map_err(|_| ApiError::not_found())?;
    if action == Action::Custom {
        return Err(ApiError::not_found());
    }
    ingest(&engine, Call { headers: &headers, action: Some(action), request_id: &request_id }, body).await
}

/// What came beside the body.
#[derive(Clone, Copy)]
struct Call<'a> {
    headers: &'a HeaderMap,
    /// The action of the path, where the path names one.
    action: Option<Action>,
    request_id: &'a str,
}

impl<'a> Call<'a> {
    fn text(&self, name: &str) -> ApiResult<Option<&'a str>> {
        let value = self.headers.get(name).map(|value| value.to_str());
        value.transpose().map_err(|_| ApiError::invalid(vec![model::FieldError::new(name, "must be plain ASCII text")]))
    }
}

async fn ingest(engine: &Engine, call: Call<'_>, body: Body) -> ApiResult<Response> {
    let (key, advertiser) = holder_of_key(engine, call.headers)?;
    let (bytes, is_all) = body::read_most(body, body::MOST_BYTES).await;
    let authentic = is_all.and_then(|()| check_signature(engine, &advertiser, call.headers, &bytes));
    let is_authentic = authentic.is_ok();
    let answered = match authentic {
        Ok(()) => recorded(engine, &advertiser, call, &bytes).await,
        Err(error) => Err(error),
    };
    match answered {
        Ok(answer) => {
            let status = if answer.duplicate { StatusCode::OK } else { StatusCode::CREATED };
            Ok((status, Json(answer)).into_response())
        }
        Err(error) => {
            keep(engine, key, &advertiser, call, &bytes, is_authentic, &error);
            Err(error)
        }
    }
}

async fn recorded(engine: &Engine, advertiser: &AdvertiserFact, call: Call<'_>, body: &[u8]) -> ApiResult<EventAnswer> {
    if !advertiser.active {
        let detail = "This advertiser is inactive; its events are not taken.";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "advertiser-inactive", "Advertiser inactive", detail));
    }
    let idempotency_key = call.text(IDEMPOTENCY_KEY)?;
    let mut fields = body::json_fields(call.headers, body)?;
    let event = NewEvent::read(&mut fields, Arrival { now: engine.now(), action: call.action, idempotency_key });
    let event = fields.finish(event).map_err(ApiError::invalid)?;
    Ok(engine.record_event(advertiser.id, event).await?)
}

/// Whose key the request carries, from memory.
fn holder_of_key(engine: &Engine, headers: &HeaderMap) -> ApiResult<(ApiKeyId, Arc<AdvertiserFact>)> {
    let refused = |detail| ApiError::new(StatusCode::UNAUTHORIZED, "api-key", "API key refused", detail);
    let key = headers.get("x-api-key").ok_or_else(|| refused("Send your API key in the header X-API-KEY."))?;
    let known = key.to_str().ok().and_then(|key| engine.advertiser_of_key(key));
    known.ok_or_else(|| refused("This API key is unknown, expired or revoked."))
}

/// A signature that is present is always checked; one that is required and missing is refused.
fn check_signature(engine: &Engine, advertiser: &AdvertiserFact, headers: &HeaderMap, body: &[u8]) -> ApiResult<()> {
    let checked = match headers.get("x-signature").map(|value| value.to_str()) {
        None if advertiser.require_signature => Err(SignatureFault::Missing),
        None => Ok(()),
        Some(Ok(header)) => engine.check_signature(advertiser.id, header, body),
        Some(Err(_)) => Err(SignatureFault::Malformed),
    };
    checked.map_err(|fault| {
        let detail = match fault {
            SignatureFault::Missing => "This advertiser's events must be signed: send X-Signature.",
            SignatureFault::Malformed => "X-Signature must be t=<unix seconds>,v1=<hex HMAC-SHA256>.",
            SignatureFault::Stale => "The signature's time is more than 300 s past or 60 s ahead of ours.",
            SignatureFault::NoSecret => {
                "X-Signature is present, and this advertiser has no signing secret to check it with."
            }
            SignatureFault::Wrong => {
                "The signature is wrong: sign \"<t>.<raw body>\" with the secret's text as it was shown."
            }
        };
        ApiError::new(StatusCode::UNAUTHORIZED, "signature", "Signature refused", detail)
    })
}

/// Where the fault is ours, the sender tries again: nothing is to be mended, so nothing is kept.
fn keep(
    engine: &Engine,
    key: ApiKeyId,
    advertiser: &AdvertiserFact,
    call: Call<'_>,
    body: &Bytes,
    is_authentic: bool,
    error: &ApiError,
) {
    if error.status.is_server_error() {
        return;
    }
    let sent = call.headers.contains_key(IDEMPOTENCY_KEY);
    // One that is too long or no text cannot be kept. Without it a retry would be another event.
    let idempotency_key = call.text(IDEMPOTENCY_KEY).ok().flatten().filter(|key| key.len() <= 255);
    engine.keep_failure(FailedCall {
        advertiser: advertiser.id,
        key,
        code: error.kind,
        status: error.status.as_u16(),
        detail: &error.detail,
        errors: &error.errors,
        action: call.action,
        idempotency_key,
        body,
        is_whole: is_authentic && idempotency_key.is_some() == sent,
        request_id: call.request_id,
    });
}
