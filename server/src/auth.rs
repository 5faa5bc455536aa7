//! Who asks: a session by bearer token or cookie, an advertiser by API key.

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, Method, header, request::Parts},
};
use engine::{Engine, Session};

use crate::{
    origin,
    problem::{ApiError, ApiResult},
};

/// A handler that takes this is open to logged-in accounts alone.
pub struct LoggedIn(pub Session);

impl<S> FromRequestParts<S> for LoggedIn
where
    Engine: FromRef<S>,
    S: Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        session(&Engine::from_ref(state), &parts.method, &parts.headers).map(Self)
    }
}

/// A handler that takes this is open to admins alone: others are refused before their body is read.
pub struct Admin(pub Session);

impl<S> FromRequestParts<S> for Admin
where
    Engine: FromRef<S>,
    S: Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let LoggedIn(session) = LoggedIn::from_request_parts(parts, state).await?;
        session.admin()?;
        Ok(Self(session))
    }
}

/// A handler that takes this is open to admins and advertisers alone: influencers, who have paths of their own, are
/// refused before path and query are read.
pub struct Tenant(pub Session);

impl<S> FromRequestParts<S> for Tenant
where
    Engine: FromRef<S>,
    S: Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let LoggedIn(session) = LoggedIn::from_request_parts(parts, state).await?;
        session.tenant()?;
        Ok(Self(session))
    }
}

/// A handler that takes this is open to influencers alone, who see their own: others are refused before path and query
/// are read.
pub struct Influencer(pub Session);

impl<S> FromRequestParts<S> for Influencer
where
    Engine: FromRef<S>,
    S: Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let LoggedIn(session) = LoggedIn::from_request_parts(parts, state).await?;
        session.influencer()?;
        Ok(Self(session))
    }
}

fn session(engine: &Engine, method: &Method, headers: &HeaderMap) -> ApiResult<Session> {
    if let Some(token) = bearer(headers) {
        return engine.session(token).ok_or_else(ApiError::unauthenticated);
    }
    let token = app::session::token(headers).ok_or_else(ApiError::unauthenticated)?;
    let session = engine.session(token).ok_or_else(ApiError::unauthenticated)?;
    // A browser sends the cookie along whoever made the page: a write must come from ours.
    if !method.is_safe() && origin::is_own(engine.public_url(), headers) != Some(true) {
        return Err(origin::refused());
    }
    Ok(session)
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
