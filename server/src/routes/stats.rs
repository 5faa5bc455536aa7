//! `/api/v1/stats`: figures, in the scope of whoever asks.

use axum::{
    Json, Router,
    extract::{Query, State, rejection::QueryRejection},
    routing::get,
};
use engine::Engine;
use model::{
    FieldError,
    stats::{Chart, Overview, StatsQuery},
};
use serde::Deserialize;

use crate::{
    auth::LoggedIn,
    problem::{ApiError, ApiResult},
    state::AppState,
};

pub fn router() -> Router<AppState> {
    Router::new().route("/overview", get(overview)).route("/chart", get(chart))
}

/// The query as text, so that all that is wrong in it can be named at once.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    from: Option<String>,
    to: Option<String>,
    range: Option<String>,
    tz: Option<String>,
    interval: Option<String>,
    include_bots: Option<String>,
    advertiser_id: Option<String>,
    campaign_id: Option<String>,
    influencer_id: Option<String>,
    link_id: Option<String>,
    coupon_id: Option<String>,
    method: Option<String>,
    compare: Option<String>,
}

impl Asked {
    fn read(self) -> ApiResult<StatsQuery> {
        let mut errors = Vec::new();
        let include_bots = match self.include_bots.as_deref() {
            None | Some("false" | "0" | "") => false,
            Some("true" | "1") => true,
            Some(_) => {
                errors.push(FieldError::new("include_bots", "must be true or false"));
                false
            }
        };
        if given(self.compare).is_some() {
            errors.push(FieldError::new("compare", "is not available yet; leave it out"));
        }
        let query = StatsQuery {
            advertiser_id: parse("advertiser_id", self.advertiser_id, &mut errors),
            campaign_id: parse("campaign_id", self.campaign_id, &mut errors),
            influencer_id: parse("influencer_id", self.influencer_id, &mut errors),
            link_id: parse("link_id", self.link_id, &mut errors),
            coupon_id: parse("coupon_id", self.coupon_id, &mut errors),
            method: parse("method", self.method, &mut errors),
            from: given(self.from),
            to: given(self.to),
            range: given(self.range),
            tz: given(self.tz),
            interval: given(self.interval),
            include_bots,
        };
        if errors.is_empty() { Ok(query) } else { Err(ApiError::invalid(errors)) }
    }
}

/// An empty parameter, as forms send it, is none.
fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn parse<T: std::str::FromStr<Err = model::text::RuleError>>(
    field: &str,
    text: Option<String>,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    given(text)?.parse().map_err(|rule| errors.push(FieldError::new(field, rule))).ok()
}

fn read(asked: Result<Query<Asked>, QueryRejection>) -> ApiResult<StatsQuery> {
    let Query(asked) = asked.map_err(|error| ApiError::invalid(vec![FieldError::new("query", error.body_text())]))?;
    asked.read()
}

async fn overview(
    State(engine): State<Engine>,
    LoggedIn(session): LoggedIn,
    asked: Result<Query<Asked>, QueryRejection>,
) -> ApiResult<Json<Overview>> {
    // Influencers have their own paths, under influencer/stats.
    session.tenant()?;
    Ok(Json(engine.overview(&session, &read(asked)?).await?))
}

async fn chart(
    State(engine): State<Engine>,
    LoggedIn(session): LoggedIn,
    asked: Result<Query<Asked>, QueryRejection>,
) -> ApiResult<Json<Chart>> {
    session.tenant()?;
    Ok(Json(engine.chart(&session, &read(asked)?).await?))
}
