//! What every list takes: `limit` and `cursor`.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use engine::PageAt;
use serde::Deserialize;

use crate::problem::ApiError;

#[derive(Deserialize)]
struct PageQuery {
    limit: Option<String>,
    cursor: Option<String>,
}

/// Which page of a list is asked for.
pub struct Paging(pub PageAt);

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::<PageQuery>::from_request_parts(parts, state).await;
        let Query(query) =
            query.map_err(|error| ApiError::invalid(vec![model::FieldError::new("query", error.body_text())]))?;
        Ok(Self(PageAt::parse(query.limit.as_deref(), query.cursor.as_deref())?))
    }
}

/// An id in a path. What is no id names nothing.
pub fn id<T: std::str::FromStr>(text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|_| ApiError::not_found())
}
