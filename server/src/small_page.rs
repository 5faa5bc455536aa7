//! A page without the app: for shoppers at a dead end, and for where the app cannot be asked.

use std::sync::LazyLock;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use engine::secret::sha256;

const STYLE: &str = ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}\
    main{max-width:32rem;margin:20vh auto;padding:0 1rem}h1{font-size:1.5rem}";

/// That one style, and the icon.
static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    let style = STANDARD.encode(sha256(STYLE.as_bytes()));
    HeaderValue::try_from(format!(
        "default-src 'none'; style-src 'sha256-{style}'; img-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    ))
    .ok()
});

/// Both are our own words.
pub fn small_page(status: StatusCode, title: &str, text: &str) -> Response {
    let page = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><meta name=\"robots\" content=\"noindex\">\
         <link rel=\"icon\" href=\"/favicon.svg\"><title>{title}</title><style>{STYLE}</style></head>\
         <body><main><h1>{title}</h1><p>{text}</p></main></body></html>"
    );
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let mut response = (status, [no_store], Html(page)).into_response();
    if let Some(policy) = POLICY.clone() {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
