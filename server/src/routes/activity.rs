//! `/api/v1/clicks` and `/api/v1/events`: what happened, newest first.

use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::request::Parts,
};
use engine::Engine;
use model::{
    EventId,
    activity::{ActivityQuery, Click, Event},
    event::Action,
    page::Page,
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    listing::{OfPage, asked, finish, flag, given, limit, parsed},
    stats::{Asked, Filters},
};
use crate::{
    auth::Tenant,
    openapi::tags::ACTIVITY,
    path::Id,
    problem::{ApiError, ApiResult},
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_clicks)).routes(routes!(list_events)).routes(routes!(show_event))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AskedActivity {
    #[serde(flatten)]
    within: Asked,
    action: Option<String>,
    is_bot: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation: the query is read as text")]
struct OfVisitor {
    /// Bots alone, or people alone. Default: both.
    is_bot: Option<bool>,
    /// `false`: people alone, as in the figures. `is_bot` wins.
    include_bots: Option<bool>,
}

/// Which clicks or events are asked for.
struct Which(ActivityQuery);

impl<S: Send + Sync> FromRequestParts<S> for Which {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let asked: AskedActivity = asked(parts, state).await?;
        let mut errors = Vec::new();
        let people_alone = flag("include_bots", asked.within.include_bots.clone(), &mut Vec::new()) == Some(false);
        let query = ActivityQuery {
            within: asked.within.read(&mut errors),
            action: parsed("action", asked.action, &mut errors),
            is_bot: flag("is_bot", asked.is_bot, &mut errors).or(people_alone.then_some(false)),
            limit: limit(asked.limit, &mut errors),
            cursor: given(asked.cursor),
        };
        finish(Self(query), errors)
    }
}

/// List clicks, newest first
///
/// Without a range all of them. Advertisers see their own, without addresses of visitors.
#[utoipa::path(
    get, path = "/clicks", operation_id = "listClicks", tag = ACTIVITY,
    params(Filters, OfVisitor, OfPage),
    responses((status = 200, body = Page<Click>)),
)]
async fn list_clicks(
    State(engine): State<Engine>,
    Tenant(session): Tenant,
    Which(query): Which,
) -> ApiResult<Json<Page<Click>>> {
    Ok(Json(engine.list_clicks(&session, &query).await?))
}

/// List events, newest first
///
/// By when they occurred; without a range all of them. Advertisers see their own.
#[utoipa::path(
    get, path = "/events", operation_id = "listEvents", tag = ACTIVITY,
    params(Filters, ("action" = Option<Action>, Query), OfPage),
    responses((status = 200, body = Page<Event>)),
)]
async fn list_events(
    State(engine): State<Engine>,
    Tenant(session): Tenant,
    Which(query): Which,
) -> ApiResult<Json<Page<Event>>> {
    Ok(Json(engine.list_events(&session, &query).await?))
}

/// Read an event
///
/// By its id here, the `id` of the answer to `POST /events`.
#[utoipa::path(
    get, path = "/events/{id}", operation_id = "getEvent", tag = ACTIVITY,
    params(("id" = EventId, Path)),
    responses((status = 200, body = Event)),
)]
async fn show_event(
    State(engine): State<Engine>,
    Tenant(session): Tenant,
    Id(id): Id<EventId>,
) -> ApiResult<Json<Event>> {
    Ok(Json(engine.event(&session, id).await?))
}
