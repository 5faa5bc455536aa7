//! The dates: named ranges, steps back and forth, a range of one's own, and what it is compared with. All are links
//! and plain forms.

use leptos::tachys::html::property::prop;
use model::stats::Preset;

use super::{
    Now,
    frame::show_chosen,
    scope_picker::{narrowing, rest_of},
};
use crate::{
    address::{self, DASHBOARD, View},
    days::Days,
    kit::send,
    markup::{Element, el},
};

/// Each with the letter that chooses it.
pub const PRESETS: [(Preset, &str, &str); 9] = [
    (Preset::Today, "Today", "d"),
    (Preset::Yesterday, "Yesterday", "e"),
    (Preset::Last7Days, "7 days", "w"),
    (Preset::Last30Days, "30 days", "t"),
    (Preset::MonthToDate, "This month", "m"),
    (Preset::LastMonth, "Last month", "p"),
    (Preset::YearToDate, "This year", "y"),
    (Preset::Last12Months, "12 months", "l"),
    (Preset::All, "All time", "a"),
];

pub const EARLIER: &str = "j";
pub const LATER: &str = "k";

const COMPARED: [(&str, &str); 3] = [("", "Period before"), ("year", "Year before"), ("none", "Nothing")];

/// `days` are those the figures are of, once they are known, and `label` what they are called where they are no whole
/// days. `open`: whether the range reaches the present; then there is nothing after it.
pub fn range_picker(
    view: impl Now<View>,
    days: impl Now<Option<Days>>,
    label: impl Now<Option<String>>,
    open: impl Now<bool>,
) -> Element {
    show_chosen(".presets ul", move || drop(view()));
    let steps = move || {
        let days = days();
        let (before, after) = (days.and_then(Days::before), days.filter(|_| !open()).and_then(Days::after));
        let label = days.map(Days::label).or_else(label);
        el("div")
            .class("steps")
            .attr("hidden", label.is_none())
            .child(step(view(), ("Earlier", "‹", EARLIER), before))
            .child(el("strong").child(label))
            .child(step(view(), ("Later", "›", LATER), after))
    };
    let presets = el("ul").class("segments").child(move || presets(&view()));
    el("div")
        .class("range")
        .child(steps)
        .child(el("nav").class("presets").attr("aria-label", "Date range").child(presets))
        .child(own_range(view, days))
}

fn presets(view: &View) -> Vec<Element> {
    let asked = &view.asked;
    let named = asked.range.as_deref().filter(|_| asked.from.is_none() && asked.to.is_none());
    let presets = PRESETS.into_iter().map(|(preset, label, key)| {
        let to = view.clone().ask(|asked| {
            (asked.from, asked.to, asked.interval) = (None, None, None);
            asked.range = Some(preset.to_string());
        });
        let link = el("a")
            .attr("href", address::link(DASHBOARD, &to))
            .attr("data-noscroll", "")
            .attr("data-key", key)
            .attr("aria-current", (named == Some(preset.as_str())).then_some("true"));
        el("li").child(link.child(label))
    });
    presets.collect()
}

/// A step to another range of the same length, or its place where there is none.
fn step(view: View, (label, sign, key): (&'static str, &'static str, &'static str), to: Option<Days>) -> Element {
    let Some(days) = to else { return el("span").class("step").attr("aria-hidden", "true").child(sign) };
    let said = format!("{label}: {}", days.label());
    let to = view.ask(|asked| {
        asked.range = None;
        (asked.from, asked.to) = (Some(days.first.to_string()), Some(days.last.to_string()));
    });
    el("a")
        .class("step")
        .attr("href", address::link(DASHBOARD, &to))
        .attr("data-noscroll", "")
        .attr("data-key", key)
        .attr("aria-label", said.clone())
        .attr("title", said)
        .child(sign)
}

/// A range of one's own: a plain form in a part that folds.
fn own_range(view: impl Now<View>, days: impl Now<Option<Days>>) -> Element {
    let chosen = move || {
        let View { asked, .. } = view();
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
        let rest = view().ask(|asked| {
            (asked.range, asked.from, asked.to, asked.interval) = (None, None, None, None);
        });
        (rest_of(&rest), from, to)
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
        .child(el("summary").live("class", chosen).attr("data-key", "c").child("Dates…"))
        .child(form)
}

/// What the figures are compared with.
pub fn compared(view: impl Now<View>) -> Element {
    // Everything there is has nothing before it.
    let is_all = move || view().asked.range.as_deref() == Some(Preset::All.as_str());
    let chosen = move || view().manner("compare").filter(|of| *of != "previous").unwrap_or_default().to_owned();
    let form = move || {
        let chosen = chosen();
        let options = COMPARED
            .into_iter()
            .map(|(value, label)| el("option").attr("value", value).attr("selected", chosen == value).child(label));
        narrowing("Compared with", "compare", options.collect(), chosen.clone(), move || view().without("compare"))
    };
    el("div").class("compared scopes").live("hidden", is_all).child(form)
}
