//! `/r/{code}`, where [`crate::front`] has not answered already: dead ends, `HEAD`, and whoever came to a connection
//! of the router. Writes the click down, then sends the shopper on. No database, no parsing of user agents.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Path, State, rejection::PathRejection},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::any,
};
use engine::{ClickBatch, Engine, Visit, catalog::LinkFact};
use model::ClickId;

use crate::{
    client_ip::{TrustedProxies, client_ip},
    metrics::{Followed, Metrics},
    problem::{ApiError, PROBLEM_JSON, RequestId},
    small_page::small_page,
    visit::says_prefetch,
};

/// With a state of its own: less is cloned for each click.
pub fn router(engine: Engine, proxies: Arc<TrustedProxies>, metrics: Arc<Metrics>) -> Router {
    Router::new().route("/r/{code}", any(redirect)).with_state((engine, proxies, metrics))
}

async fn redirect(
    State((engine, proxies, metrics)): State<(Engine, Arc<TrustedProxies>, Arc<Metrics>)>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    method: Method,
    code: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    // What is no text names no link.
    let Some(link) = code.ok().and_then(|Path(code)| engine.link(&code)) else {
        metrics.follows.router.note(Followed::NotFound);
        return dead_end(&headers, StatusCode::NOT_FOUND);
    };
    if !link.redirects() {
        metrics.follows.router.note(Followed::Gone);
        return dead_end(&headers, StatusCode::GONE);
    }
    let click = if method == Method::GET {
        record(&engine, &link, &visit(&proxies, peer, &headers)).await
    } else {
        // Not a visit: the same answer, and nothing is recorded.
        engine.new_click_id()
    };
    let mut location = Vec::new();
    link.location.write(&mut location, &link.code, uri.query(), click);
    let Ok(location) = HeaderValue::from_bytes(&location) else {
        tracing::error!(link = %link.id, "a destination cannot stand in a header");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    metrics.follows.router.note(Followed::Redirected);
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert(header::LOCATION, location);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn record(engine: &Engine, link: &LinkFact, visit: &Visit<'_>) -> ClickId {
    let mut batch = ClickBatch::default();
    let id = engine.note_click(link, visit, &mut batch);
    if engine.keeping_clicks_waits() {
        let engine = engine.clone();
        // A fault there is a lost click, which is counted and logged.
        let _ = tokio::task::spawn_blocking(move || engine.keep_clicks(&batch)).await;
    } else {
        engine.keep_clicks(&batch);
    }
    id
}

fn visit<'a>(proxies: &TrustedProxies, peer: SocketAddr, headers: &'a HeaderMap) -> Visit<'a> {
    let lines = |name| headers.get_all(name).into_iter().map(HeaderValue::as_bytes);
    let bytes = |name: HeaderName| headers.get(name).map_or(&b""[..], HeaderValue::as_bytes);
    Visit {
        ip: client_ip(proxies, peer.ip(), lines("x-forwarded-for"), lines("forwarded")),
        is_prefetch: is_prefetch(headers),
        user_agent: bytes(header::USER_AGENT),
        referrer: bytes(header::REFERER),
    }
}

fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose"]
        .into_iter()
        .flat_map(|name| headers.get_all(name))
        .any(|value| says_prefetch(value.as_bytes()))
}

/// A small page that says what happened; problem+json where the client asks for JSON.
fn dead_end(headers: &HeaderMap, status: StatusCode) -> Response {
    let (title, text) = if status == StatusCode::GONE {
        ("This link has ended", "The link you followed is no longer in use. The shop it led to may still be open.")
    } else {
        ("No such link", "The link you followed does not exist. It may be mistyped or cut off.")
    };
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.contains("json") && !accept.contains("text/html") {
        let kind = if status == StatusCode::GONE { "link-gone" } else { "not-found" };
        let problem = ApiError::new(status, kind, title, text).problem(RequestId::fresh().0);
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        return (status, [no_store, (header::CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
    }
    small_page(status, title, text)
}
