//! The API's document at `/api/v1/openapi.json`, and Swagger UI over it at `/docs/api/`. Both are public, and the pages
//! come from the binary: nothing is loaded from elsewhere.

use axum::{
    Router,
    http::{HeaderValue, header},
    routing::get,
};
use serde_json::Value;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::state::AppState;

const DOCUMENT: &str = "/api/v1/openapi.json";
/// Swagger UI sets styles on its elements and draws its icons from data addresses.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");

pub fn router(document: &Value) -> Router<AppState> {
    let text = document.to_string();
    let config = Config::from(DOCUMENT).validator_url("none").display_request_duration(true).filter(true);
    let pages = Router::from(SwaggerUi::new("/docs/api").config(config))
        .layer(SetResponseHeaderLayer::overriding(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(SetResponseHeaderLayer::overriding(header::X_CONTENT_TYPE_OPTIONS, NO_SNIFF));
    let json = [(header::CONTENT_TYPE, "application/json")];
    Router::new().route(DOCUMENT, get(async move || (json, text))).merge(pages)
}
