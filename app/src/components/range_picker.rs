//! The dates: named ranges, steps back and forth, a range of one's own. All are links and a plain form.

use leptos::tachys::html::property::prop;
use model::stats::{Preset, StatsQuery};

use super::{Now, frame::show_chosen, scope_picker::rest_of};
use crate::{
    address::{self, DASHBOARD},
    days::Days,
    kit::send,
    markup::{Element, el},
};

const PRESETS: [(Preset, &str); 9] = [
    (Preset::Today, "Today"),
    (Preset::Yesterday, "Yesterday"),
    (Preset::Last7Days, "7 days"),
    (Preset::Last30Days, "30 days"),
    (Preset::MonthToDate, "This month"),
    (Preset::LastMonth, "Last month"),
    (Preset::YearToDate, "This year"),
    (Preset::Last12Months, "12 months"),
    (Preset::All, "All time"),
];

/// `days` are those the figures are of, once they are known. `open`: whether the range reaches the present; then
/// there is nothing after it.
pub fn range_picker(asked: impl Now<StatsQuery>, days: impl Now<Option<Days>>, open: impl Now<bool>) -> Element {
    show_chosen(".presets ul", move || drop(asked()));
    let steps = move || {
        let days = days();
        let (before, after) = (days.and_then(Days::before), days.filter(|_| !open()).and_then(Days::after));
        el("div")
            .class("steps")
            .attr("hidden", days.is_none())
            .child(step(&asked(), "Earlier", "‹", before))
            .child(el("strong").child(days.map(Days::label)))
            .child(step(&asked(), "Later", "›", after))
    };
    let presets = el("ul").class("segments").child(move || presets(&asked()));
    el("div")
        .class("range")
        .child(steps)
        .child(el("nav").class("presets").attr("aria-label", "Date range").child(presets))
        .child(own_range(asked, days))
}

fn presets(asked: &StatsQuery) -> Vec<Element> {
    let named = asked.range.as_deref().filter(|_| asked.from.is_none() && asked.to.is_none());
    let presets = PRESETS.into_iter().map(|(preset, label)| {
        let range = Some(preset.to_string());
        let query = StatsQuery { from: None, to: None, range, interval: None, ..asked.clone() };
        let link = el("a")
            .attr("href", address::link(DASHBOARD, &query))
            .attr("data-noscroll", "")
            .attr("aria-current", (named == Some(preset.as_str())).then_some("true"));
        el("li").child(link.child(label))
    });
    presets.collect()
}

/// A step to another range of the same length, or its place where there is none.
fn step(asked: &StatsQuery, label: &'static str, sign: &'static str, to: Option<Days>) -> Element {
    let Some(days) = to else { return el("span").class("step").attr("aria-hidden", "true").child(sign) };
    let said = format!("{label}: {}", days.label());
    el("a")
        .class("step")
        .attr("href", address::link(DASHBOARD, &dated(asked, days)))
        .attr("data-noscroll", "")
        .attr("aria-label", said.clone())
        .attr("title", said)
        .child(sign)
}

fn dated(asked: &StatsQuery, days: Days) -> StatsQuery {
    StatsQuery { range: None, from: Some(days.first.to_string()), to: Some(days.last.to_string()), ..asked.clone() }
}

/// A range of one's own: a plain form in a part that folds.
fn own_range(asked: impl Now<StatsQuery>, days: impl Now<Option<Days>>) -> Element {
    let chosen = move || {
        let asked = asked();
        (asked.from.is_some() || asked.to.is_some()).then_some("chosen")
    };
    let fields = move || {
        let date = |label: &'static str, name: &'static str, day: Option<String>| {
            let day = day.unwrap_or_default();
            let input = el("input").attr("type", "date").attr("name", name).attr("required", true);
            let input = input.attr("value", day.clone()).with(prop("value", day));
            el("label").child(el("span").child(label)).child(input)
        };
        let days = days();
        let from = date("From", "from", days.map(|days| days.first.to_string()));
        let to = date("To", "to", days.map(|days| days.last.to_string()));
        (rest_of(&StatsQuery { range: None, from: None, to: None, interval: None, ..asked() }), from, to)
    };
    let form = el("form")
        .attr("method", "get")
        .attr("action", DASHBOARD)
        .attr("data-noscroll", "")
        .child(fields)
        .child(send("button primary").child("Show"));
    el("details")
        .class("own")
        .attr("data-folds", "")
        .child(el("summary").live("class", chosen).child("Dates…"))
        .child(form)
}
