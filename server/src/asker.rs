//! Who asks: from which address, under which session, and whether that account asks too often. Settled once, before
//! pages and API, which find it beside the request.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use app::{AppError, ClientIp, ErrorKind};
use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use engine::{Engine, Session};

use crate::{
    client_ip::client_ip,
    problem::{ApiError, AskedBy, is_for_machines},
    small_page::small_page,
    state::AppState,
};

pub async fn layer(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    if let Some(ip) = came_from(&state, &request) {
        request.extensions_mut().insert(ClientIp(ip));
    }
    let (mut allowance, mut asked_by) = (None, None);
    if let Some((session, token)) = session(&state, request.uri().path(), request.headers()) {
        allowance = match state.account_limit.take(session.account.id) {
            Ok(allowance) => allowance,
            Err(error) => return too_fast(request.uri().path(), error),
        };
        asked_by = Some(AskedBy(session.account.id));
        request.extensions_mut().insert(session);
        request.extensions_mut().insert(token);
    }
    let mut response = next.run(request).await;
    if let Some(allowance) = allowance {
        allowance.write(response.headers_mut());
    }
    if let Some(asked_by) = asked_by {
        response.extensions_mut().insert(asked_by);
    }
    response
}

fn came_from(state: &AppState, request: &Request) -> Option<IpAddr> {
    let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    let lines = |name| request.headers().get_all(name).into_iter().map(HeaderValue::as_bytes);
    Some(client_ip(&state.trusted_proxies, peer.ip(), lines("x-forwarded-for"), lines("forwarded")))
}

/// Tools say who they are by a bearer token; where there is none, a browser does by its cookie. Pages and their
/// functions know the cookie alone.
fn session(state: &AppState, path: &str, headers: &HeaderMap) -> Option<(Session, Token)> {
    // Files are the same for everybody.
    if path.starts_with("/pkg/") {
        return None;
    }
    let bearer = bearer(headers).filter(|_| is_for_machines(path) || by_cookie(state, headers).is_none());
    let token = bearer.or_else(|| by_cookie(state, headers))?;
    Some((state.engine.session(token)?, Token(token.into())))
}

/// The token of a request's session, for answers that go on for long: a session may end meanwhile.
#[derive(Clone)]
pub struct Token(Arc<str>);

impl Token {
    pub fn check(&self, engine: &Engine) -> Result<(), engine::Error> {
        if engine.session(&self.0).is_some() {
            return Ok(());
        }
        tracing::info!("an answer is cut off: its session has ended");
        Err(engine::Error::Forbidden)
    }
}

fn by_cookie<'a>(state: &AppState, headers: &'a HeaderMap) -> Option<&'a str> {
    app::session::token(headers, state.cookies)
}

/// Whether a request's session came in the browser's cookie.
pub fn came_by_cookie(headers: &HeaderMap) -> bool {
    bearer(headers).is_none()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// As machines, pages' functions and people read it.
fn too_fast(path: &str, error: ApiError) -> Response {
    if is_for_machines(path) {
        return error.into_response();
    }
    let mut response = if path.starts_with("/api/") {
        let (kind, body) = AppError { message: error.detail.clone(), ..AppError::new(ErrorKind::TooMany) }.sent();
        (error.status, [(header::CONTENT_TYPE, kind)], body).into_response()
    } else {
        small_page(error.status, error.title, &error.detail)
    };
    error.write_limits(response.headers_mut());
    response
}
