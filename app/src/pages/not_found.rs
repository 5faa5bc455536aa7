//! Every address that is none of ours.

use leptos::prelude::*;
use model::account::Role;

use crate::{
    address,
    components::{Frame, Plain, WindowTitle},
    viewer::viewer,
};

#[component]
pub fn NotFoundPage() -> impl IntoView {
    say_not_found();
    let known = viewer();
    let (target, label) = match &known {
        Some(account) if account.role == Role::Admin => (address::landing(account.role), "Go to the overview"),
        Some(account) => (address::landing(account.role), "Go to the dashboard"),
        None => (address::LOG_IN, "Log in"),
    };
    let message = view! {
        <WindowTitle text="Not found"/>
        <section class="message">
            <h1>"There is no such page"</h1>
            <p>"The address may be mistyped, or the page may have moved."</p>
            <p><a class="button" href=target>{label}</a></p>
        </section>
    };
    match known {
        Some(account) => view! { <Frame account>{message}</Frame> }.into_any(),
        None => view! { <Plain>{message}</Plain> }.into_any(),
    }
}

#[cfg(feature = "ssr")]
fn say_not_found() {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(axum::http::StatusCode::NOT_FOUND);
    }
}

#[cfg(not(feature = "ssr"))]
fn say_not_found() {}
