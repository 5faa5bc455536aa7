//! For balancers: `/healthz` while the process serves, `/readyz` while it can do everything.

use axum::{Router, extract::State, http::StatusCode, routing::get};
use engine::Engine;

use crate::state::AppState;

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
