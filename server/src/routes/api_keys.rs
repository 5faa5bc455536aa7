//! `/api/v1/api-keys`.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::delete,
};
use engine::Engine;

use super::listing::id;
use crate::{auth::Admin, problem::ApiResult, state::AppState};

pub fn router() -> Router<AppState> {
    Router::new().route("/{id}", delete(revoke))
}

async fn revoke(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Path(text): Path<String>,
) -> ApiResult<StatusCode> {
    engine.revoke_api_key(&session, id(&text)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
