//! Sessions for tools: log in, who am I, a new password, log out everywhere.

use app::ClientIp;
use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use engine::Engine;
use model::account::{Account, Credentials, LoggedIn as Login, PasswordChange};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    asker::came_by_cookie, auth::LoggedIn, body::JsonBody, openapi::tags::SESSION, origin, problem::ApiResult,
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(login))
        .routes(routes!(logout))
        .routes(routes!(me))
        .routes(routes!(change_password))
}

/// Log in
///
/// Send the token as `Authorization: Bearer …` until it expires. Browsers log in through the page, which sets a cookie
/// that scripts cannot read. After ten wrong passwords for an account from one address, or 25 from one address, the
/// answer is 429 for what is left of 15 minutes, whatever is sent.
#[utoipa::path(
    post, path = "/auth/login", operation_id = "logIn", tag = SESSION,
    security(()),
    request_body(content = Credentials, example = json!({ "email": "admin@example.com", "password": "…" })),
    responses((status = 200, body = Login), (status = 401), (status = 403), (status = 429)),
)]
async fn login(
    State(engine): State<Engine>,
    Extension(ClientIp(ip)): Extension<ClientIp>,
    headers: HeaderMap,
    JsonBody(credentials): JsonBody<Credentials>,
) -> ApiResult<Response> {
    if origin::is_own(engine.public_url(), &headers) == Some(false) {
        return Err(origin::refused());
    }
    let logged_in = engine.log_in(credentials, ip).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(logged_in)).into_response())
}

/// Log out everywhere
///
/// Every session of the account ends.
#[utoipa::path(
    post, path = "/auth/logout", operation_id = "logOut", tag = SESSION,
    responses((status = 204)),
)]
async fn logout(State(engine): State<Engine>, LoggedIn(session): LoggedIn) -> ApiResult<StatusCode> {
    engine.log_out(&session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who am I
#[utoipa::path(
    get, path = "/auth/me", operation_id = "whoAmI", tag = SESSION,
    responses((status = 200, body = Account)),
)]
async fn me(LoggedIn(session): LoggedIn) -> Json<Account> {
    Json(session.account)
}

/// Change one's own password
///
/// Every session of the account ends, this one too: log in again. A browser's session goes on in a new cookie.
#[utoipa::path(
    post, path = "/auth/password", operation_id = "changePassword", tag = SESSION,
    request_body(content = PasswordChange, example = json!({
        "current_password": "…", "new_password": "correct horse battery staple",
    })),
    responses((status = 204)),
)]
async fn change_password(
    State(state): State<AppState>,
    LoggedIn(session): LoggedIn,
    Extension(ClientIp(ip)): Extension<ClientIp>,
    headers: HeaderMap,
    JsonBody(change): JsonBody<PasswordChange>,
) -> ApiResult<Response> {
    let again = state.engine.change_password(&session, change, ip).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    let rules = state.cookies;
    if came_by_cookie(&headers)
        && let Some(cookie) = app::session::cookie(&again.token, again.expires_at, rules)
    {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
