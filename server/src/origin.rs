//! Where a write comes from: a browser sends `Origin`, and a foreign page cannot forge it.

use axum::http::{HeaderMap, StatusCode, header};

use crate::problem::ApiError;

/// Whether the `Origin` is the public address, or the address the request was sent to. None where none was sent.
/// Where the public address is https, a page at plain http is a stranger.
pub fn is_own(public_url: &str, headers: &HeaderMap) -> Option<bool> {
    let origin = headers.get(header::ORIGIN)?;
    let own = || {
        let origin = origin.to_str().ok()?;
        let (scheme, authority) = origin.split_once("://")?;
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let was_asked = host.is_some_and(|host| authority.eq_ignore_ascii_case(host));
        let scheme_fits = !public_url.starts_with("https://") || scheme == "https";
        Some(origin.eq_ignore_ascii_case(origin_of(public_url)) || (was_asked && scheme_fits))
    };
    Some(own().unwrap_or(false))
}

/// Scheme and authority, without a path.
pub fn origin_of(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find('/').map_or(url.len(), |at| start + at);
    &url[..end]
}

pub fn refused() -> ApiError {
    let detail = "This write carries a session cookie but does not come from this site's own pages.";
    ApiError::new(StatusCode::FORBIDDEN, "foreign-origin", "Foreign origin", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(public_url: &str, origin: &str) -> Option<bool> {
        let headers = HeaderMap::from_iter([
            (header::HOST, "127.0.0.1:3000".parse().unwrap()),
            (header::ORIGIN, origin.parse().unwrap()),
        ]);
        is_own(public_url, &headers)
    }

    #[test]
    fn only_the_public_address_and_the_one_that_was_asked_are_own() {
        for own in ["http://127.0.0.1:3000", "http://go.example"] {
            assert_eq!(check("http://go.example", own), Some(true), "{own}");
        }
        for foreign in [
            "http://127.0.0.1",
            "https://evil.example",
            "null",
            "http://go.example.evil.example",
            "http://go.example:81",
        ] {
            assert_eq!(check("http://go.example", foreign), Some(false), "{foreign}");
        }
        assert_eq!(is_own("http://go.example", &HeaderMap::new()), None);
    }

    #[test]
    fn behind_https_a_plain_page_is_a_stranger() {
        assert_eq!(check("https://go.example/x", "https://go.example"), Some(true));
        assert_eq!(check("https://go.example", "http://127.0.0.1:3000"), Some(false));
        assert_eq!(check("https://go.example", "http://go.example"), Some(false));
    }
}
