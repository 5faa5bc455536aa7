//! What is shown instead of figures: while they load, when there are none, when they cannot be had.

use leptos::{ev, prelude::*, tachys::html::event::on};
use leptos_router::hooks::use_location;

use super::Now;
use crate::{
    address,
    error::{AppError, ErrorKind},
    markup::{Element, el},
};

/// Holds the place of cards and chart, so that nothing jumps when they arrive.
pub fn loading() -> Element {
    el("div").class("loading").attr("role", "status").child(el("p").child("Loading figures…"))
}

/// The figures could not be had. Retrying works without JavaScript too: the link is the page itself.
pub fn failed(error: impl Now<AppError>, retry: impl Now<()>) -> Element {
    let here = here();
    let content = move || {
        let AppError { kind, message, fields } = error();
        let words = match kind {
            ErrorKind::Invalid => "The address asks for something that cannot be:".to_owned(),
            _ => message,
        };
        let fields = fields.into_iter();
        let fields = fields.map(|wrong| el("li").child(el("code").child(wrong.field)).child(" ").child(wrong.message));
        let button = |href: String| el("a").class("button").attr("href", href);
        let way_out = match kind {
            ErrorKind::LoggedOut => {
                button(address::log_in(Some(&here()), None)).attr("rel", "external").child("Log in again")
            }
            ErrorKind::Invalid | ErrorKind::NotFound | ErrorKind::Forbidden => {
                button(address::DASHBOARD.to_owned()).child("Show the usual figures")
            }
            _ => {
                let again = move |event: ev::MouseEvent| {
                    event.prevent_default();
                    retry();
                };
                button(here()).attr("rel", "external").with(on(ev::click, again)).child("Retry")
            }
        };
        (el("p").child(words), el("ul").child(fields.collect::<Vec<_>>()), el("p").child(way_out))
    };
    el("section")
        .class("message failed")
        .attr("role", "alert")
        .child(el("h2").child("Figures could not be loaded"))
        .child(content)
}

/// The figures shown are the last that could be had.
pub fn stale(error: impl Now<Option<AppError>>) -> Element {
    let here = here();
    let words = move || {
        error().map(|error| match error.kind {
            ErrorKind::LoggedOut => {
                let target = address::log_in(Some(&here()), None);
                let again = el("a").attr("href", target).attr("rel", "external").child("Log in again");
                el("p").class("stale").child("You are no longer logged in. ").child(again)
            }
            _ => {
                let words = format!("These figures are no longer fresh. {} Trying again…", error.message);
                el("p").class("stale").child(words)
            }
        })
    };
    el("div").attr("role", "status").child(words)
}

fn here() -> impl Now<String> {
    let location = use_location();
    move || format!("{}?{}", location.pathname.get(), location.search.get())
}
