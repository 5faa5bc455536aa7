//! Tables: what narrows them, their rows, what can be done to the ticked ones, and the way to more.

use leptos::{prelude::*, tachys::html::property::prop};

use super::{
    Kit,
    action::{actions, bulk, send},
    cell::cell,
    field::options,
    form::kept,
    parts::empty,
};
use crate::{
    admin::{
        page::{Deed, Field, Kind, Way},
        table::{Column, Filters, Order, Row, Table},
    },
    markup::{Content, Element, el},
};

pub fn table(table: Table, kit: Kit, here: &str) -> AnyView {
    let Table { caption, columns, rows, filters, totals, bulk: deeds, first, next, empty: none } = table;
    let filters = filters.map(|filters| self::filters(filters, here));
    if rows.is_empty() {
        return (filters, empty(none, kit, here), pages(first, next)).content();
    }
    let form = format!("ticked-{}", caption.replace(' ', "-"));
    let ticks = !deeds.is_empty();
    let acts = rows.iter().any(|row| !row.actions.is_empty());
    let numeric: Vec<bool> = columns.iter().map(|column| column.numeric).collect();
    let align = |index: usize| numeric.get(index).copied().unwrap_or_default().then_some("figure");
    let body = rows.into_iter().map(|row| {
        let Row { cells, actions: deeds, tick } = row;
        let cells = cells.into_iter().enumerate().map(|(index, each)| match index {
            0 => el("th").attr("scope", "row").child(cell(each)),
            _ => el("td").class(align(index)).child(cell(each)),
        });
        let cells: Vec<_> = cells.collect();
        let tick = ticks.then(|| {
            let tick = tick
                .map(|id| tick_box("Choose this row").attr("name", "ids").attr("value", id).attr("form", form.clone()));
            el("td").class("tick").child(tick)
        });
        let deeds = acts.then(|| el("td").class("last").child(actions(deeds, kit, here)));
        el("tr").child(tick).child(cells).child(deeds)
    });
    let body: Vec<_> = body.collect();
    let totals = (!totals.is_empty()).then(|| {
        let cells = totals.into_iter().enumerate();
        let cells: Vec<_> = cells.map(|(index, each)| el("td").class(align(index)).child(cell(each))).collect();
        let row = el("tr").child(ticks.then(|| el("td"))).child(cells).child(acts.then(|| el("td")));
        el("tfoot").child(row)
    });
    // The same for each of them: what the rows belong to.
    let belong = deeds.iter().find_map(|deed| match &deed.deed {
        Deed::Do { fields, .. } => Some(fields.clone()),
        _ => None,
    });
    let belong: Vec<_> = belong.into_iter().flatten().map(|(name, value)| kept(name, value)).collect();
    let deeds = ticks.then(|| {
        let deeds: Vec<_> = deeds.into_iter().map(|each| bulk(each, kit, here, &form)).collect();
        el("form")
            .attr("id", form.clone())
            .class("acts ticked")
            .attr("method", "post")
            .attr("action", here.to_owned())
            .child(belong)
            .child(deeds)
    });
    let all =
        ticks.then(|| el("th").class("tick").child(tick_box("Choose all rows").class("scripted").attr("data-all", "")));
    let head = el("tr")
        .child(all)
        .child(columns.into_iter().map(heading).collect::<Vec<_>>())
        .child(acts.then(|| el("th").child(el("span").class("heard").child("Actions"))));
    let table = el("table")
        .class("list")
        .child(el("caption").class("heard").child(caption.clone()))
        .child(el("thead").child(head))
        .child(el("tbody").child(body))
        .child(totals);
    let listed = el("div").class("listed").child(scrolling(caption).child(table)).child(deeds);
    (filters, listed, pages(first, next)).content()
}

/// Holds what may be wider than the screen.
fn scrolling(label: String) -> Element {
    el("div").class("scroll").attr("tabindex", "0").attr("role", "region").attr("aria-label", label)
}

fn tick_box(said: &'static str) -> Element {
    el("input").attr("type", "checkbox").attr("aria-label", said)
}

fn heading(column: Column) -> Element {
    let Column { label, numeric, sort } = column;
    let heading = el("th").attr("scope", "col").class(numeric.then_some("figure"));
    let Some(sort) = sort else { return heading.child(label) };
    let (order, sign) = match sort.order {
        Order::None => (None, ""),
        Order::Ascending => (Some("ascending"), " ▲"),
        Order::Descending => (Some("descending"), " ▼"),
    };
    let sign = el("span").attr("aria-hidden", "true").child(sign);
    let way = el("a").attr("href", sort.href).attr("data-noscroll", "").child(label).child(" ").child(sign);
    heading.attr("aria-sort", order).child(way)
}

/// A plain form, and links that take away what else narrows the rows.
fn filters(filters: Filters, here: &str) -> Element {
    let Filters { search, q, selects, kept: rest, chips } = filters;
    let path = here.split('?').next().unwrap_or_default().to_owned();
    let rest: Vec<_> = rest.into_iter().map(|(name, value)| kept(name, value)).collect();
    let search = search.map(|label| {
        el("input")
            .attr("type", "search")
            .attr("name", "q")
            .attr("value", q)
            .attr("data-live", "")
            .attr("aria-label", label.clone())
            .attr("placeholder", label)
            .attr("autocomplete", "off")
    });
    let selects = selects.into_iter().filter_map(|field| {
        let Field { name, label, kind: Kind::Select(choices), value, .. } = field else { return None };
        Some(choice(
            label,
            el("select").attr("name", name).attr("data-apply", "").child(options(choices, &value)),
            value,
        ))
    });
    let selects: Vec<_> = selects.collect();
    el("form")
        .class("filters")
        .attr("role", "search")
        .attr("aria-label", "This list")
        .attr("method", "get")
        .attr("action", path)
        .child(rest)
        .child(search)
        .child(selects)
        .child(send("button unscripted").child("Show"))
        .child(self::chips(chips))
}

/// What narrows a view; each leads to the view without it.
pub fn chips(all: Vec<Way>) -> Vec<Element> {
    let chip = |Way { label, href }| {
        el("a")
            .class("chip")
            .attr("href", href)
            .attr("data-noscroll", "")
            .attr("aria-label", format!("{label}: remove this filter"))
            .child(label)
            .child(" ")
            .child(el("span").attr("aria-hidden", "true").child(" ×"))
    };
    all.into_iter().map(chip).collect()
}

/// A select with its label. The attributes of its options are for the page as it is sent; once somebody chose, only
/// the property counts.
pub fn choice(label: impl Content, select: Element, chosen: String) -> Element {
    el("label").class("choice").child(el("span").child(label)).child(select.with(prop("value", chosen)))
}

fn pages(first: Option<String>, next: Option<String>) -> Option<Element> {
    (first.is_some() || next.is_some()).then(|| {
        let way = |href: String, label: &'static str| el("a").class("button").attr("href", href).child(label);
        el("nav")
            .class("acts pages")
            .attr("aria-label", "Pages")
            .child(first.map(|href| way(href, "First page")))
            .child(next.map(|href| way(href, "Next page").attr("rel", "next")))
    })
}
