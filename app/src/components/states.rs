//! What is shown instead of figures: while they load, when there are none, when they cannot be had.

use leptos::{ev::MouseEvent, prelude::*};
use leptos_router::hooks::use_location;
use model::stats::{Preset, StatsQuery};

use crate::{
    address,
    error::{AppError, ErrorKind},
};

/// Holds the place of cards and chart, so that nothing jumps when they arrive.
#[component]
pub fn Loading() -> impl IntoView {
    view! {
        <div class="loading" role="status">
            <p>"Loading figures…"</p>
        </div>
    }
}

/// Nothing happened in the range.
#[component]
pub fn Empty(#[prop(into)] days: Signal<String>, #[prop(into)] asked: Signal<StatsQuery>) -> impl IntoView {
    let all = move || {
        let all =
            StatsQuery { from: None, to: None, range: Some(Preset::All.to_string()), interval: None, ..asked.get() };
        address::link(address::DASHBOARD, &all)
    };
    view! {
        <section class="message">
            <h2>"No clicks or events"</h2>
            <p>"Nothing was recorded in this range and filter: " {days} "."</p>
            <p><a class="button" href=all>"Show all time"</a></p>
        </section>
    }
}

/// The figures could not be had. Retrying works without JavaScript too: the link is the page itself.
#[component]
pub fn Failed(#[prop(into)] error: Signal<AppError>, #[prop(into)] retry: Callback<()>) -> impl IntoView {
    let location = use_location();
    let here = move || format!("{}?{}", location.pathname.get(), location.search.get());
    let again = move |event: MouseEvent| {
        event.prevent_default();
        retry.run(());
    };
    let way_out = move || match error.with(|error| error.kind) {
        ErrorKind::LoggedOut => {
            let target = address::log_in(Some(&here()), None);
            view! { <a class="button" href=target rel="external">"Log in again"</a> }.into_any()
        }
        ErrorKind::Invalid | ErrorKind::NotFound | ErrorKind::Forbidden => {
            view! { <a class="button" href=address::DASHBOARD>"Show the usual figures"</a> }.into_any()
        }
        _ => view! { <a class="button" href=here rel="external" on:click=again>"Retry"</a> }.into_any(),
    };
    view! {
        <section class="message failed" role="alert">
            <h2>"Figures could not be loaded"</h2>
            <p>
                {move || {
                    error.with(|error| match error.kind {
                        ErrorKind::Invalid => "The address asks for something that cannot be:".to_owned(),
                        _ => error.message.clone(),
                    })
                }}
            </p>
            <ul>
                {move || {
                    error.with(|error| {
                        let each = error.fields.iter().map(|wrong| (wrong.field.clone(), wrong.message.clone()));
                        each.map(|(field, message)| {
                                view! { <li><code>{field}</code> " " {message}</li> }
                            })
                            .collect_view()
                    })
                }}
            </ul>
            <p>{way_out}</p>
        </section>
    }
}

/// The figures shown are the last that could be had.
#[component]
pub fn Stale(#[prop(into)] error: Signal<Option<AppError>>) -> impl IntoView {
    let location = use_location();
    let here = move || format!("{}?{}", location.pathname.get(), location.search.get());
    let words = move || {
        error.get().map(|error| match error.kind {
            ErrorKind::LoggedOut => {
                let target = address::log_in(Some(&here()), None);
                let again = view! { <a href=target rel="external">"Log in again"</a> };
                view! { <p class="stale">"You are no longer logged in. " {again}</p> }.into_any()
            }
            _ => {
                let words = format!("These figures are no longer fresh. {} Trying again…", error.message);
                view! { <p class="stale">{words}</p> }.into_any()
            }
        })
    };
    view! { <div role="status">{words}</div> }
}
