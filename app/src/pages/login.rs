//! `/login`: one form, that works with and without JavaScript.

use leptos::{form::ActionForm, prelude::*};
use leptos_router::hooks::{use_location, use_query_map};

use crate::{
    address,
    api::account::LogIn,
    components::{Plain, WindowTitle},
    elsewhere::GoTo,
    error::ErrorKind,
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
    view! {
        <WindowTitle text="Log in"/>
        <Plain>
            <section class="panel login">
                <h1>"Log in"</h1>
                {move || set().then(|| view! { <p class="notice good">"Your password is set. Log in with it."</p> })}
                <ActionForm action=log_in>
                    <div id="problem" role="alert">
                        {move || problem.get().map(|kind| view! { <p class="problem">{kind.words()}</p> })}
                    </div>
                    <input r#type="hidden" name="next" value=next/>
                    <label for="email">"E-mail"</label>
                    <input
                        id="email"
                        r#type="email"
                        name="email"
                        autocomplete="username"
                        autofocus
                        required
                        aria-invalid=wrong
                        aria-describedby="problem"
                    />
                    <label for="password">"Password"</label>
                    <input
                        id="password"
                        r#type="password"
                        name="password"
                        autocomplete="current-password"
                        required
                        aria-invalid=wrong
                        aria-describedby="problem"
                    />
                    <button class="button primary" r#type="submit" aria-disabled=move || entering().then_some("true")>
                        {move || if entering() { "Logging in…" } else { "Log in" }}
                    </button>
                </ActionForm>
                <p class="note">"Forgotten it? An admin can give you a link to set a new password."</p>
            </section>
        </Plain>
    }
}
