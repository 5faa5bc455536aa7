//! An installation whose public address is https takes nothing in the clear. Pages and links lead there at once; an API
//! call is refused before its key is looked at, as a redirect would come after the key has leaked. Where the public
//! address is plain http, there is no rule and nothing to do. Decision 0032.

use std::{net::IpAddr, sync::Arc};

use axum::{
    http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header},
    response::{IntoResponse, Response},
};
use clap::ValueEnum;

use crate::{
    client_ip::TrustedProxies,
    headers::Place,
    metrics::{Metrics, UNMATCHED},
    origin::origin_of,
    problem::{ApiError, Asked},
    scheme::{Scheme, travelled},
};

/// For how many hosts browsers are told that there is nothing but https.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Hsts {
    /// The public address's host and all below it.
    #[default]
    Subdomains,
    /// The public address's host alone, where hosts below it are somebody else's.
    Host,
    Off,
}

#[derive(Clone)]
pub struct HttpsRule(Option<Arc<Rule>>);

struct Rule {
    /// The public address, without a path.
    origin: String,
    hsts: Option<HeaderValue>,
    /// The same, as a line of an answer's head.
    line: Vec<u8>,
    proxies: Arc<TrustedProxies>,
}

/// How a request may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// There is no rule, or the request is open to everybody.
    Open,
    Https,
    /// It came in the clear.
    Refused,
}

/// What balancers and collectors ask for past the proxy. It holds nothing that is anybody's.
const OPEN: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

impl HttpsRule {
    pub fn new(public_url: &str, hsts: Hsts, proxies: &Arc<TrustedProxies>) -> Self {
        Self(public_url.starts_with("https://").then(|| {
            let hsts = match hsts {
                Hsts::Subdomains => Some("max-age=31536000; includeSubDomains"),
                Hsts::Host => Some("max-age=31536000"),
                Hsts::Off => None,
            };
            let line = hsts.map(|value| format!("\r\nstrict-transport-security: {value}").into_bytes());
            Arc::new(Rule {
                origin: origin_of(public_url).to_owned(),
                hsts: hsts.map(HeaderValue::from_static),
                line: line.unwrap_or_default(),
                proxies: Arc::clone(proxies),
            })
        }))
    }

    /// Whether a request came in the clear and must not have.
    pub fn is_broken<'a>(
        &self,
        peer: IpAddr,
        connection: Scheme,
        x_forwarded_proto: impl Iterator<Item = &'a [u8]>,
        forwarded: impl Iterator<Item = &'a [u8]>,
    ) -> bool {
        let Some(rule) = &self.0 else { return false };
        travelled(&rule.proxies, peer, connection, x_forwarded_proto, forwarded) == Scheme::Http
    }

    pub fn way<B>(&self, request: &Request<B>, peer: IpAddr, connection: Scheme) -> Way {
        if self.0.is_none() {
            return Way::Open;
        }
        let lines = |name| request.headers().get_all(name).into_iter().map(HeaderValue::as_bytes);
        if !self.is_broken(peer, connection, lines("x-forwarded-proto"), lines("forwarded")) {
            Way::Https
        } else if OPEN.contains(&request.uri().path()) {
            Way::Open
        } else {
            Way::Refused
        }
    }

    /// The answer to what came in the clear: to whoever only looks, where to look instead.
    pub fn refuse<B>(
        &self,
        request: &Request<B>,
        metrics: &Arc<Metrics>,
    ) -> impl Future<Output = Response> + Send + use<B> {
        let location = self.elsewhere(request);
        let path = request.uri().path();
        // Each followed link is to come by here, to be counted. What holds for pages browsers may remember.
        let status = match Place::of(path) {
            Place::Link => StatusCode::TEMPORARY_REDIRECT,
            Place::SetPassword | Place::Elsewhere => StatusCode::PERMANENT_REDIRECT,
        };
        let asked = Asked::of(request.method(), path, UNMATCHED.into(), Arc::clone(metrics));
        async move {
            let Some(location) = location else {
                let detail = "This installation is reached over https alone. Whatever secret came with this request has \
                              travelled in the clear: replace it.";
                let error = ApiError::new(StatusCode::FORBIDDEN, "https-required", "https is required", detail);
                return asked.answer_with(async { error.into_response() }).await;
            };
            let no_store = HeaderValue::from_static("no-store");
            (status, [(header::LOCATION, location), (header::CACHE_CONTROL, no_store)]).into_response()
        }
    }

    /// The same at the public address, never at the one that the request names. None for what may carry a secret.
    fn elsewhere<B>(&self, request: &Request<B>) -> Option<HeaderValue> {
        let (method, path) = (request.method(), request.uri().path());
        let is_look = *method == Method::GET || *method == Method::HEAD;
        if !is_look || is_api(path) || (Place::of(path) != Place::Link && has_secret(request.headers())) {
            return None;
        }
        let rule = self.0.as_ref()?;
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        HeaderValue::try_from(format!("{}{target}", rule.origin)).ok()
    }

    /// For answers that leave over https.
    pub fn sign(&self, response: &mut Response) {
        if let Some(hsts) = self.0.as_ref().and_then(|rule| rule.hsts.clone()) {
            response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, hsts);
        }
    }

    /// The same as bytes, with the end of the line before it; nothing where there is no rule.
    pub fn line(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |rule| &rule.line)
    }
}

/// What machines call, however they write it: a path that only looks like one of these had a secret with it too.
fn is_api(path: &str) -> bool {
    let first = path.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    ["api", "event"].iter().any(|machine| first.eq_ignore_ascii_case(machine))
}

fn has_secret(headers: &HeaderMap) -> bool {
    headers.contains_key("x-api-key") || headers.contains_key(header::AUTHORIZATION)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(public_url: &str, trusted: &str) -> HttpsRule {
        HttpsRule::new(public_url, Hsts::default(), &Arc::new(trusted.parse().unwrap()))
    }

    fn request(method: &str, uri: &str, headers: &[(&str, &str)]) -> Request<()> {
        let request = Request::builder().method(method).uri(uri);
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).body(()).unwrap()
    }

    async fn refused(method: &str, uri: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let rule = rule("https://go.example/", "");
        let request = request(method, uri, headers);
        assert_eq!(rule.way(&request, "203.0.113.7".parse().unwrap(), Scheme::Http), Way::Refused);
        let answer = rule.refuse(&request, &Arc::default()).await;
        let location = answer.headers().get(header::LOCATION).map(|it| it.to_str().unwrap().to_owned());
        (answer.status().as_u16(), location.unwrap_or_default())
    }

    #[tokio::test]
    async fn whoever_only_looks_is_led_to_the_public_address() {
        for (uri, status, location) in [
            ("/", 308, "https://go.example/"),
            ("/login?next=%2Fx", 308, "https://go.example/login?next=%2Fx"),
            ("/r/abc?utm_source=ig", 307, "https://go.example/r/abc?utm_source=ig"),
            ("http://evil.example/dashboard", 308, "https://go.example/dashboard"),
            ("http://evil.example", 308, "https://go.example/"),
            ("//evil.example/x", 308, "https://go.example//evil.example/x"),
            ("/events", 308, "https://go.example/events"),
            ("/R/abc", 308, "https://go.example/R/abc"),
        ] {
            for method in ["GET", "HEAD"] {
                let told = refused(method, uri, &[("host", "evil.example")]).await;
                assert_eq!(told, (status, location.to_owned()), "{uri}");
            }
        }
    }

    #[tokio::test]
    async fn what_may_have_carried_a_secret_is_refused() {
        for uri in [
            "/api",
            "/api/",
            "/api/v1/events",
            "/api/v1/auth/me",
            "/api/ui/page?path=%2F",
            "/API/v1/events",
            "/Api%2Fv1/events",
            "//api/v1/events",
            "/api;x=1/v1",
            "/event",
            "/event/purchase",
            "/EVENT/purchase",
            "http://go.example/api/v1/events",
        ] {
            for method in ["GET", "HEAD", "POST", "OPTIONS"] {
                assert_eq!(refused(method, uri, &[]).await, (403, String::new()), "{method} {uri}");
            }
        }
        for uri in ["/login", "/r/abc", "/"] {
            assert_eq!(refused("POST", uri, &[]).await, (403, String::new()), "{uri}");
        }
        for header in [("x-api-key", "trb_live_x"), ("authorization", "Bearer x")] {
            assert_eq!(refused("GET", "/v1/events", &[header]).await.0, 403, "a wrong path leaks the key as well");
            assert_eq!(refused("GET", "/r/abc", &[header]).await.0, 307, "a shopper is never stranded");
        }
    }

    #[test]
    fn what_came_over_https_goes_on_and_so_does_everything_where_the_public_address_is_plain() {
        let (stranger, proxy) = ("203.0.113.7".parse().unwrap(), "10.0.0.1".parse().unwrap());
        let https = rule("https://go.example", "10.0.0.0/8");
        let plain = request("GET", "/api/v1/auth/me", &[("x-forwarded-proto", "http")]);
        let said = request("GET", "/api/v1/auth/me", &[("x-forwarded-proto", "https")]);
        for (request, peer, connection, way) in [
            (&said, proxy, Scheme::Http, Way::Https),
            (&said, stranger, Scheme::Http, Way::Refused),
            (&said, stranger, Scheme::Https, Way::Https),
            (&plain, proxy, Scheme::Http, Way::Refused),
            (&plain, stranger, Scheme::Https, Way::Https),
        ] {
            assert_eq!(https.way(request, peer, connection), way);
            assert_eq!(rule("http://go.example", "10.0.0.0/8").way(request, peer, connection), Way::Open);
        }
        for path in OPEN {
            assert_eq!(https.way(&request("GET", path, &[]), stranger, Scheme::Http), Way::Open, "{path}");
        }
        assert_eq!(https.way(&request("GET", "/healthz/x", &[]), stranger, Scheme::Http), Way::Refused);
    }
}
