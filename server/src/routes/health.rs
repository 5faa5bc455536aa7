//! For balancers: `/healthz` while the process serves, `/readyz` while it can do everything.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
    routing::get,
};
use engine::{Engine, Error};
use serde::Serialize;

use crate::{
    problem::{ApiError, is_for_machines, takes_events},
    small_page::small_page,
    stage::Stage,
    state::AppState,
};

/// How long a request waits for the first answer of the database.
const MOST_WAIT: Duration = Duration::from_secs(3);
/// And an event for what the last run has left, where the database is known to be away.
const LEAST_WAIT: Duration = Duration::from_millis(500);

pub fn router() -> Router<AppState> {
    Router::new().route("/healthz", get(|| async { "ok\n" })).route("/readyz", get(ready))
}

/// What `/readyz` answers.
#[derive(Serialize)]
struct Readiness {
    ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// Bytes of clicks that are not in the database yet, at most.
    clicks_waiting_bytes: u64,
}

async fn ready(State(engine): State<Engine>, State(stage): State<Arc<Stage>>) -> (StatusCode, Json<Readiness>) {
    let health = engine.health().await;
    let reason = if stage.is_leaving() {
        Some("the server is stopping; send requests elsewhere")
    } else {
        (!health.database).then_some("the database does not answer; redirects go on, and events are put aside")
    };
    let status = if reason.is_none() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let ready = reason.is_none();
    (status, Json(Readiness { ready, reason, clicks_waiting_bytes: health.spool_waiting_bytes }))
}

/// A server that starts redirects at once; everything else waits for the database a little, and then says so.
/// Whoever is waiting when the database is lost is told too: its answer may never come.
pub async fn await_database(State(engine): State<Engine>, request: Request, next: Next) -> Response {
    let for_machines = is_for_machines(request.uri().path());
    let never_answered = "the database has not answered since the start";
    if takes_events(request.method(), request.uri().path()) {
        // They have an answer of their own for that: they are put aside.
        if takes_events_soon(&engine).await { next.run(request).await } else { without_database(true, never_answered) }
    } else if !is_ready_soon(&engine).await {
        without_database(for_machines, never_answered)
    } else {
        tokio::select! {
            biased;
            response = next.run(request) => response,
            () = engine.database_lost() => without_database(for_machines, "the database was lost meanwhile"),
        }
    }
}

async fn is_ready_soon(engine: &Engine) -> bool {
    let wait = if engine.database_is_away() { Duration::ZERO } else { MOST_WAIT };
    engine.is_ready() || tokio::time::timeout(wait, engine.ready()).await.is_ok_and(|ready| ready.is_ok())
}

async fn takes_events_soon(engine: &Engine) -> bool {
    let wait = if engine.database_is_away() { LEAST_WAIT } else { MOST_WAIT };
    let known = tokio::time::timeout(wait, engine.until_keys_are_known());
    engine.knows_keys() || known.await.is_ok_and(|known| known.is_ok())
}

fn without_database(for_machines: bool, reason: &'static str) -> Response {
    let error = ApiError::from(Error::unavailable(reason));
    if for_machines {
        return error.into_response();
    }
    let text = "Tracking links go on working, and no click is lost. This page tries again every five seconds.";
    let mut response = small_page(StatusCode::SERVICE_UNAVAILABLE, "The database does not answer", text);
    for name in [header::RETRY_AFTER, header::REFRESH] {
        response.headers_mut().insert(name, HeaderValue::from_static("5"));
    }
    response
}
