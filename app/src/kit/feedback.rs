//! What an act came to: said below, until somebody has read it; what is shown once stands above the page.

use leptos::prelude::*;

use super::{
    Kit,
    action::{action, button},
    parts::parts,
};
use crate::{
    address,
    admin::page::Done,
    error::{AppError, ErrorKind},
    markup::{Content, Element, el},
};

/// The status area. It is on the page before anything is said, so that it is heard.
pub fn feedback(here: Memo<String>) -> Element {
    let kit = Kit::get();
    let words = move || {
        if let Some((_, rows)) = kit.busy.get() {
            let words = if rows > 0 { format!("Working on {rows} rows…") } else { "Working…".to_owned() };
            return Some(el("div").class("said").child(words));
        }
        let (words, after) = match kit.said.get()? {
            // What is shown says it all.
            Ok(Done { said, .. }) if said.is_empty() => return None,
            Ok(Done { said, undo, .. }) => (said, undo.map(|undo| action(undo, kit, &here.get()))),
            Err(AppError { kind: ErrorKind::LoggedOut, message, .. }) => {
                let target = address::log_in(Some(&here.get()), None);
                let again = el("a").class("button").attr("href", target).attr("rel", "external").child("Log in again");
                (message, Some(again.content()))
            }
            Err(error) => (error.message, None),
        };
        let dismiss = button("step scripted").attr("data-dismiss", "").attr("aria-label", "Dismiss").child("×");
        Some(el("div").class("said").child(el("span").child(words)).child(after).child(dismiss))
    };
    el("div").class("feedback").attr("role", "status").child(words)
}

/// What is shown this once. The page itself may be another by now: this stays until it is left.
pub fn shown(here: Memo<String>) -> Element {
    let kit = Kit::get();
    let content = move || match kit.said.get() {
        Some(Ok(Done { said, go, show, .. })) if !show.is_empty() => {
            let go = go.map(|href| el("p").child(el("a").class("button primary").attr("href", href).child("Continue")));
            Some(
                el("section")
                    .class("shown")
                    .attr("tabindex", "-1")
                    .attr("aria-label", Some(said).filter(|said| !said.is_empty()))
                    .child(parts(show, kit, &here.get()))
                    .child(go),
            )
        }
        _ => None,
    };
    el("div").child(content)
}
