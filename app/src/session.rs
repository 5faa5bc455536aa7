//! The session cookie: read, set and cleared by the same rules everywhere. Server only.

use axum::http::{HeaderMap, HeaderValue, header, request::Parts};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use model::Timestamp;

use crate::error::{AppError, ErrorKind};

pub const COOKIE: &str = "trb_session";

/// Provided by the server, from its public address.
#[derive(Clone, Copy, Debug)]
pub struct CookieRules {
    /// Browsers reach us over https: the cookie must not travel any other way.
    pub secure: bool,
}

/// The token a request carries in its session cookie.
pub fn token(headers: &HeaderMap) -> Option<&str> {
    cookie_value(headers, COOKIE)
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
    let secure = if rules.secure { "; Secure" } else { "" };
    HeaderValue::from_str(&format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; {lifetime}{secure}")).ok()
}

/// The session of the request being answered.
pub fn current() -> Option<engine::Session> {
    let parts = use_context::<Parts>()?;
    use_context::<engine::Engine>()?.session(token(&parts.headers)?)
}

pub fn engine() -> Result<engine::Engine, AppError> {
    use_context::<engine::Engine>().ok_or_else(|| AppError::new(ErrorKind::Internal))
}

/// The answer being made, and the rules for cookies on it.
pub fn response() -> Result<(ResponseOptions, CookieRules), AppError> {
    let both = use_context::<ResponseOptions>().zip(use_context::<CookieRules>());
    both.ok_or_else(|| AppError::new(ErrorKind::Internal))
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
        assert_eq!(token(&headers("a=1; trb_session=x.y-z; b=2")), Some("x.y-z"));
        for without in ["", "trb_session=", "xtrb_session=1", "a=trb_session"] {
            assert_eq!(token(&headers(without)), None, "{without}");
        }
    }

    #[test]
    fn the_cookie_is_out_of_reach_for_scripts_and_for_plain_http() {
        let set = cookie("x.y", Timestamp(1_767_225_600_000), CookieRules { secure: true }).unwrap();
        assert_eq!(
            set.to_str().unwrap(),
            "trb_session=x.y; Path=/; HttpOnly; SameSite=Lax; Expires=Thu, 01 Jan 2026 00:00:00 GMT; Secure"
        );
        let clear = cleared(CookieRules { secure: false }).unwrap();
        assert_eq!(clear.to_str().unwrap(), "trb_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
        assert_eq!(cookie("a;b", Timestamp(0), CookieRules { secure: false }), None);
    }
}
