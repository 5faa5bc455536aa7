//! The session cookie: read, set and cleared by the same rules everywhere. Server only.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderValue, header, request::Parts};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use model::Timestamp;

use crate::error::{AppError, ErrorKind};

pub const COOKIE: &str = "trb_session";
/// Where browsers reach us over https, they take a cookie of such a name from us alone, and no neighbouring host can
/// set it for ours.
const HOST_COOKIE: &str = "__Host-trb_session";

/// Provided by the server, from its public address.
#[derive(Clone, Copy, Debug)]
pub struct CookieRules {
    /// Browsers reach us over https: the cookie must not travel any other way.
    pub secure: bool,
}

impl CookieRules {
    pub fn of(public_url: &str) -> Self {
        Self { secure: public_url.starts_with("https://") }
    }

    pub fn session_cookie(self) -> &'static str {
        if self.secure { HOST_COOKIE } else { COOKIE }
    }
}

/// Whose address a request came from, beside it as an extension.
#[derive(Clone, Copy, Debug)]
pub struct ClientIp(pub IpAddr);

/// The token a request carries in its session cookie.
pub fn token(headers: &HeaderMap, rules: CookieRules) -> Option<&str> {
    cookie_value(headers, rules.session_cookie())
}

/// The value of a cookie of this name, where it is not empty.
pub fn cookie_value<'a>(headers: &'a HeaderMap, named: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == named && !value.is_empty()).then_some(value))
}

/// `Set-Cookie` for a new session. None for a token that cannot stand in a header.
pub fn cookie(token: &str, expires_at: Timestamp, rules: CookieRules) -> Option<HeaderValue> {
    let until = jiff::Timestamp::from_millisecond(expires_at.0).ok()?;
    let until = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&until).ok()?;
    let plain = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    plain.then(|| written(token, &format!("Expires={until}"), rules))?
}

/// `Set-Cookie` that ends the session in this browser.
pub fn cleared(rules: CookieRules) -> Option<HeaderValue> {
    written("", "Max-Age=0", rules)
}

fn written(token: &str, lifetime: &str, rules: CookieRules) -> Option<HeaderValue> {
    let (name, secure) = (rules.session_cookie(), if rules.secure { "; Secure" } else { "" });
    HeaderValue::from_str(&format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax; {lifetime}{secure}")).ok()
}

/// The session of the request being answered.
pub fn current() -> Option<engine::Session> {
    let parts = use_context::<Parts>()?;
    use_context::<engine::Engine>()?.session(token(&parts.headers, use_context::<CookieRules>()?)?)
}

/// Where the request being answered came from.
pub fn client_ip() -> Result<IpAddr, AppError> {
    let found = use_context::<Parts>().and_then(|parts| parts.extensions.get::<ClientIp>().copied());
    found.map(|ClientIp(ip)| ip).ok_or_else(|| AppError::new(ErrorKind::Internal))
}

pub fn engine() -> Result<engine::Engine, AppError> {
    use_context::<engine::Engine>().ok_or_else(|| AppError::new(ErrorKind::Internal))
}

/// The answer being made, and the rules for cookies on it.
pub fn response() -> Result<(ResponseOptions, CookieRules), AppError> {
    let both = use_context::<ResponseOptions>().zip(use_context::<CookieRules>());
    both.ok_or_else(|| AppError::new(ErrorKind::Internal))
}

/// Who asks, and from where.
pub struct Asker {
    pub session: Option<engine::Session>,
    pub ip: IpAddr,
}

impl Asker {
    pub fn required(&self) -> Result<&engine::Session, AppError> {
        self.session.as_ref().ok_or_else(|| AppError::new(ErrorKind::LoggedOut))
    }
}

pub fn asker() -> Result<Asker, AppError> {
    Ok(Asker { session: current(), ip: client_ip()? })
}

/// Engine and session, or the error that says to log in.
pub fn required() -> Result<(engine::Engine, engine::Session), AppError> {
    let engine = engine()?;
    let session = current().ok_or_else(|| AppError::new(ErrorKind::LoggedOut))?;
    Ok((engine, session))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, cookie.parse().unwrap())])
    }

    #[test]
    fn the_token_is_found_among_other_cookies() {
        let plain = CookieRules { secure: false };
        assert_eq!(token(&headers("a=1; trb_session=x.y-z; b=2"), plain), Some("x.y-z"));
        for without in ["", "trb_session=", "xtrb_session=1", "a=trb_session", "__Host-trb_session=x"] {
            assert_eq!(token(&headers(without), plain), None, "{without}");
        }
    }

    #[test]
    fn over_https_no_other_host_can_set_the_session() {
        let secure = CookieRules::of("https://go.example");
        assert_eq!(token(&headers("trb_session=planted; __Host-trb_session=ours"), secure), Some("ours"));
        assert_eq!(token(&headers("trb_session=planted"), secure), None);
    }

    #[test]
    fn the_cookie_is_out_of_reach_for_scripts_and_for_plain_http() {
        let set = cookie("x.y", Timestamp(1_767_225_600_000), CookieRules { secure: true }).unwrap();
        assert_eq!(
            set.to_str().unwrap(),
            "__Host-trb_session=x.y; Path=/; HttpOnly; SameSite=Lax; Expires=Thu, 01 Jan 2026 00:00:00 GMT; Secure"
        );
        let clear = cleared(CookieRules { secure: false }).unwrap();
        assert_eq!(clear.to_str().unwrap(), "trb_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
        assert_eq!(cookie("a;b", Timestamp(0), CookieRules { secure: false }), None);
    }
}
