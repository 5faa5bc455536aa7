//! The document around the app, and the headers it is sent with. Server only.

use axum::http::{HeaderName, HeaderValue, header, request::Parts};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::ResponseOptions;
use leptos_meta::MetaTags;

use crate::{App, address::SET_PASSWORD};

/// The built files, as paths from the site's root: `pkg/tributary.0123abcd.js`.
#[derive(Clone, Debug)]
pub struct Assets {
    /// The glue that loads the WASM.
    pub js: String,
    pub wasm: String,
    pub css: String,
    /// The charting bundle: loaded by the chart alone, after the page stands.
    pub charts: String,
}

pub fn shell(assets: Assets) -> impl IntoView {
    let Assets { js, wasm, css, charts } = assets;
    let nonce = use_nonce();
    protect(nonce.as_deref().unwrap_or_default());
    let start = format!("import init,{{hydrate}} from '/{js}';init({{module_or_path:'/{wasm}'}}).then(()=>hydrate())");
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="robots" content="noindex"/>
                <meta name="charts" content=format!("/{charts}")/>
                <link rel="icon" href="/favicon.svg" r#type="image/svg+xml"/>
                <link rel="apple-touch-icon" href="/apple-touch-icon.png"/>
                <link rel="stylesheet" href=format!("/{css}")/>
                <link rel="modulepreload" href=format!("/{js}")/>
                <link rel="preload" href=format!("/{wasm}") r#as="fetch" r#type="application/wasm" crossorigin=""/>
                <script r#type="module" nonce=nonce>{start}</script>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// Never `no-referrer`, but where the address itself is a secret: browsers then send forms with `Origin: null`.
fn referrer_policy() -> &'static str {
    let path = use_context::<Parts>().map(|parts| parts.uri.path().to_owned()).unwrap_or_default();
    if path.starts_with(SET_PASSWORD) { "no-referrer" } else { "same-origin" }
}

/// Only our own files and this page's own scripts run; nobody frames the page; nothing of it is kept.
fn protect(nonce: &str) {
    let Some(response) = use_context::<ResponseOptions>() else { return };
    // Styles in attributes: the charting library places its tooltips with them.
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
         style-src-attr 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; manifest-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, referrer_policy()),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        response.insert_header(name, HeaderValue::from_static(value));
    }
}
