//! Sending the reader to another page.

use leptos::prelude::*;

/// Leads elsewhere: the server answers with 303, the browser navigates without a trace in its history.
#[component]
pub fn GoTo(#[prop(into)] to: String) -> impl IntoView {
    lead(to);
}

#[cfg(feature = "ssr")]
fn lead(to: String) {
    answer_with(&to);
}

#[cfg(not(feature = "ssr"))]
fn lead(to: String) {
    use leptos_router::{NavigateOptions, hooks::use_navigate};

    let navigate = use_navigate();
    Effect::new(move |_| navigate(&to, NavigateOptions { replace: true, ..Default::default() }));
}

/// 303 whatever the client accepts, so that scripts are led like browsers.
#[cfg(feature = "ssr")]
pub fn answer_with(target: &str) {
    use axum::http::{HeaderValue, StatusCode, header::LOCATION};

    if let Some(response) = use_context::<leptos_axum::ResponseOptions>()
        && let Ok(location) = HeaderValue::from_str(target)
    {
        response.set_status(StatusCode::SEE_OTHER);
        response.insert_header(LOCATION, location);
    }
}
