//! What pages ask the server: functions under `/api/ui`. Each is a public endpoint and authorises first.

pub mod account;
pub mod asked;
pub mod composed;
pub mod figures;
pub mod scopes;

#[cfg(feature = "ssr")]
mod answer {
    use axum::http::{StatusCode, header::ACCEPT, request::Parts};
    use leptos::prelude::*;
    use leptos_axum::ResponseOptions;

    use crate::error::AppError;

    /// Gives the answer the status of its error. In a page that is rendered with the
    /// error, an outage alone is the page's own state: the rest it shows as it is.
    pub fn told<T>(result: Result<T, AppError>) -> Result<T, AppError> {
        if let Err(error) = &result
            && let Some(response) = use_context::<ResponseOptions>()
            && let Ok(status) = StatusCode::from_u16(error.kind.status())
            && (is_call() || status == StatusCode::SERVICE_UNAVAILABLE)
        {
            response.set_status(status);
        }
        result
    }

    /// As [`told`], for what is a page's whole: the page then has the status of its error.
    pub fn told_page<T>(result: Result<T, AppError>) -> Result<T, AppError> {
        if let Err(error) = &result
            && let Some(response) = use_context::<ResponseOptions>()
            && let Ok(status) = StatusCode::from_u16(error.kind.status())
        {
            response.set_status(status);
        }
        result
    }

    /// Whether a browser posted a plain form, and waits for a page instead of data.
    pub fn wants_page() -> bool {
        use_context::<Parts>().is_some_and(|parts| {
            parts
                .headers
                .get(ACCEPT)
                .and_then(|value| value.to_str().ok())
                .is_some_and(|value| value.contains("text/html"))
        })
    }

    fn is_call() -> bool {
        use_context::<Parts>().is_some_and(|parts| parts.uri.path().starts_with("/api/")) && !wants_page()
    }
}
