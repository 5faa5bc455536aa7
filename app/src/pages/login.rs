//! `/login`: one form, that works with and without JavaScript.

use leptos::{
    ev::{self, SubmitEvent},
    prelude::*,
    server_fn::ServerFn,
    tachys::html::event::on,
    task::spawn_local,
};
use leptos_router::hooks::{use_location, use_query_map};

use crate::{
    address,
    api::account::{LogIn, log_in},
    components::{WindowTitle, plain},
    elsewhere::GoTo,
    error::ErrorKind,
    kit::{entered, send},
    markup::el,
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
    // Entering stays true once it has succeeded: the next page is on its way.
    let (entering, refused) = (RwSignal::new(false), RwSignal::new(None::<ErrorKind>));
    let params = use_query_map();
    let search = use_location().search;
    let next = move || search.with(|search| address::parameter(search, "next")).unwrap_or_default();
    // What a form without JavaScript came back with stands until the next try.
    let problem =
        move || refused.get().or_else(|| params.with(|params| params.get_str("problem").and_then(ErrorKind::named)));
    let set = move || params.with(|params| params.get_str("notice") == Some(address::PASSWORD_SET));
    let wrong = move || (problem() == Some(ErrorKind::WrongCredentials)).then_some("true");
    let enter = move |event: SubmitEvent| {
        event.prevent_default();
        if entering.get_untracked() {
            return;
        }
        entering.set(true);
        let mut fields = entered(&event);
        let mut field = |name: &str| {
            let at = fields.iter().position(|(found, _)| found == name);
            at.map(|at| fields.swap_remove(at).1).unwrap_or_default()
        };
        let entering_with = log_in(field("email"), field("password"), field("next"));
        spawn_local(async move {
            match entering_with.await {
                // A new page, so that nothing of before stays in memory. The address is one of ours: the server has
                // checked it.
                Ok(target) => {
                    refused.set(None);
                    let _ = window().location().assign(&target);
                }
                Err(error) => {
                    entering.set(false);
                    refused.set(Some(error.kind));
                }
            }
        });
    };
    let notice = move || set().then(|| el("p").class("notice good").child("Your password is set. Log in with it."));
    let words = move || problem().map(|kind| el("p").class("problem").child(kind.words()));
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
        el("div").attr("id", "problem").attr("role", "alert").child(words),
        el("input").attr("type", "hidden").attr("name", "next").live("value", next),
        (el("label").attr("for", "email").child("E-mail"), input("email", "username").attr("autofocus", true)),
        (el("label").attr("for", "password").child("Password"), input("password", "current-password")),
        send("button primary")
            .live("aria-disabled", move || entering.get().then_some("true"))
            .child(move || if entering.get() { "Logging in…" } else { "Log in" }),
    );
    let form = el("form").attr("method", "post").attr("action", LogIn::PATH).with(on(ev::submit, enter)).child(fields);
    let panel = el("section")
        .class("panel login")
        .child(el("h1").child("Log in"))
        .child(notice)
        .child(form)
        .child(el("p").class("note").child("Forgotten it? An admin can give you a link to set a new password."));
    view! {
        <WindowTitle text="Log in"/>
        {plain(panel)}
    }
}
