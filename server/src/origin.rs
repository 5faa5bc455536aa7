//! Where a write comes from: a browser sends `Origin`, and a foreign page cannot forge it.

use axum::http::{HeaderMap, StatusCode, header};

use crate::problem::ApiError;

/// Whether the `Origin` is this server as the request addressed it. None where none was sent.
pub fn is_own(headers: &HeaderMap) -> Option<bool> {
    let origin = headers.get(header::ORIGIN)?;
    let own = || {
        let authority = origin.to_str().ok()?.split_once("://")?.1;
        let host = headers.get(header::HOST)?.to_str().ok()?;
        Some(authority.eq_ignore_ascii_case(host))
    };
    Some(own().unwrap_or(false))
}

pub fn refused() -> ApiError {
    let detail = "This write carries a session cookie but does not come from this site's own pages.";
    ApiError::new(StatusCode::FORBIDDEN, "foreign-origin", "Foreign origin", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_address_that_was_asked_is_its_own_origin() {
        let check = |origin: &str| {
            let headers = HeaderMap::from_iter([
                (header::HOST, "app.example:3000".parse().unwrap()),
                (header::ORIGIN, origin.parse().unwrap()),
            ]);
            is_own(&headers)
        };
        assert_eq!(check("http://app.example:3000"), Some(true));
        for foreign in ["http://app.example", "https://evil.example", "null", "http://app.example:3000.evil.example"] {
            assert_eq!(check(foreign), Some(false), "{foreign}");
        }
        assert_eq!(is_own(&HeaderMap::new()), None);
    }
}
