//! A whole page: where it stands, its heading, what can be done, and its parts.

use leptos::prelude::*;

use super::{
    Kit,
    action::{actions, question},
    cell::{cell, link},
    parts::{parts, tabs},
};
use crate::{
    admin::{
        page::Page,
        posted::{Outcome, Posted},
    },
    markup::{Content, el},
};

/// The page as it stands at this address.
pub fn page(page: Page, kit: Kit, here: &str) -> AnyView {
    if let Some(Posted { form: Some(form), fields, outcome: Outcome::Ask(confirm) }) = kit.posted() {
        return question(confirm, form, fields, here);
    }
    let Page { title, crumbs, lead, tabs, actions: deeds, parts: inner, .. } = page;
    let crumbs = (!crumbs.is_empty()).then(|| {
        let crumbs: Vec<_> = crumbs.into_iter().map(|way| el("li").child(link(way))).collect();
        el("nav").attr("aria-label", "Breadcrumb").child(el("ol").class("crumbs").child(crumbs))
    });
    let tabs = (!tabs.is_empty()).then(|| self::tabs("Parts of this page".to_owned(), tabs));
    let heading = el("h1").attr("tabindex", "-1").child(title);
    let head = el("div").class("head").child(heading).child(actions(deeds, kit, here));
    let lead = lead.map(|lead| el("p").class("lead").child(cell(lead)));
    (crumbs, head, lead, tabs, parts(inner, kit, here)).content()
}
