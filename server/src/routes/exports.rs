//! `/api/v1/exports`: clicks and events as CSV, in the scope of whoever asks.

use axum::{
    body::{Body, Bytes},
    extract::{FromRequestParts, State},
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
    response::{IntoResponse, Response},
};
use engine::{Engine, Error, ExportKind, Session};
use futures_util::stream;
use model::stats::StatsQuery;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    listing::{asked, finish},
    stats::{Asked, Filters, WithBots},
};
use crate::{
    asker::Token,
    auth::Tenant,
    openapi::tags::FIGURES,
    problem::{ApiError, ApiResult},
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(events)).routes(routes!(clicks))
}

/// Which rows are asked for, and how they are sent.
pub struct Which {
    query: StatsQuery,
    /// `HEAD` asks for the answer's head alone.
    is_head: bool,
    gzip: bool,
    /// None of a request that no session was found for, which is refused.
    token: Option<Token>,
}

impl<S: Send + Sync> FromRequestParts<S> for Which {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let asked: Asked = asked(parts, state).await?;
        let mut errors = Vec::new();
        let query = asked.read(&mut errors);
        let (is_head, gzip) = (parts.method == Method::HEAD, takes_gzip(&parts.headers));
        finish(Self { query, is_head, gzip, token: parts.extensions.get().cloned() }, errors)
    }
}

/// Save events as CSV
///
/// Oldest first, by when they occurred, as they stand when the export begins. Default range: 30 days, today included.
/// Packed where `Accept-Encoding` names gzip. Where something fails midway, the connection ends before the last chunk.
/// An account has two exports at a time.
#[utoipa::path(
    get, path = "/exports/events.csv", operation_id = "exportEvents", tag = FIGURES,
    params(Filters),
    responses((status = 200, content_type = "text/csv", body = String), (status = 429)),
)]
async fn events(State(engine): State<Engine>, Tenant(session): Tenant, which: Which) -> ApiResult<Response> {
    answer(&engine, &session, ExportKind::Events, which).await
}

/// Save clicks as CSV
///
/// As events are saved. People's alone, as in the figures, unless `include_bots` says otherwise; without addresses.
#[utoipa::path(
    get, path = "/exports/clicks.csv", operation_id = "exportClicks", tag = FIGURES,
    params(Filters, WithBots),
    responses((status = 200, content_type = "text/csv", body = String), (status = 429)),
)]
async fn clicks(State(engine): State<Engine>, Tenant(session): Tenant, which: Which) -> ApiResult<Response> {
    answer(&engine, &session, ExportKind::Clicks, which).await
}

/// What is wrong is answered before the export begins. Nothing more leaves once the session has ended.
pub async fn answer(engine: &Engine, session: &Session, kind: ExportKind, which: Which) -> ApiResult<Response> {
    let Which { query, is_head, gzip, token } = which;
    let token = token.ok_or_else(ApiError::unauthenticated)?;
    let export = engine.export(session, kind, &query).await?;
    let name = HeaderValue::try_from(format!("attachment; filename=\"{}\"", export.file_name));
    let body = if is_head {
        // Of no known length, as the file is.
        Body::from_stream(stream::empty::<Result<Bytes, std::convert::Infallible>>())
    } else {
        let pages = engine.begin_export(export, gzip).await?;
        let pages = stream::try_unfold((pages, token, engine.clone()), |(mut pages, token, engine)| async {
            let Some(page) = pages.next().await else { return Ok(None) };
            token.check(&engine)?;
            Ok::<_, Error>(Some((Bytes::from(page?), (pages, token, engine))))
        });
        Body::from_stream(pages)
    };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(name) = name {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    if gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

/// RFC 9110, 12.5.3: named, or by `*`, with a weight above zero.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let mut of_all = None;
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    for coding in lines.flat_map(|line| line.split(',')) {
        let (name, rest) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = rest.trim().strip_prefix("q=").map_or(Some(1.0), |weight| weight.trim().parse::<f32>().ok());
        let wanted = weight.is_some_and(|weight| weight > 0.0);
        match name.trim() {
            name if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => return wanted,
            "*" => of_all = Some(wanted),
            _ => {}
        }
    }
    of_all.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_packed_where_the_client_takes_it() {
        for (accepted, packed) in [
            ("gzip, deflate, br, zstd", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("*", true),
            ("x-gzip", true),
            ("identity", false),
            ("", false),
            ("gzip;q=0", false),
            ("gzip; q=0.000, *", false),
            ("*;q=0", false),
            ("gzip;q=x", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted))]);
            assert_eq!(takes_gzip(&headers), packed, "{accepted}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
