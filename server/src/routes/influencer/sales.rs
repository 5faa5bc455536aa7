//! `/api/v1/influencer/sales`: what an influencer sold, without a word of who bought it.

use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::request::Parts,
    response::Response,
};
use engine::{Engine, ExportKind};
use model::{
    CampaignId, CouponId, LinkId, activity::ActivityQuery, attribution::Method, own::Sale, page::Page, stats::Preset,
    text::ZoneName,
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{
    exports,
    listing::{OfPage, asked, finish, given, limit},
    stats::Asked,
};
use crate::{
    auth::Influencer,
    openapi::{bodies::Moment, tags::OWN},
    problem::{ApiError, ApiResult},
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(sales)).routes(routes!(export))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AskedSales {
    #[serde(flatten)]
    within: Asked,
    limit: Option<String>,
    cursor: Option<String>,
}

/// The same, as the document has it.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation: the query is read as text")]
pub struct OwnFilters {
    /// The first day, in `tz`; or the first moment.
    from: Option<Moment>,
    /// The last day, in `tz` and inclusive; or the moment it ends, exclusive.
    to: Option<Moment>,
    /// A range by name; counts only where neither `from` nor `to` is given.
    range: Option<Preset>,
    /// The zone of days. Default: UTC.
    tz: Option<ZoneName>,
    campaign_id: Option<CampaignId>,
    link_id: Option<LinkId>,
    coupon_id: Option<CouponId>,
    /// What was credited so.
    method: Option<Method>,
}

/// Which sales are asked for.
struct Which(ActivityQuery);

impl<S: Send + Sync> FromRequestParts<S> for Which {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let asked: AskedSales = asked(parts, state).await?;
        let mut errors = Vec::new();
        let query = ActivityQuery {
            within: asked.within.read(&mut errors),
            limit: limit(asked.limit, &mut errors),
            cursor: given(asked.cursor),
            ..ActivityQuery::default()
        };
        finish(Self(query), errors)
    }
}

/// List what one sold, newest first
///
/// Purchases that were credited to oneself, by when they occurred; without a range all of them.
#[utoipa::path(
    get, path = "/influencer/sales", operation_id = "listOwnSales", tag = OWN,
    params(OwnFilters, OfPage),
    responses((status = 200, body = Page<Sale>)),
)]
async fn sales(
    State(engine): State<Engine>,
    Influencer(session): Influencer,
    Which(query): Which,
) -> ApiResult<Json<Page<Sale>>> {
    Ok(Json(engine.own_sales(&session, &query).await?))
}

/// Save what one sold as CSV
///
/// Oldest first, by when it occurred. Default range: 30 days, today included.
#[utoipa::path(
    get, path = "/influencer/exports/sales.csv", operation_id = "exportOwnSales", tag = OWN,
    params(OwnFilters),
    responses((status = 200, content_type = "text/csv", body = String), (status = 429)),
)]
async fn export(
    State(engine): State<Engine>,
    Influencer(session): Influencer,
    which: exports::Which,
) -> ApiResult<Response> {
    exports::answer(&engine, &session, ExportKind::Sales, which).await
}
