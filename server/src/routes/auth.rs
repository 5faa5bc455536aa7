//! Sessions for tools: log in, who am I, log out everywhere.

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use engine::Engine;
use model::account::{Account, Credentials};

use crate::{auth::LoggedIn, body::JsonBody, origin, problem::ApiResult, state::AppState};

pub fn router() -> Router<AppState> {
    Router::new().route("/login", post(login)).route("/logout", post(logout)).route("/me", get(me))
}

async fn login(
    State(engine): State<Engine>,
    headers: HeaderMap,
    JsonBody(credentials): JsonBody<Credentials>,
) -> ApiResult<Response> {
    if origin::is_own(engine.public_url(), &headers) == Some(false) {
        return Err(origin::refused());
    }
    let logged_in = engine.log_in(credentials).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(logged_in)).into_response())
}

async fn logout(State(engine): State<Engine>, LoggedIn(session): LoggedIn) -> ApiResult<StatusCode> {
    engine.log_out(&session).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn me(LoggedIn(session): LoggedIn) -> Json<Account> {
    Json(session.account)
}
