//! `POST /api/v1/events`, alone or in batches, and the short paths: the key first, then signature and body, then one
//! durable row each. What an authenticated call got wrong is kept for whoever mends it.

mod ahead;
mod batch;
mod sender;

use std::sync::Arc;

use axum::{
    Extension, Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use engine::{Engine, Taken};
use model::event::{Action, Arrival, EventAnswer, NewEvent, QueuedAnswer, QueuedStatus};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use self::ahead::EventsAhead;
use self::sender::Sender;
use crate::{
    body,
    event_limit::EventLimit,
    openapi::{
        bodies::{CallHeaders, EventBody, ShortAction, ShortEventBody},
        tags::EVENTS,
    },
    problem::{ApiError, ApiResult, RequestId},
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(record)).routes(routes!(batch::record_batch)).routes(routes!(validate))
}

/// `POST /event/{action}`: the same without `action` in the body.
pub fn short_router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(record_action))
}

/// Report an event
///
/// One thing a customer did at the shop. With an `event_id` (an order's number, say) it may be sent again as often as
/// you like, after a timeout too: it counts once, and the first answer comes back as 200 with `"duplicate": true`. The
/// same `event_id` with another content is 409. The answer says who is credited, and why. 202 says that the database is
/// away: the event is on disk, and is recorded and credited as of now once it is back.
#[utoipa::path(
    post, path = "/events", operation_id = "recordEvent", tag = EVENTS,
    security(("api_key" = [])),
    params(CallHeaders),
    request_body(content = EventBody, example = json!({
        "action": "purchase", "event_id": "ORDER-1001", "value": "49.90", "currency": "EUR",
        "coupon_code": "ANNA10", "ref_code": "Xk7mPq2RtZ",
    })),
    responses(
        (status = 200, body = EventAnswer), (status = 201, body = EventAnswer), (status = 202, body = QueuedAnswer),
        (status = 409), (status = 429),
    ),
)]
async fn record(
    State(engine): State<Engine>,
    State(limit): State<Arc<EventLimit>>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    ingest(Sender::of(&engine, &headers, None, &request_id)?, &limit, body).await
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
    responses(
        (status = 200, body = EventAnswer), (status = 201, body = EventAnswer), (status = 202, body = QueuedAnswer),
        (status = 409), (status = 429),
    ),
)]
async fn record_action(
    State(engine): State<Engine>,
    State(limit): State<Arc<EventLimit>>,
    Path(action): Path<String>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let action: Action = action.parse().map_err(|_| ApiError::not_found())?;
    if action == Action::Custom {
        return Err(ApiError::not_found());
    }
    ingest(Sender::of(&engine, &headers, Some(action), &request_id)?, &limit, body).await
}

/// Try an event out
///
/// Takes what `POST /events` takes and answers what that would answer now, `"status": "valid"` with the credit or the
/// same errors. Nothing is recorded, and no failure is kept.
#[utoipa::path(
    post, path = "/events/validate", operation_id = "validateEvent", tag = EVENTS,
    security(("api_key" = [])),
    params(CallHeaders),
    request_body(content = EventBody, example = json!({
        "action": "purchase", "event_id": "ORDER-1003", "value": "49.90", "currency": "EUR", "coupon_code": "ANNA10",
    })),
    responses((status = 200, body = EventAnswer), (status = 409), (status = 429)),
)]
async fn validate(
    State(engine): State<Engine>,
    State(limit): State<Arc<EventLimit>>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let sender = Sender::of(&engine, &headers, None, &request_id)?;
    let allowance = sender.within(&limit, 1)?;
    let sent = sender.read(body, body::MOST_BYTES).await;
    sent.passed?;
    sender.check_advertiser()?;
    let event = read_event(&sender, &sent.bytes, sender.idempotency_key()?)?;
    let answer = engine.weigh_event(sender.advertiser.id, event).await?;
    let mut response = Json(answer).into_response();
    if let Some(allowance) = allowance {
        allowance.write(response.headers_mut());
    }
    Ok(response)
}

async fn ingest(sender: Sender<'_>, limit: &EventLimit, body: Body) -> ApiResult<Response> {
    let allowance = sender.within(limit, 1)?;
    let sent = sender.read(body, body::MOST_BYTES).await;
    let is_authentic = sent.passed.is_ok();
    let idempotency_key = sender.idempotency_key();
    let known_key = idempotency_key.as_ref().ok().copied().flatten();
    let call = Arc::new(sender.call(&sent.bytes, known_key.map(str::to_owned)));
    let recorded = async {
        sent.passed?;
        sender.check_advertiser()?;
        let event = read_event(&sender, &sent.bytes, idempotency_key?)?;
        Ok(sender.engine.record_event(sender.advertiser.id, event, Arc::clone(&call)).await?)
    };
    match recorded.await {
        Ok(taken) => {
            let mut response = answer(taken);
            if let Some(allowance) = allowance {
                allowance.write(response.headers_mut());
            }
            Ok(response)
        }
        Err(error) => {
            sender.keep(Arc::unwrap_or_clone(call), is_authentic, &error);
            Err(error)
        }
    }
}

fn read_event(sender: &Sender<'_>, body: &[u8], idempotency_key: Option<&str>) -> ApiResult<NewEvent> {
    let mut fields = body::json_fields(sender.headers, body)?;
    let arrival = Arrival { now: sender.engine.now(), action: sender.action, idempotency_key };
    let event = NewEvent::read(&mut fields, arrival);
    fields.finish(event).map_err(ApiError::invalid)
}

fn answer(taken: Taken) -> Response {
    match taken {
        Taken::Recorded(answer) if answer.duplicate => Json(answer).into_response(),
        Taken::Recorded(answer) => (StatusCode::CREATED, Json(answer)).into_response(),
        Taken::Queued(id) => {
            (StatusCode::ACCEPTED, Json(QueuedAnswer { id, status: QueuedStatus::Queued })).into_response()
        }
    }
}
