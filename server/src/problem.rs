//! Every error as RFC 9457 `application/problem+json`: the one place that knows their status codes.

use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use engine::{Error, Seldom};
use model::{AccountId, FieldError, Problem};

use crate::{
    connections::NoRoom,
    metrics::{Metrics, UNMATCHED},
    rate_limit::Allowance,
};

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// An error on its way out. The request's id is added by [`layer`].
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    pub status: StatusCode,
    /// The last part of `type`.
    pub kind: &'static str,
    pub title: &'static str,
    pub detail: String,
    pub errors: Vec<FieldError>,
    /// Seconds after which trying again may help.
    pub retry_after: Option<u32>,
    /// What the API key or account may still send, where that is what is wrong.
    pub allowance: Option<Allowance>,
}

/// An answer that takes longer is said in the log.
const SLOW: Duration = Duration::from_secs(1);

static NOT_SERVED: Seldom = Seldom::new();
/// By route.
static SLOWLY: Seldom<String> = Seldom::new();
/// By account, so that nobody's refusals hide another's; in one for all who have none.
static REFUSED: Seldom<Option<AccountId>> = Seldom::new();
static WRITTEN_BY_NOBODY: Seldom = Seldom::new();

/// Whose session a request came with, told with its answer.
#[derive(Clone, Copy, Debug)]
pub struct AskedBy(pub AccountId);

pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    pub fn new(status: StatusCode, kind: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, kind, title, detail: detail.into(), errors: Vec::new(), retry_after: None, allowance: None }
    }

    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.len() {
            1 => "One field is wrong.".to_owned(),
            count => format!("{count} fields are wrong."),
        };
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation", "The request is not valid", detail) }
    }

    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", "Nothing here answers to this address.")
    }

    pub fn unauthenticated() -> Self {
        let detail = "Log in, or send a session token as \"Authorization: Bearer …\".";
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "Not logged in", detail)
    }

    /// Whoever asks faster than is allowed is told when to come again.
    pub fn too_fast(title: &'static str, detail: String, allowance: Allowance) -> Self {
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate-limited", title, detail);
        Self { retry_after: Some(allowance.reset), allowance: Some(allowance), ..error }
    }

    /// The fields that say when to come again.
    pub fn write_limits(&self, headers: &mut HeaderMap) {
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(allowance) = self.allowance {
            allowance.write(headers);
        }
    }

    pub fn problem(&self, request_id: String) -> Problem {
        Problem {
            kind: format!("urn:tributary:problem:{}", self.kind),
            title: self.title.to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            request_id,
            errors: self.errors.clone(),
        }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(errors) => Self::invalid(errors),
            Error::NotFound => Self::not_found(),
            Error::WrongCredentials => Self::new(
                StatusCode::UNAUTHORIZED,
                "wrong-credentials",
                "Wrong e-mail or password",
                "No active account has this e-mail and password.",
            ),
            Error::Forbidden => {
                Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", "Your role does not open this.")
            }
            Error::Conflict(detail) => Self::new(StatusCode::CONFLICT, "conflict", "Conflict", detail),
            Error::Stale => {
                let detail = "It has changed since the version that If-Match names; read it again.";
                Self::new(StatusCode::PRECONDITION_FAILED, "changed-meanwhile", "Changed meanwhile", detail)
            }
            Error::TooManyFailures { wait } => {
                let detail = format!("Too many tries have failed from here. Try again after {wait} s.");
                let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-failures", "Too many tries", detail);
                Self { retry_after: Some(wait), ..error }
            }
            Error::Busy(detail) => {
                let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "busy", "Too many at once", detail);
                Self { retry_after: Some(5), ..error }
            }
            Error::Unavailable(reason) => {
                NOT_SERVED.say((), |left_out| tracing::warn!(%reason, left_out, "a request could not be served"));
                let detail = "The database does not answer. Nothing was changed; send the same request again.";
                let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not available now", detail);
                Self { retry_after: Some(1), ..error }
            }
            error @ (Error::Internal(_) | Error::Unstorable(_) | Error::Displaced) => {
                tracing::error!(%error, "a request failed");
                let detail = "The fault is ours and is in the log under this request id.";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error", detail)
            }
        }
    }
}

impl From<NoRoom> for ApiError {
    fn from(_: NoRoom) -> Self {
        let detail = "Others' bodies are being read; send the same request again in a moment.";
        let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "no-room", "Too many bodies at once", detail);
        Self { retry_after: Some(1), ..error }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        self.write_limits(response.headers_mut());
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives each request an id, and every error of a machine's path its body; counts it, and says in the log what is to be
/// said of it.
pub async fn layer(State(metrics): State<Arc<Metrics>>, mut request: Request, next: Next) -> Response {
    let route = route(request.extensions().get());
    let asked = Asked::of(request.method(), request.uri().path(), route, metrics);
    request.extensions_mut().insert(asked.id.clone());
    asked.answer_with(next.run(request)).await
}

/// The address as the router has it: it names no code, no token and no id.
fn route(matched: Option<&MatchedPath>) -> Cow<'static, str> {
    match matched.map(MatchedPath::as_str) {
        // What a router inside another did not take.
        Some(path) if path.contains("__private") => UNMATCHED.into(),
        Some(path) => path.to_owned().into(),
        None => UNMATCHED.into(),
    }
}

/// A request as its log lines, its errors and the metrics know it.
pub struct Asked {
    pub id: RequestId,
    method: Method,
    path: String,
    route: Cow<'static, str>,
    metrics: Arc<Metrics>,
    began: Instant,
}

impl Asked {
    pub fn of(method: &Method, path: &str, route: Cow<'static, str>, metrics: Arc<Metrics>) -> Self {
        let (method, path) = (method.clone(), path.to_owned());
        Self { id: RequestId::fresh(), method, path, route, metrics, began: Instant::now() }
    }

    /// Gives the answer what every answer has.
    pub async fn answer_with(self, answer: impl Future<Output = Response>) -> Response {
        let Self { id: RequestId(id), method, path, route, metrics, began } = self;
        let for_machines = is_for_machines(&path);
        // As high as a line can be: whatever is logged of a request names it.
        let span =
            tracing::error_span!("request", request_id = %id, %method, %route, account_id = tracing::field::Empty);
        let mut response = tracing::Instrument::instrument(answer, span.clone()).await;
        let error = response.extensions_mut().remove::<ApiError>();
        let took = began.elapsed();
        let account = response.extensions_mut().remove::<AskedBy>().map(|AskedBy(account)| account);
        metrics.answered(&method, route.clone(), response.status(), took);
        if let Some(error) = error.as_ref().filter(|_| takes_events(&method, &path)) {
            metrics.rejected(error.kind);
        }
        let ended = Ended { method: &method, path: &path, route: &route, account, status: response.status(), took };
        span.in_scope(|| ended.say(error.is_some()));
        let error = error.or_else(|| if for_machines { of_status(response.status(), &method) } else { None });
        if let Some(error) = error {
            let body = serde_json::to_vec(&error.problem(id.clone())).unwrap_or_default();
            response.headers_mut().insert(header::CONTENT_TYPE, PROBLEM_JSON);
            response.headers_mut().remove(header::CONTENT_LENGTH);
            *response.body_mut() = Body::from(body);
        }
        if (path.starts_with("/api/") || path.starts_with("/event/"))
            && !response.headers().contains_key(header::CACHE_CONTROL)
        {
            // One tenant's answer must not wait in a cache for another.
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        if let Ok(id) = HeaderValue::try_from(id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }
}

/// Whether a path's errors are problem+json, whoever asks.
pub fn is_for_machines(path: &str) -> bool {
    path.starts_with("/api/v1") || path == "/event" || path.starts_with("/event/")
}

/// Whether a request brings events.
pub fn takes_events(method: &Method, path: &str) -> bool {
    method == Method::POST && (path.starts_with("/api/v1/events") || path.starts_with("/event/"))
}

/// A request that is answered.
struct Ended<'a> {
    method: &'a Method,
    path: &'a str,
    route: &'a str,
    account: Option<AccountId>,
    status: StatusCode,
    took: Duration,
}

impl Ended<'_> {
    /// What the log holds of every request at its end. `is_said`: what went wrong was logged where it did.
    fn say(&self, is_said: bool) {
        let status = self.status.as_u16();
        let duration_ms = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX);
        let answered = |left_out| tracing::info!(status, duration_ms, left_out, "a request was answered");
        let is_write = status < 400 && !self.method.is_safe();
        // A 503 is meant: whoever answers it knows why, and says so where that is news.
        if status >= 500 && status != 503 && !is_said {
            tracing::error!(status, duration_ms, "a request failed");
        } else if self.took > SLOW {
            let slowly = |left_out| tracing::warn!(status, duration_ms, left_out, "a request was answered slowly");
            SLOWLY.say(self.route.to_owned(), slowly);
        } else if takes_events(self.method, self.path) || !(is_write || status == 403) {
            tracing::debug!(status, duration_ms, "a request was answered");
        } else if !is_write {
            // Who tried what is not open to them.
            REFUSED.say(self.account, answered);
        } else if self.account.is_some() {
            // Who has changed what.
            answered(None);
        } else {
            WRITTEN_BY_NOBODY.say((), answered);
        }
    }
}

/// The request's id, for whoever wants to tell it.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

impl RequestId {
    pub fn fresh() -> Self {
        // Not from the system, which a request would wait for: this is no secret.
        Self(uuid::Builder::from_random_bytes(rand::random()).into_uuid().to_string())
    }
}

/// What axum itself refused, which has no body of ours yet.
fn of_status(status: StatusCode, method: &Method) -> Option<ApiError> {
    match status {
        StatusCode::METHOD_NOT_ALLOWED => Some(ApiError::new(
            status,
            "method-not-allowed",
            "Method not allowed",
            format!("This address does not take {method}; see the Allow header."),
        )),
        StatusCode::NOT_FOUND => Some(ApiError::not_found()),
        StatusCode::BAD_REQUEST => {
            Some(ApiError::new(status, "bad-request", "Bad request", "The address could not be read."))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write, sync::Mutex};

    use tracing::Level;
    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    #[derive(Clone, Default)]
    struct Said(Arc<Mutex<String>>);

    impl Write for Said {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().push_str(std::str::from_utf8(bytes).unwrap());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Said {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    /// Lines about a thousand such answers.
    fn lines(account: Option<AccountId>, status: StatusCode, seconds: u64) -> usize {
        let (said, took) = (Said::default(), Duration::from_secs(seconds));
        let log = tracing_subscriber::fmt().with_writer(said.clone()).with_max_level(Level::INFO).finish();
        let ended = Ended { method: &Method::PUT, path: "/", route: "/", account, status, took };
        tracing::subscriber::with_default(log, || (0..1_000).for_each(|_| ended.say(true)));
        said.0.lock().unwrap().lines().count()
    }

    #[test]
    fn whoever_is_refused_at_will_fills_no_log_and_hides_nobody() {
        let [anna, bert] = [1, 2].map(|n| Some(AccountId(uuid::Uuid::from_u128(n))));
        for refused in [anna, bert] {
            assert_eq!(lines(refused, StatusCode::FORBIDDEN, 0), 10, "{refused:?}");
        }
        assert_eq!(lines(anna, StatusCode::FORBIDDEN, 2), 10, "slowly");
        // Other tests have no account either, and may have said some of the ten.
        assert!(lines(None, StatusCode::FORBIDDEN, 0) <= 10, "refused before it is known who asks");
        assert!(lines(None, StatusCode::SEE_OTHER, 0) <= 10, "logins");
        assert_eq!(lines(anna, StatusCode::OK, 0), 1_000, "what an account has changed is said whole");
    }

    #[test]
    fn pages_are_for_people_however_their_path_begins() {
        for path in ["/api/v1/events", "/api/v1", "/event/purchase", "/event"] {
            assert!(is_for_machines(path), "{path}");
        }
        for path in ["/events", "/events/abc", "/events?x", "/clicks", "/"] {
            assert!(!is_for_machines(path), "{path}");
        }
    }
}
