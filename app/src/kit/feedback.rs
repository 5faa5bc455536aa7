//! What an act came to: said below, until somebody has read it; what is shown once stands above the page.

use leptos::prelude::*;

use super::{Kit, action::action, parts::parts};
use crate::{
    address,
    admin::page::Done,
    error::{AppError, ErrorKind},
};

/// The status area. It is on the page before anything is said, so that it is heard.
#[component]
pub fn Feedback(#[prop(into)] here: Signal<String>) -> impl IntoView {
    let kit = Kit::get();
    let words = move || {
        if let Some((_, rows)) = kit.busy.get() {
            let words = if rows > 0 { format!("Working on {rows} rows…") } else { "Working…".to_owned() };
            return Some(view! { <div class="said">{words}</div> }.into_any());
        }
        let (words, after) = match kit.said.get()? {
            Ok(Done { said, undo, .. }) => (said, undo.map(|undo| action(undo, kit, &here.get()))),
            Err(AppError { kind: ErrorKind::LoggedOut, message, .. }) => {
                let target = address::log_in(Some(&here.get()), None);
                let again = view! { <a class="button" href=target rel="external">"Log in again"</a> };
                (message, Some(again.into_any()))
            }
            Err(error) => (error.message, None),
        };
        let said = view! {
            <div class="said">
                <span>{words}</span>
                {after}
                <button r#type="button" class="step scripted" data-dismiss="" aria-label="Dismiss">"×"</button>
            </div>
        };
        Some(said.into_any())
    };
    view! { <div class="feedback" role="status">{words}</div> }.into_any()
}

/// What is shown this once. The page itself may be another by now: this stays until it is left.
#[component]
pub fn Shown(#[prop(into)] here: Signal<String>) -> impl IntoView {
    let kit = Kit::get();
    let content = move || match kit.said.get() {
        Some(Ok(Done { said, go, show, .. })) if !show.is_empty() => Some(
            view! {
                <section class="shown" tabindex="-1" aria-label=said>
                    {parts(show, kit, &here.get())}
                    {go.map(|href| view! { <p><a class="button primary" href=href>"Continue"</a></p> })}
                </section>
            }
            .into_any(),
        ),
        _ => None,
    };
    view! { <div>{content}</div> }.into_any()
}
