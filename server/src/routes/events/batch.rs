//! `POST /api/v1/events/batch`: many events in one call, each with an answer of its own.

use std::sync::Arc;

use axum::{
    Extension, Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use engine::{Call, Engine, Taken};
use model::{
    FieldError, Fields,
    event::{self, Arrival, BatchAnswer, BatchOutcome, BatchResult, NewEvent, QueuedAnswer, QueuedStatus},
};
use serde_json::value::RawValue;

use super::sender::Sender;
use crate::{
    body,
    event_limit::EventLimit,
    metrics::Metrics,
    openapi::{
        bodies::{BatchBody, CallHeaders},
        tags::EVENTS,
    },
    problem::{ApiError, ApiResult, RequestId},
};

const MOST_BYTES: usize = 1 << 20;

/// Report many events
///
/// Up to 1,000 events and 1 MB. Each is answered by itself, in order: `code` is the status it would have had alone,
/// beside the answer or the problem. One that is wrong does not spoil the others. Without an `event_id` of its own, an
/// event takes the `Idempotency-Key` with its place behind it (`KEY#0`, `KEY#1`, …), so that a batch may be sent again.
#[utoipa::path(
    post, path = "/events/batch", operation_id = "recordEvents", tag = EVENTS,
    security(("api_key" = [])),
    params(CallHeaders),
    request_body(content = BatchBody, example = json!({ "events": [
        { "action": "purchase", "event_id": "ORDER-1004", "value": "49.90", "currency": "EUR", "coupon_code": "ANNA10" },
        { "action": "add_to_cart", "event_id": "CART-77", "ref_code": "Xk7mPq2RtZ" },
    ] })),
    responses((status = 200, body = BatchAnswer), (status = 429)),
)]
pub async fn record_batch(
    State(engine): State<Engine>,
    State(limit): State<Arc<EventLimit>>,
    State(metrics): State<Arc<Metrics>>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let sender = Sender::of(&engine, &headers, None, &request_id)?;
    sender.within(&limit, 1)?;
    let sent = sender.read(body, MOST_BYTES).await;
    let passed = sent.passed.and_then(|()| sender.check_advertiser());
    let items = passed.and_then(|()| read_items(&sender, &sent.bytes));
    let (items, key) = match items.and_then(|items| Ok((items, sender.idempotency_key()?))) {
        Ok(read) => read,
        Err(error) => {
            // Not an event: there is nothing to try again.
            sender.keep(sender.call(&sent.bytes, None), false, &error);
            return Err(error);
        }
    };
    let events = u32::try_from(items.len()).unwrap_or(u32::MAX);
    let allowance = sender.within(&limit, events.saturating_sub(1))?;
    let results = record_items(&sender, &items, key, &metrics).await?;
    let mut response = Json(BatchAnswer { results }).into_response();
    if let Some(allowance) = allowance {
        allowance.write(response.headers_mut());
    }
    Ok(response)
}

fn read_items(sender: &Sender<'_>, body: &[u8]) -> ApiResult<Vec<Box<RawValue>>> {
    let mut fields = body::json_fields(sender.headers, body)?;
    let items = event::read_batch(&mut fields);
    fields.finish(items).map_err(ApiError::invalid)
}

async fn record_items(
    sender: &Sender<'_>,
    items: &[Box<RawValue>],
    key: Option<&str>,
    metrics: &Metrics,
) -> ApiResult<Vec<BatchResult>> {
    let mut outcomes: Vec<Option<ApiResult<Taken>>> = Vec::with_capacity(items.len());
    let mut calls: Vec<Arc<Call>> = Vec::with_capacity(items.len());
    let mut events = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let key = key.map(|key| format!("{key}#{index}"));
        let event = read_item(sender, item.get(), key.as_deref());
        let call = Arc::new(sender.call(item.get().as_bytes(), key));
        match event {
            Ok(event) => {
                events.push((event, Arc::clone(&call)));
                outcomes.push(None);
            }
            Err(error) => outcomes.push(Some(Err(error))),
        }
        calls.push(call);
    }
    let recorded =
        if events.is_empty() { Vec::new() } else { sender.engine.record_events(sender.advertiser.id, events).await? };
    let mut recorded = recorded.into_iter();
    let mut results = Vec::with_capacity(items.len());
    for (index, (outcome, call)) in outcomes.into_iter().zip(calls).enumerate() {
        let outcome = outcome.or_else(|| recorded.next().map(|taken| taken.map_err(ApiError::from)));
        let outcome = outcome.unwrap_or_else(|| Err(engine::Error::unavailable("an event was not answered").into()));
        if let Err(error) = &outcome {
            metrics.rejected(error.kind);
            sender.keep(Arc::unwrap_or_clone(call), true, error);
        }
        results.push(result(index, outcome, sender.request_id));
    }
    Ok(results)
}

fn read_item(sender: &Sender<'_>, item: &str, idempotency_key: Option<&str>) -> ApiResult<NewEvent> {
    if item.len() > body::MOST_BYTES {
        let detail = format!("An event may have at most {} bytes.", body::MOST_BYTES);
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large", detail));
    }
    let mut fields = Fields::parse(item.as_bytes())
        .map_err(|_| ApiError::invalid(vec![FieldError::new("", "the event must be a JSON object")]))?;
    let arrival = Arrival { now: sender.engine.now(), action: None, idempotency_key };
    let event = NewEvent::read(&mut fields, arrival);
    fields.finish(event).map_err(ApiError::invalid)
}

fn result(index: usize, outcome: ApiResult<Taken>, request_id: &str) -> BatchResult {
    let (code, outcome) = match outcome {
        Ok(Taken::Recorded(answer)) => {
            let code = if answer.duplicate { StatusCode::OK } else { StatusCode::CREATED };
            (code, BatchOutcome::Recorded(answer))
        }
        Ok(Taken::Queued(id)) => {
            (StatusCode::ACCEPTED, BatchOutcome::Queued(QueuedAnswer { id, status: QueuedStatus::Queued }))
        }
        Err(error) => (error.status, BatchOutcome::Failed(error.problem(request_id.to_owned()))),
    };
    BatchResult { index, code: code.as_u16(), outcome }
}
