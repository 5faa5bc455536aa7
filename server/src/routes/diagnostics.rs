//! `/api/v1/diagnostics`: how the click log and the database stand.

use axum::{Json, Router, extract::State, routing::get};
use engine::Engine;
use serde::Serialize;

use crate::{auth::Admin, problem::ApiResult, state::AppState};

#[derive(Serialize)]
struct Diagnostics {
    database: bool,
    spool: Spool,
}

#[derive(Serialize)]
struct Spool {
    waiting_bytes: u64,
    clicks_lost: u64,
    /// Another process has this click log: see the log.
    is_displaced: bool,
}

pub fn router() -> Router<AppState> {
    Router::new().route("/diagnostics", get(show))
}

async fn show(State(engine): State<Engine>, _: Admin) -> ApiResult<Json<Diagnostics>> {
    let health = engine.health().await;
    let spool = Spool {
        waiting_bytes: health.spool_waiting_bytes,
        clicks_lost: health.clicks_lost,
        is_displaced: health.is_displaced,
    };
    Ok(Json(Diagnostics { database: health.database, spool }))
}
