//! What every answer tells browsers: nothing in it runs, frames it, or carries its address elsewhere, unless the answer
//! itself says more. A shopper's redirect says nothing of it: shops see their referrers.

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::Response,
};

/// Where an answer stands, as far as what it tells depends on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Link,
    /// Whose address is a secret.
    SetPassword,
    Elsewhere,
}

impl Place {
    pub fn of(path: &str) -> Self {
        if path.starts_with("/r/") {
            Self::Link
        } else if path.starts_with(app::address::SET_PASSWORD) {
            Self::SetPassword
        } else {
            Self::Elsewhere
        }
    }
}

const FOR_ALL: [(HeaderName, HeaderValue); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
             magnetometer=(), microphone=(), midi=(), payment=(), screen-wake-lock=(), usb=(), xr-spatial-tracking=()",
        ),
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// Adds what the answer does not say itself.
pub fn protect(response: &mut Response, place: Place) {
    if place == Place::Link && response.status().is_redirection() {
        return;
    }
    let headers = response.headers_mut();
    for (name, value) in FOR_ALL {
        headers.entry(name).or_insert(value);
    }
    // Never no-referrer where forms are: browsers then send them with `Origin: null`.
    let referrer = match place {
        Place::Link => return,
        Place::SetPassword => HeaderValue::from_static("no-referrer"),
        Place::Elsewhere => HeaderValue::from_static("same-origin"),
    };
    headers.entry(header::REFERRER_POLICY).or_insert(referrer);
}
