//! `/metrics`: to whoever asks from this machine, or on an address of its own.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::{ConnectInfo, State},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use engine::Engine;

use crate::{
    metrics::{CONTENT_TYPE, Metrics},
    problem::ApiError,
    state::AppState,
};

/// What proxies write. A request that has any of it came from elsewhere, whoever its peer is.
const FORWARDED: [HeaderName; 7] = [
    header::FORWARDED,
    header::VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("cf-connecting-ip"),
];

/// Beside everything else.
pub fn router() -> Router<AppState> {
    Router::new().route("/metrics", get(to_this_machine))
}

/// With nothing beside it: whoever reaches this address is told.
pub fn alone(engine: Engine, metrics: Arc<Metrics>) -> Router {
    Router::new().route("/metrics", get(to_anybody)).with_state((engine, metrics))
}

async fn to_this_machine(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    let is_ours = peer.ip().to_canonical().is_loopback() && !FORWARDED.iter().any(|name| headers.contains_key(name));
    if state.tells_metrics && is_ours {
        tell(&state.engine, &state.metrics).await
    } else {
        StatusCode::NOT_FOUND.into_response()
    }
}

async fn to_anybody(State((engine, metrics)): State<(Engine, Arc<Metrics>)>) -> Response {
    tell(&engine, &metrics).await
}

async fn tell(engine: &Engine, metrics: &Metrics) -> Response {
    match metrics.text(engine).await {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")], text).into_response(),
        Err(error) => ApiError::from(engine::Error::Internal(format!("metrics: {error}"))).into_response(),
    }
}
