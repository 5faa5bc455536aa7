//! Request bodies: within their size, JSON, an object. Each breach has its own answer.

use std::{error::Error, io};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};
use futures_util::StreamExt;
use model::{Fields, FromFields, fields::BodyError};

use crate::{connections::NoRoom, problem::ApiError};

/// Most bytes of one JSON body.
pub const MOST_BYTES: usize = model::event::MOST_BODY;
/// So much of an oversized body is read and thrown away, so that its sender gets to read the answer.
const MOST_DISCARDED: usize = 16 << 20;

/// Most bytes of a body that lists ids: 10,000 of them.
pub const MOST_BYTES_OF_IDS: usize = 512 * 1024;

/// A JSON object that follows its rules; else one answer that names all it breaks.
pub struct JsonBody<T, const MOST: usize = MOST_BYTES>(pub T);

impl<T: FromFields, S: Sync, const MOST: usize> FromRequest<S> for JsonBody<T, MOST> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let mut fields = json_fields(&parts.headers, &read(body, MOST).await?)?;
        let whole = T::read(&mut fields);
        fields.finish(whole).map(Self).map_err(ApiError::invalid)
    }
}

/// As [`JsonBody`], where a request without a body, or with an empty one, says the usual.
pub struct OptionalBody<T>(pub T);

impl<T: FromFields, S: Sync> FromRequest<S> for OptionalBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let bytes = read(body, MOST_BYTES).await?;
        let mut fields = if bytes.is_empty() { Fields::default() } else { json_fields(&parts.headers, &bytes)? };
        let whole = T::read(&mut fields);
        fields.finish(whole).map(Self).map_err(ApiError::invalid)
    }
}

pub fn json_fields(headers: &HeaderMap, bytes: &[u8]) -> Result<Fields, ApiError> {
    if !is_json(headers) {
        let detail = "Send the body as \"Content-Type: application/json\".";
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "Not JSON", detail));
    }
    Fields::parse(bytes).map_err(|error| match error {
        BodyError::NotJson(reason) => ApiError::new(
            StatusCode::BAD_REQUEST,
            "not-json",
            "The body is not JSON",
            format!("The body is not JSON: {reason}."),
        ),
        BodyError::NotAnObject => ApiError::invalid(vec![model::FieldError::new("", "the body must be a JSON object")]),
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let named = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = named.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

async fn read(body: Body, most: usize) -> Result<Bytes, ApiError> {
    let (bytes, is_all) = read_most(body, most).await;
    is_all.map(|()| bytes)
}

/// The body as far as it is taken, and what is wrong with the rest.
pub async fn read_most(body: Body, most: usize) -> (Bytes, Result<(), ApiError>) {
    let mut collected = Vec::new();
    let is_all = collect(body, most, &mut collected).await;
    (collected.into(), is_all)
}

async fn collect(body: Body, most: usize, collected: &mut Vec<u8>) -> Result<(), ApiError> {
    let mut stream = body.into_data_stream();
    let mut seen = 0;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| incomplete(&error))?;
        seen += chunk.len();
        if seen > MOST_DISCARDED {
            break;
        }
        if seen <= most {
            collected.extend_from_slice(&chunk);
        }
    }
    if seen > most {
        let detail = format!("The body may have at most {most} bytes.");
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large", detail));
    }
    Ok(())
}

/// What is wrong with a body that is not all there: whose sender took too long, or went away.
fn incomplete(error: &(dyn Error + 'static)) -> ApiError {
    let mut causes = std::iter::successors(Some(error), |&error| error.source());
    if causes.any(<dyn Error>::is::<NoRoom>) {
        return NoRoom.into();
    }
    let is_slow = |error: &(dyn Error + 'static)| {
        error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
    };
    if std::iter::successors(Some(error), |&error| error.source()).any(is_slow) {
        let detail = "The body took too long to arrive.";
        return ApiError::new(StatusCode::REQUEST_TIMEOUT, "timeout", "Too slow", detail);
    }
    ApiError::new(StatusCode::BAD_REQUEST, "bad-request", "Bad request", "The body broke off before its end.")
}
