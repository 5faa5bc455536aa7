//! The figures that answer "how is it going?", each beside what it is compared with.

use leptos::prelude::*;

use super::Now;
use crate::{
    figures::sheet::{Card, Change, Direction, Value},
    format::Shown,
    markup::{Content, Element, el},
};

pub fn scorecard(cards: impl Now<Option<Vec<Card>>>) -> Element {
    el("dl")
        .class("cards")
        .live("data-count", move || cards().map(|cards| cards.len().to_string()))
        .child(move || cards().map(|cards| cards.into_iter().map(card).collect::<Vec<_>>()))
}

fn card(card: Card) -> Element {
    let Card { label, values, note } = card;
    let class = if values.len() > 1 { "value several" } else { "value" };
    let values = values.into_iter().map(|Value { short, exact, unit, change }| {
        let unit = (!unit.is_empty()).then(|| el("span").class("unit").child(" ").child(unit));
        let change = change.map(self::change);
        (el("dd").class(class).child(number(Shown { short, exact })).child(unit), change).content()
    });
    el("div")
        .class("card")
        .child(el("dt").child(label))
        .child(values.collect::<Vec<_>>())
        .child(el("dd").class("note").child(note))
}

fn change(change: Change) -> Element {
    let Change { way, text, before } = change;
    let class = match way {
        Direction::Up => "change up",
        Direction::Down => "change down",
        Direction::Level => "change",
    };
    el("dd").class(class).child(el("span").child(text)).child(" ").child(el("span").class("note").child(before))
}

/// The short form for the eye, with the exact one on hover; the exact one for those who listen.
pub fn number(Shown { short, exact }: Shown) -> AnyView {
    let seen = el("span").class("number").attr("title", exact.clone());
    match exact {
        None => seen.child(short).content(),
        Some(exact) => {
            (seen.attr("aria-hidden", "true").child(short), el("span").class("heard").child(exact)).content()
        }
    }
}
