//! A whole page: where it stands, its heading, what can be done, and its parts.

use leptos::prelude::*;

use super::{
    Kit,
    action::{actions, question},
    cell::{cell, link},
    parts::parts,
};
use crate::{
    admin::{
        page::{Page, Tab},
        posted::{Outcome, Posted},
    },
    format,
};

/// The page as it stands at this address.
pub fn page(page: Page, kit: Kit, here: &str) -> AnyView {
    if let Some(Posted { form: Some(form), fields, outcome: Outcome::Ask(confirm) }) = kit.posted() {
        return question(confirm, form, fields, here);
    }
    let Page { title, crumbs, lead, tabs, actions: deeds, parts: inner } = page;
    let crumbs = (!crumbs.is_empty()).then(|| {
        let crumbs = crumbs.into_iter().map(|way| view! { <li>{link(way)}</li> }).collect_view();
        view! { <nav aria-label="Breadcrumb"><ol class="crumbs">{crumbs}</ol></nav> }
    });
    let tabs = (!tabs.is_empty()).then(|| {
        let tabs = tabs.into_iter().map(tab).collect_view();
        view! { <nav class="tabs" aria-label="Parts of this page"><ul class="segments">{tabs}</ul></nav> }
    });
    view! {
        {crumbs}
        <div class="head">
            <h1 tabindex="-1">{title}</h1>
            {actions(deeds, kit, here)}
        </div>
        {lead.map(|lead| view! { <p class="lead">{cell(lead)}</p> })}
        {tabs}
        {parts(inner, kit, here)}
    }
    .into_any()
}

fn tab(tab: Tab) -> AnyView {
    let Tab { way, current, count } = tab;
    view! {
        <li>
            <a href=way.href data-noscroll aria-current=current.then_some("page")>
                {way.label}
                {count.map(|count| view! { <span class="note">" " {format::count(count).short}</span> })}
            </a>
        </li>
    }
    .into_any()
}
