//! `bench bare-axum PORT`: axum answering 302, recording nothing.

use anyhow::Result;
use axum::{
    Router,
    body::Body,
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::Response,
    routing::any,
};

pub async fn serve(port: u16) -> Result<()> {
    super::serve(Router::new().route("/r/{code}", any(redirect)), port).await
}

async fn redirect(Path(_code): Path<String>) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static(crate::redirect::LOCATION));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
