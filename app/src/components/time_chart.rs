//! Clicks and conversions over time: two small charts above one another, and their table.

use leptos::{html::Div, prelude::*, tachys::html::node_ref::node_ref};
use model::stats::{Chart, Interval, Point, StatsQuery};

use super::{Now, twin_table::twin_table};
use crate::{
    address::{self, DASHBOARD},
    days::{self, Days},
    format,
    markup::{Element, el},
    plot::{self, Bars},
};

pub fn time_chart(
    chart: impl Now<Option<Chart>>,
    asked: impl Now<StatsQuery>,
    days: impl Now<Option<Days>>,
) -> Element {
    let clicks = NodeRef::<Div>::new();
    let conversions = NodeRef::<Div>::new();
    let bars = Memo::new(move |_| chart().as_ref().map(bars));
    let failed = plot::draw(clicks, conversions, bars);
    let figure = move |name: &'static str, class: &'static str, value: fn(&Point) -> i64, plot: NodeRef<Div>| {
        let said = move || chart().map(|chart| describe(&chart, &name.to_lowercase(), value));
        el("figure")
            .child(el("figcaption").child(el("span").class(class)).child(name))
            .child(el("div").class("plot").attr("role", "img").live("aria-label", said).with(node_ref::<Div, _>(plot)))
    };
    let note = move || {
        let words = "The chart could not be loaded. The table below says the same.";
        failed.get().then(|| el("p").class("note").attr("role", "status").child(words))
    };
    el("section")
        .class("panel chart")
        .attr("aria-labelledby", "over-time")
        .child(
            el("div")
                .class("head")
                .child(el("h2").attr("id", "over-time").child("Over time"))
                .child(intervals(chart, asked, days)),
        )
        .child(figure("Clicks", "swatch clicks", |point| point.clicks, clicks))
        .child(figure("Conversions", "swatch sales", |point| point.conversions, conversions))
        .child(note)
        .child(twin_table(chart))
}

/// Links to the intervals that make sense for the range.
fn intervals(chart: impl Now<Option<Chart>>, asked: impl Now<StatsQuery>, days: impl Now<Option<Days>>) -> Element {
    let links = move || {
        let shown = chart().map(|chart| chart.interval);
        let link = |interval: Interval| {
            let target = address::link(DASHBOARD, &StatsQuery { interval: Some(interval.to_string()), ..asked() });
            let link = el("a")
                .attr("href", target)
                .attr("data-noscroll", "")
                .attr("aria-current", (shown == Some(interval)).then_some("true"));
            el("li").child(link.child(days::interval_label(interval)))
        };
        days().map(|days| days::intervals(days.count()).map(link).collect::<Vec<_>>())
    };
    el("nav").attr("aria-label", "Interval").child(el("ul").class("segments small").child(links))
}

fn bars(chart: &Chart) -> Bars {
    let points = &chart.points;
    Bars {
        names: points.iter().map(|point| days::bucket_label(&point.start, chart.interval)).collect(),
        labels: points.iter().map(|point| days::axis_label(&point.start, chart.interval, points.len())).collect(),
        every: days::label_every(chart.interval, points.len()),
        complete: points.iter().map(|point| point.complete).collect(),
        clicks: points.iter().map(|point| point.clicks).collect(),
        conversions: points.iter().map(|point| point.conversions).collect(),
    }
}

/// The chart in a sentence.
fn describe(chart: &Chart, name: &str, value: fn(&Point) -> i64) -> String {
    let total: i64 = chart.points.iter().map(value).sum();
    let unit = match chart.interval {
        Interval::Hour => "hour",
        Interval::Day => "day",
        Interval::Week => "week",
        Interval::Month => "month",
    };
    let start = format!("Bar chart of {name} by {unit}: {} in all", format::exact_count(total));
    // The first of the highest: `max_by_key` would name the last.
    match chart.points.iter().rev().max_by_key(|point| value(point)) {
        Some(top) if value(top) > 0 => {
            let when = days::bucket_label(&top.start, chart.interval);
            format!(
                "{start}, most in {when} with {}. The table below has all figures.",
                format::exact_count(value(top))
            )
        }
        _ => format!("{start}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(day: u32, clicks: i64) -> Point {
        let start = format!("2026-02-{day:02}T00:00:00Z");
        Point { start, complete: true, clicks, add_to_cart: 0, conversions: 0, gmv: Vec::new(), previous: None }
    }

    #[test]
    fn a_chart_says_its_sum_and_its_first_peak() {
        let chart = Chart {
            interval: Interval::Day,
            tz: "UTC".to_owned(),
            points: vec![point(1, 3), point(2, 1_200), point(3, 1_200)],
        };
        assert_eq!(
            describe(&chart, "clicks", |point| point.clicks),
            "Bar chart of clicks by day: 2,403 in all, most in Mon 2 Feb 2026 with 1,200. The table below has all figures."
        );
        assert_eq!(
            describe(&chart, "conversions", |point| point.conversions),
            "Bar chart of conversions by day: 0 in all."
        );
    }
}
