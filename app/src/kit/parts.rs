//! The parts of a page.

use leptos::prelude::*;

use super::{
    Kit,
    action::{action, actions},
    cell::{cell, link, name},
    form::form,
    table::table,
};
use crate::admin::page::{Card, Code, Empty, Notice, Part, Step};

pub fn parts(all: Vec<Part>, kit: Kit, here: &str) -> AnyView {
    all.into_iter().map(|each| part(each, kit, here)).collect_view().into_any()
}

fn part(part: Part, kit: Kit, here: &str) -> AnyView {
    match part {
        Part::Facts(facts) => {
            let facts = facts.into_iter().map(|(label, value)| {
                view! { <div><dt>{label}</dt><dd>{cell(value)}</dd></div> }
            });
            view! { <dl class="known">{facts.collect_view()}</dl> }.into_any()
        }
        Part::Cards(all) => view! { <dl class="cards fit">{all.into_iter().map(card).collect_view()}</dl> }.into_any(),
        Part::Table(all) => table(*all, kit, here),
        Part::Form(fields) => {
            view! { <div class="panel narrow-panel">{form(fields, kit, here, false)}</div> }.into_any()
        }
        Part::Checklist(steps) => {
            view! { <ol class="steps-list">{steps.into_iter().map(step).collect_view()}</ol> }.into_any()
        }
        Part::Notice(Notice { tone, text, way }) => {
            view! { <p class=format!("notice {}", name(tone))>{text} " " {way.map(link)}</p> }.into_any()
        }
        Part::Empty(none) => empty(none, kit, here),
        Part::Code(block) => code(block),
        Part::Image { src, alt } => view! { <img src=src alt=alt/> }.into_any(),
        Part::Group { title, note, actions: deeds, parts: inner } => view! {
            <section class="group">
                <div class="head"><h2>{title}</h2>{actions(deeds, kit, here)}</div>
                {note.map(|note| view! { <p class="note">{note}</p> })}
                {parts(inner, kit, here)}
            </section>
        }
        .into_any(),
        Part::Details { summary, parts: inner } => view! {
            <details class="group">
                <summary>{summary}</summary>
                {parts(inner, kit, here)}
            </details>
        }
        .into_any(),
    }
}

pub fn empty(none: Empty, kit: Kit, here: &str) -> AnyView {
    let Empty { title, text, action: way } = none;
    view! {
        <section class="message">
            <h2>{title}</h2>
            <p>{text}</p>
            {way.map(|way| action(way, kit, here))}
        </section>
    }
    .into_any()
}

fn card(card: Card) -> AnyView {
    let Card { label, value, note, href } = card;
    let label = match href {
        Some(href) => view! { <a href=href>{label}</a> }.into_any(),
        None => label.into_any(),
    };
    view! {
        <div class="card">
            <dt>{label}</dt>
            <dd class="value">{cell(value)}</dd>
            <dd class="note">{note}</dd>
        </div>
    }
    .into_any()
}

fn step(step: Step) -> AnyView {
    let Step { done, label, hint, way } = step;
    view! {
        <li class=if done { "done" } else { "open" }>
            <strong>{label}</strong>
            <span class="heard">{if done { " (done)" } else { " (to do)" }}</span>
            <span class="note block">{hint}</span>
            {way.filter(|_| !done).map(link)}
        </li>
    }
    .into_any()
}

fn code(code: Code) -> AnyView {
    let Code { label, text, note, once } = code;
    let said = format!("Copy: {label}");
    view! {
        <div class=if once { "code once" } else { "code" }>
            <div class="head">
                <strong>{label.clone()}</strong>
                <button r#type="button" class="button copy" data-copy=text.clone() aria-label=said>"Copy"</button>
            </div>
            <pre tabindex="0" role="group" aria-label=label><code>{text}</code></pre>
            {note.map(|note| view! { <p class="note">{note}</p> })}
        </div>
    }
    .into_any()
}
