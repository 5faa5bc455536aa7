//! Whom a handler is open to. Whose session it is [`crate::asker`] has found.

use axum::{
    extract::{FromRef, FromRequestParts},
    http::request::Parts,
};
use engine::{Engine, Session};

use crate::{
    asker::came_by_cookie,
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
        session(&Engine::from_ref(state), parts).map(Self)
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

fn session(engine: &Engine, parts: &Parts) -> ApiResult<Session> {
    let session = parts.extensions.get::<Session>().ok_or_else(ApiError::unauthenticated)?;
    // A browser sends the cookie along whoever made the page: a write must come from ours.
    if came_by_cookie(&parts.headers)
        && !parts.method.is_safe()
        && origin::is_own(engine.public_url(), &parts.headers) != Some(true)
    {
        return Err(origin::refused());
    }
    Ok(session.clone())
}
