//! Every address that is none of ours.

use leptos::prelude::*;
use model::account::Role;

use crate::{
    address,
    components::{WindowTitle, frame, plain},
    markup::el,
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
    let message = el("section")
        .class("message")
        .child(el("h1").child("There is no such page"))
        .child(el("p").child("The address may be mistyped, or the page may have moved."))
        .child(el("p").child(el("a").class("button").attr("href", target).child(label)));
    let page = match known {
        Some(account) => frame(&account, message),
        None => plain(message),
    };
    view! {
        <WindowTitle text="Not found"/>
        {page}
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
