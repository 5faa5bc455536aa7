//! Ids in a path. What is no id names nothing.

use std::str::FromStr;

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};

use crate::problem::ApiError;

/// The only id of a path.
pub struct Id<T>(pub T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(text): Path<String> = read(parts, state).await?;
        parsed(&text).map(Self)
    }
}

/// Two ids, in the path's order.
pub struct Ids<A, B>(pub A, pub B);

impl<A: FromStr, B: FromStr, S: Send + Sync> FromRequestParts<S> for Ids<A, B> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path((first, second)): Path<(String, String)> = read(parts, state).await?;
        Ok(Self(parsed(&first)?, parsed(&second)?))
    }
}

async fn read<T, S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<Path<T>, ApiError>
where
    T: serde::de::DeserializeOwned + Send,
{
    Path::from_request_parts(parts, state).await.map_err(|_| ApiError::not_found())
}

fn parsed<T: FromStr>(text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|_| ApiError::not_found())
}
