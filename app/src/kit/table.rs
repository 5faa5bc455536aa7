//! Tables: what narrows them, their rows, what can be done to the ticked ones, and the way to more.

use leptos::prelude::*;

use super::{
    Kit,
    action::{actions, bulk},
    cell::cell,
    field::options,
    parts::empty,
};
use crate::admin::{
    page::{Deed, Field, Kind, Way},
    table::{Column, Filters, Order, Row, Table},
};

pub fn table(table: Table, kit: Kit, here: &str) -> AnyView {
    let Table { caption, columns, rows, filters, totals, bulk: deeds, first, next, empty: none } = table;
    let filters = filters.map(|filters| self::filters(filters, here));
    if rows.is_empty() {
        return view! {
            {filters}
            {empty(none, kit, here)}
            {pages(first, next)}
        }
        .into_any();
    }
    let form = format!("ticked-{}", caption.replace(' ', "-"));
    let ticks = !deeds.is_empty();
    let acts = rows.iter().any(|row| !row.actions.is_empty());
    let numeric: Vec<bool> = columns.iter().map(|column| column.numeric).collect();
    let align = |index: usize| numeric.get(index).copied().unwrap_or_default().then_some("figure");
    let head = columns.into_iter().map(heading).collect_view();
    let body = rows.into_iter().map(|row| {
        let Row { cells, actions: deeds, tick } = row;
        let cells = cells.into_iter().enumerate().map(|(index, each)| match index {
            0 => view! { <th scope="row">{cell(each)}</th> }.into_any(),
            _ => view! { <td class=align(index)>{cell(each)}</td> }.into_any(),
        });
        let cells = cells.collect_view();
        let form = form.clone();
        view! {
            <tr>
                {ticks
                    .then(|| {
                        let tick = tick.map(|id| {
                            view! {
                                <input r#type="checkbox" name="ids" value=id form=form aria-label="Choose this row"/>
                            }
                        });
                        view! { <td class="tick">{tick}</td> }
                    })}
                {cells}
                {acts.then(|| view! { <td class="last">{actions(deeds, kit, here)}</td> })}
            </tr>
        }
    });
    let body = body.collect_view();
    let totals = (!totals.is_empty()).then(|| {
        let cells = totals.into_iter().enumerate();
        let cells = cells.map(|(index, each)| view! { <td class=align(index)>{cell(each)}</td> }).collect_view();
        view! {
            <tfoot>
                <tr>{ticks.then(|| view! { <td></td> })} {cells} {acts.then(|| view! { <td></td> })}</tr>
            </tfoot>
        }
    });
    // The same for each of them: what the rows belong to.
    let kept = deeds.iter().find_map(|deed| match &deed.deed {
        Deed::Do { fields, .. } => Some(fields.clone()),
        _ => None,
    });
    let kept = kept.into_iter().flatten().map(|(name, value)| view! { <input r#type="hidden" name=name value=value/> });
    let kept = kept.collect_view();
    let deeds = ticks.then(|| {
        let deeds = deeds.into_iter().map(|each| bulk(each, kit, here, &form)).collect_view();
        view! { <form id=form.clone() class="acts ticked" method="post" action=here.to_owned()>{kept} {deeds}</form> }
    });
    view! {
        {filters}
        <div class="listed">
            <div class="scroll" tabindex="0" role="region" aria-label=caption.clone()>
                <table class="list">
                    <caption class="heard">{caption.clone()}</caption>
                    <thead>
                        <tr>
                            {ticks
                                .then(|| {
                                    view! {
                                        <th class="tick">
                                            <input
                                                class="scripted"
                                                r#type="checkbox"
                                                data-all=""
                                                aria-label="Choose all rows"
                                            />
                                        </th>
                                    }
                                })}
                            {head}
                            {acts.then(|| view! { <th><span class="heard">"Actions"</span></th> })}
                        </tr>
                    </thead>
                    <tbody>{body}</tbody>
                    {totals}
                </table>
            </div>
            {deeds}
        </div>
        {pages(first, next)}
    }
    .into_any()
}

fn heading(column: Column) -> AnyView {
    let Column { label, numeric, sort } = column;
    let class = numeric.then_some("figure");
    match sort {
        None => view! { <th scope="col" class=class>{label}</th> }.into_any(),
        Some(sort) => {
            let (order, sign) = match sort.order {
                Order::None => (None, ""),
                Order::Ascending => (Some("ascending"), " ▲"),
                Order::Descending => (Some("descending"), " ▼"),
            };
            view! {
                <th scope="col" class=class aria-sort=order>
                    <a href=sort.href data-noscroll>{label} <span aria-hidden="true">{sign}</span></a>
                </th>
            }
            .into_any()
        }
    }
}

/// A plain form, and links that take away what else narrows the rows.
fn filters(filters: Filters, here: &str) -> AnyView {
    let Filters { search, q, selects, kept, chips } = filters;
    let path = here.split('?').next().unwrap_or_default().to_owned();
    let kept = kept.into_iter().map(|(name, value)| view! { <input r#type="hidden" name=name value=value/> });
    let search = search.map(|label| {
        view! {
            <input r#type="search" name="q" value=q data-live="" aria-label=label.clone() placeholder=label autocomplete="off"/>
        }
    });
    let selects = selects.into_iter().filter_map(|field| {
        let Field { name, label, kind: Kind::Select(choices), value, .. } = field else { return None };
        Some(view! {
            <label class="choice">
                <span>{label}</span>
                <select name=name data-apply="" prop:value=value.clone()>{options(choices, &value)}</select>
            </label>
        })
    });
    let chips = chips.into_iter().map(|Way { label, href }| {
        view! {
            <a class="chip" href=href data-noscroll aria-label=format!("{label}: remove this filter")>
                {label.clone()} <span aria-hidden="true">" ×"</span>
            </a>
        }
    });
    let (kept, selects, chips) = (kept.collect_view(), selects.collect_view(), chips.collect_view());
    view! {
        <form class="filters" role="search" method="get" action=path>
            {kept}
            {search}
            {selects}
            <button r#type="submit" class="button unscripted">"Show"</button>
            {chips}
        </form>
    }
    .into_any()
}

fn pages(first: Option<String>, next: Option<String>) -> Option<AnyView> {
    (first.is_some() || next.is_some()).then(|| {
        view! {
            <nav class="acts pages" aria-label="Pages">
                {first.map(|href| view! { <a class="button" href=href>"First page"</a> })}
                {next.map(|href| view! { <a class="button" href=href rel="next">"Next page"</a> })}
            </nav>
        }
        .into_any()
    })
}
