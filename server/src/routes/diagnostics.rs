//! `/api/v1/diagnostics`: how the platform stands.

use axum::{Json, Router, extract::State, routing::get};
use engine::Engine;
use model::overview::Diagnostics;

use crate::{auth::Admin, problem::ApiResult, state::AppState};

pub fn router() -> Router<AppState> {
    Router::new().route("/diagnostics", get(show))
}

async fn show(State(engine): State<Engine>, Admin(session): Admin) -> ApiResult<Json<Diagnostics>> {
    Ok(Json(engine.diagnostics(&session).await?))
}
