//! What every list takes: filters, a search, an order, `limit` and `cursor`.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use engine::PageAt;
use model::{FieldError, page::ListQuery, text::RuleError};
use serde::Deserialize;

use crate::problem::ApiError;

/// As text, so that all that is wrong can be named at once.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: Option<String>,
    status: Option<String>,
    advertiser_id: Option<String>,
    campaign_id: Option<String>,
    influencer_id: Option<String>,
    role: Option<String>,
    sort: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

async fn asked<T: for<'de> Deserialize<'de> + 'static, S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
) -> Result<T, ApiError> {
    let Query(asked) = Query::<T>::from_request_parts(parts, state)
        .await
        .map_err(|error| ApiError::invalid(vec![FieldError::new("query", error.body_text())]))?;
    Ok(asked)
}

/// An empty parameter, as forms send it, is none.
pub fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// A parameter that follows the rule of `T`; what breaks it is noted.
pub fn parsed<T: FromStr<Err = RuleError>>(
    field: &str,
    text: Option<String>,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    given(text)?.parse().map_err(|rule| errors.push(FieldError::new(field, rule))).ok()
}

/// `limit`; its range is checked where the list is read.
pub fn limit(text: Option<String>, errors: &mut Vec<FieldError>) -> Option<u32> {
    let wrong = |_| errors.push(FieldError::new("limit", "must be a number from 1 to 500"));
    given(text)?.parse().map_err(wrong).ok()
}

/// Which items of a list are asked for.
pub struct Listing(pub ListQuery);

impl<S: Send + Sync> FromRequestParts<S> for Listing {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let asked: Asked = asked(parts, state).await?;
        let mut errors = Vec::new();
        let query = ListQuery {
            q: given(asked.q),
            status: given(asked.status),
            advertiser_id: parsed("advertiser_id", asked.advertiser_id, &mut errors),
            campaign_id: parsed("campaign_id", asked.campaign_id, &mut errors),
            influencer_id: parsed("influencer_id", asked.influencer_id, &mut errors),
            role: given(asked.role),
            sort: parsed("sort", asked.sort, &mut errors),
            limit: limit(asked.limit, &mut errors),
            cursor: given(asked.cursor),
        };
        if errors.is_empty() { Ok(Self(query)) } else { Err(ApiError::invalid(errors)) }
    }
}

#[derive(Deserialize)]
struct PageQuery {
    limit: Option<String>,
    cursor: Option<String>,
}

/// Which page of a list without filters is asked for.
pub struct Paging(pub PageAt);

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query: PageQuery = asked(parts, state).await?;
        Ok(Self(PageAt::parse(query.limit.as_deref(), query.cursor.as_deref())?))
    }
}

/// An id in a path. What is no id names nothing.
pub fn id<T: FromStr>(text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|_| ApiError::not_found())
}
