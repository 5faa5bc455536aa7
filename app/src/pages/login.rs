//! `/login`: one form, that works with and without JavaScript.

use leptos::{form::ActionForm, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::{use_location, use_query_map};

use crate::{
    address,
    api::account::LogIn,
    components::plain,
    elsewhere::GoTo,
    error::ErrorKind,
    kit::send,
    markup::{Content, el},
    viewer::viewer,
};

#[component]
pub fn LogInPage() -> impl IntoView {
    match viewer() {
        Some(account) => view! { <GoTo to=address::landing(account.role)/> }.into_any(),
        None => view! { <LogInForm/> }.into_any(),
    }
}

#[component]
fn LogInForm() -> impl IntoView {
    let log_in = ServerAction::<LogIn>::new();
    let params = use_query_map();
    let search = use_location().search;
    let next = move || search.with(|search| address::parameter(search, "next")).unwrap_or_default();
    // What a form without JavaScript came back with stands until the next try.
    let problem = Memo::new(move |_| match log_in.value().get() {
        Some(Ok(_)) => None,
        Some(Err(error)) => Some(error.kind),
        None => params.with(|params| params.get_str("problem").and_then(ErrorKind::named)),
    });
    let set = move || params.with(|params| params.get_str("notice") == Some(address::PASSWORD_SET));
    let wrong = move || (problem.get() == Some(ErrorKind::WrongCredentials)).then_some("true");
    let entering = move || log_in.pending().get() || matches!(log_in.value().get(), Some(Ok(_)));
    // A new page, so that nothing of before stays in memory.
    Effect::new(move |_| {
        if let Some(Ok(target)) = log_in.value().get() {
            // The address is one of ours: the server has checked it.
            let _ = window().location().assign(&target);
        }
    });
    let notice = move || set().then(|| el("p").class("notice good").child("Your password is set. Log in with it."));
    let problem = move || problem.get().map(|kind| el("p").class("problem").child(kind.words()));
    let input = move |name: &'static str, autocomplete: &'static str| {
        el("input")
            .attr("id", name)
            .attr("type", name)
            .attr("name", name)
            .attr("autocomplete", autocomplete)
            .attr("required", true)
            .live("aria-invalid", wrong)
            .attr("aria-describedby", "problem")
    };
    let fields = (
        el("div").attr("id", "problem").attr("role", "alert").child(problem),
        el("input").attr("type", "hidden").attr("name", "next").live("value", next),
        (el("label").attr("for", "email").child("E-mail"), input("email", "username").attr("autofocus", true)),
        (el("label").attr("for", "password").child("Password"), input("password", "current-password")),
        send("button primary")
            .live("aria-disabled", move || entering().then_some("true"))
            .child(move || if entering() { "Logging in…" } else { "Log in" }),
    );
    let form = view! { <ActionForm action=log_in>{fields.content()}</ActionForm> };
    let panel = el("section")
        .class("panel login")
        .child(el("h1").child("Log in"))
        .child(notice)
        .child(form.into_any())
        .child(el("p").class("note").child("Forgotten it? An admin can give you a link to set a new password."));
    view! {
        <Title text="Log in · Tributary"/>
        {plain(panel)}
    }
}
