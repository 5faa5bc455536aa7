//! The parts of a page.

use leptos::prelude::*;

use super::{
    Kit,
    action::{action, actions, button},
    cell::{bar, cell, link, name, note_below},
    form::form,
    table::table,
};
use crate::{
    admin::page::{Card, Code, Empty, Notice, Part, Stage, Step, Tab},
    components::number,
    format,
    markup::{Content, Element, el},
};

pub fn parts(all: Vec<Part>, kit: Kit, here: &str) -> AnyView {
    all.into_iter().map(|each| part(each, kit, here)).collect::<Vec<_>>().content()
}

fn part(part: Part, kit: Kit, here: &str) -> AnyView {
    match part {
        Part::Facts(facts) => {
            let fact = |(label, value)| el("div").child(el("dt").child(label)).child(el("dd").child(cell(value)));
            let facts: Vec<_> = facts.into_iter().map(|each: (String, _)| fact(each)).collect();
            el("dl").class("known").child(facts).content()
        }
        Part::Cards(all) => el("dl").class("cards fit").child(all.into_iter().map(card).collect::<Vec<_>>()).content(),
        Part::Table(all) => table(*all, kit, here),
        Part::Form(fields) => el("div").class("panel narrow-panel").child(form(fields, kit, here, false)).content(),
        Part::Checklist(steps) => {
            el("ol").class("steps-list").child(steps.into_iter().map(step).collect::<Vec<_>>()).content()
        }
        Part::Notice(Notice { tone, text, way }) => {
            el("p").class(format!("notice {}", name(tone))).child(text).child(" ").child(way.map(link)).content()
        }
        Part::Empty(none) => empty(none, kit, here),
        Part::Code(block) => code(block).content(),
        Part::Image { src, alt } => el("img").attr("src", src).attr("alt", alt).attr("loading", "lazy").content(),
        Part::Group { title, note, actions: deeds, parts: inner } => el("section")
            .class("group")
            .child(el("div").class("head").child(el("h2").child(title)).child(actions(deeds, kit, here)))
            .child(note.map(small))
            .child(parts(inner, kit, here))
            .content(),
        Part::Details { summary, parts: inner } => {
            el("details").class("group").child(el("summary").child(summary)).child(parts(inner, kit, here)).content()
        }
        Part::Panels(all) => {
            let all = all.into_iter().map(|inner| el("li").class("panel").child(parts(inner, kit, here)));
            el("ul").class("panels").child(all.collect::<Vec<_>>()).content()
        }
        Part::Tabs { label, tabs: all } => tabs(label, all).content(),
        Part::Funnel(stages) => {
            el("ol").class("funnel").child(stages.into_iter().map(stage).collect::<Vec<_>>()).content()
        }
    }
}

/// Links to views of the same.
pub fn tabs(label: String, all: Vec<Tab>) -> Element {
    let all = all.into_iter().map(|Tab { way, current, count }| {
        let count = count.map(|count| el("span").class("note").child(format!(" {}", format::count(count).short)));
        let way = link(way).attr("data-noscroll", "").attr("aria-current", current.then_some("page")).child(count);
        el("li").child(way)
    });
    let all = el("ul").class("segments").child(all.collect::<Vec<_>>());
    el("nav").class("tabs").attr("aria-label", label).child(all)
}

fn stage(stage: Stage) -> Element {
    let Stage { label, count, share, notes, aside } = stage;
    let notes: Vec<_> = notes.into_iter().map(|note| el("span").child(note)).collect();
    let notes = el("div").class("note").child(notes);
    let count = el("strong").child(number(format::count(count)));
    el("li").class(aside.then_some("aside")).child(el("span").child(label)).child(count).child(bar(share)).child(notes)
}

/// A paragraph of small print.
pub fn small(note: String) -> Element {
    el("p").class("note").child(note)
}

pub fn empty(none: Empty, kit: Kit, here: &str) -> AnyView {
    let Empty { title, text, action: way } = none;
    el("section")
        .class("message")
        .child(el("h2").child(title))
        .child(el("p").child(text))
        .child(way.map(|way| action(way, kit, here)))
        .content()
}

fn card(card: Card) -> Element {
    let Card { label, value, note, href } = card;
    let label = match href {
        Some(href) => el("a").attr("href", href).child(label).content(),
        None => label.content(),
    };
    el("div")
        .class("card")
        .child(el("dt").child(label))
        .child(el("dd").class("value").child(cell(value)))
        .child(el("dd").class("note").child(note))
}

fn step(step: Step) -> Element {
    let Step { done, label, hint, way } = step;
    el("li")
        .class(if done { "done" } else { "open" })
        .child(el("strong").child(label))
        .child(el("span").class("heard").child(if done { " (done)" } else { " (to do)" }))
        .child(note_below(hint))
        .child(way.filter(|_| !done).map(link))
}

fn code(code: Code) -> Element {
    let Code { label, text, note, once } = code;
    let copy = button("button copy")
        .attr("data-copy", text.clone())
        .attr("aria-label", format!("Copy: {label}"))
        .child("Copy");
    let block = el("pre").attr("tabindex", "0").attr("role", "group").attr("aria-label", label.clone());
    el("div")
        .class(if once { "code once" } else { "code" })
        .child(el("div").class("head").child(el("strong").child(label)).child(copy))
        .child(block.child(el("code").child(text)))
        .child(note.map(small))
}
