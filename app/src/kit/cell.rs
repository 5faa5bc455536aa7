//! What tables, facts and cards hold.

use leptos::prelude::*;

use super::action::button;
use crate::{
    admin::page::{Cell, Tone, Way},
    components::number,
    format,
    markup::{Content, Element, el},
};

pub fn cell(held: Cell) -> AnyView {
    match held {
        Cell::None => format::NONE.content(),
        Cell::Text(text) => text.content(),
        Cell::Code(text) => code(text).content(),
        Cell::Link(way) => link(way).content(),
        Cell::Status(tone, word) => el("span").class(format!("status {}", name(tone))).child(word).content(),
        Cell::Time(moment) => {
            let exact = moment.to_string();
            // 2026-01-31T12:00:00.250Z
            let short = exact.get(..16).unwrap_or(&exact).replace('T', " ");
            el("time").attr("datetime", exact.clone()).attr("title", exact).child(short).content()
        }
        Cell::Count(count) => number(format::count(count)),
        Cell::Money(sums) if sums.is_empty() => format::NONE.content(),
        Cell::Money(sums) => {
            let each = sums.iter().enumerate().map(|(index, sum)| {
                let between = if index > 0 { ", " } else { "" };
                (between, number(format::amount(sum)), format!(" {}", sum.currency)).content()
            });
            each.collect::<Vec<_>>().content()
        }
        Cell::Person { name, note } => (cell(*name), note_below(note)).content(),
        Cell::Share(share) => {
            let part = el("span").class("part").child(format::per_mille(share));
            (bar(share), part).content()
        }
        Cell::Stack(cells) => cells.into_iter().map(|each| el("div").child(cell(each))).collect::<Vec<_>>().content(),
    }
}

pub fn link(Way { label, href }: Way) -> Element {
    el("a").attr("href", href).child(label)
}

/// A bar as long as its share of the whole, in thousandths. It says nothing that is not written beside it.
pub fn bar(share: u32) -> Element {
    el("svg")
        .class("share")
        .attr("viewBox", "0 0 1000 1")
        .attr("preserveAspectRatio", "none")
        .attr("aria-hidden", "true")
        .child(el("path").attr("d", format!("M0 0h{}v1H0z", share.min(1000))))
}

/// Small print on a line of its own.
pub fn note_below(words: String) -> Element {
    el("span").class("note block").child(words)
}

/// Monospaced, with a button that copies it.
fn code(text: String) -> Element {
    let copy = button("copy").attr("aria-label", format!("Copy {text}")).attr("data-copy", text.clone()).child("Copy");
    el("span").class("copied").child(el("code").child(text)).child(copy)
}

pub fn name(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "",
        Tone::Good => "good",
        Tone::Warn => "warn",
        Tone::Bad => "bad",
    }
}
