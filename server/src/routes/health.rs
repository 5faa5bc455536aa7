//! For balancers: `/healthz` while the process serves, `/readyz` while it can do everything.

use std::time::Duration;

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use engine::{Engine, Error};

use crate::{
    problem::{ApiError, is_for_machines},
    state::AppState,
};

/// How long a request waits for the first answer of the database.
const MOST_WAIT: Duration = Duration::from_secs(3);

pub fn router() -> Router<AppState> {
    Router::new().route("/healthz", get(|| async { "ok\n" })).route("/readyz", get(ready))
}

async fn ready(State(engine): State<Engine>) -> (StatusCode, &'static str) {
    if engine.health().await.database {
        (StatusCode::OK, "ok\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer; redirects go on\n")
    }
}

/// A server that starts redirects at once; everything else waits for the database a little, and then says so.
pub async fn await_database(State(engine): State<Engine>, request: Request, next: Next) -> Response {
    if engine.is_ready() || tokio::time::timeout(MOST_WAIT, engine.ready()).await.is_ok_and(|ready| ready.is_ok()) {
        return next.run(request).await;
    }
    let error = ApiError::from(Error::unavailable("the database has not answered since the start"));
    if is_for_machines(request.uri().path()) {
        return error.into_response();
    }
    let page = "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
        content=\"width=device-width, initial-scale=1\"><meta http-equiv=\"refresh\" content=\"5\"><title>Not available now</title>\
        <style>:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}\
        main{max-width:32rem;margin:20vh auto;padding:0 1rem}h1{font-size:1.5rem}</style></head>\
        <body><main><h1>The database does not answer</h1><p>Tracking links go on working, and no click is lost. \
        This page tries again every five seconds.</p></main></body></html>";
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5"), (header::CACHE_CONTROL, "no-store")], Html(page))
        .into_response()
}
