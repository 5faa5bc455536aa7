//! What tables, facts and cards hold.

use leptos::prelude::*;

use crate::{
    admin::page::{Cell, Tone, Way},
    components::Number,
    format::{self, Shown},
};

pub fn cell(held: Cell) -> AnyView {
    match held {
        Cell::None => format::NONE.into_any(),
        Cell::Text(text) => text.into_any(),
        Cell::Code(text) => code(text),
        Cell::Link(way) => link(way),
        Cell::Status(tone, word) => view! { <span class=format!("status {}", name(tone))>{word}</span> }.into_any(),
        Cell::Time(moment) => {
            let exact = moment.to_string();
            // 2026-01-31T12:00:00.250Z
            let short = exact.get(..16).unwrap_or(&exact).replace('T', " ");
            view! { <time datetime=exact.clone() title=exact>{short}</time> }.into_any()
        }
        Cell::Count(count) => number(format::count(count)),
        Cell::Money(sums) => format::amounts(&sums).into_any(),
        Cell::Person { name, note } => view! {
            {cell(*name)}
            <span class="note block">{note}</span>
        }
        .into_any(),
        Cell::Stack(cells) => cells.into_iter().map(|each| view! { <div>{cell(each)}</div> }).collect_view().into_any(),
    }
}

fn number(Shown { short, exact }: Shown) -> AnyView {
    view! { <Number short exact/> }.into_any()
}

pub fn link(Way { label, href }: Way) -> AnyView {
    view! { <a href=href>{label}</a> }.into_any()
}

/// Monospaced, with a button that copies it.
fn code(text: String) -> AnyView {
    view! {
        <span class="copied">
            <code>{text.clone()}</code>
            <button r#type="button" class="copy" data-copy=text.clone() aria-label=format!("Copy {text}")>
                "Copy"
            </button>
        </span>
    }
    .into_any()
}

pub fn name(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "",
        Tone::Good => "good",
        Tone::Warn => "warn",
        Tone::Bad => "bad",
    }
}
