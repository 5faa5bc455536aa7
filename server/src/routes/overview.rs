//! `/api/v1/diagnostics` and `/api/v1/lookup`: how the platform stands, and the look-up box.

use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::request::Parts,
};
use engine::Engine;
use model::{
    FieldError,
    overview::{Diagnostics, Finds},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::listing::{asked, given};
use crate::{
    auth::{Admin, Tenant},
    openapi::tags::PLATFORM,
    problem::{ApiError, ApiResult},
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(diagnostics)).routes(routes!(look_up))
}

/// How the platform stands
#[utoipa::path(
    get, path = "/diagnostics", operation_id = "getDiagnostics", tag = PLATFORM,
    responses((status = 200, body = Diagnostics)),
)]
async fn diagnostics(State(engine): State<Engine>, Admin(session): Admin) -> ApiResult<Json<Diagnostics>> {
    Ok(Json(engine.diagnostics(&session).await?))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// A coupon's or link's code, a link's address, an order number, or the id of a click, event or request.
    #[param(value_type = String, min_length = 1, max_length = 255, pattern = r"[^\s]")]
    q: Option<String>,
}

/// The text that is looked up.
struct Text(String);

impl<S: Send + Sync> FromRequestParts<S> for Text {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let asked: Asked = asked(parts, state).await?;
        given(asked.q).map(Self).ok_or_else(|| ApiError::invalid(vec![FieldError::new("q", "is required")]))
    }
}

/// Find the records that a text names
///
/// Advertisers find their own. Nothing found is an empty list.
#[utoipa::path(
    get, path = "/lookup", operation_id = "lookUp", tag = PLATFORM,
    params(Asked),
    responses((status = 200, body = Finds)),
)]
async fn look_up(State(engine): State<Engine>, Tenant(session): Tenant, Text(text): Text) -> ApiResult<Json<Finds>> {
    Ok(Json(engine.look_up(&session, &text).await?))
}
