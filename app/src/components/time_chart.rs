//! Clicks and conversions over time: two small charts above one another, and their table.

use leptos::{html::Div, prelude::*};
use model::stats::{Chart, Interval, Point, StatsQuery};

use super::twin_table::TwinTable;
use crate::{
    address::{self, DASHBOARD},
    days::{self, Days},
    format,
    plot::{self, Bars},
};

#[component]
pub fn TimeChart(
    #[prop(into)] chart: Signal<Option<Chart>>,
    #[prop(into)] asked: Signal<StatsQuery>,
    #[prop(into)] days: Signal<Option<Days>>,
) -> impl IntoView {
    let clicks = NodeRef::<Div>::new();
    let conversions = NodeRef::<Div>::new();
    let bars = Memo::new(move |_| chart.with(|chart| chart.as_ref().map(bars)));
    let failed = plot::draw(clicks, conversions, bars.into());
    let said = move |name: &'static str, value: fn(&Point) -> i64| {
        move || chart.with(|chart| chart.as_ref().map(|chart| describe(chart, name, value)))
    };
    view! {
        <section class="panel chart" aria-labelledby="over-time">
            <div class="head">
                <h2 id="over-time">"Over time"</h2>
                <Intervals chart asked days/>
            </div>
            <figure>
                <figcaption><span class="swatch clicks"></span>"Clicks"</figcaption>
                <div class="plot" role="img" aria-label=said("clicks", |point| point.clicks) node_ref=clicks></div>
            </figure>
            <figure>
                <figcaption><span class="swatch sales"></span>"Conversions"</figcaption>
                <div
                    class="plot"
                    role="img"
                    aria-label=said("conversions", |point| point.conversions)
                    node_ref=conversions
                ></div>
            </figure>
            {move || {
                failed
                    .get()
                    .then(|| {
                        view! {
                            <p class="note" role="status">"The chart could not be loaded. The table below says the same."</p>
                        }
                    })
            }}
            <TwinTable chart/>
        </section>
    }
    .into_any()
}

/// Links to the intervals that make sense for the range.
#[component]
fn Intervals(chart: Signal<Option<Chart>>, asked: Signal<StatsQuery>, days: Signal<Option<Days>>) -> impl IntoView {
    let shown = Memo::new(move |_| chart.with(|chart| chart.as_ref().map(|chart| chart.interval)));
    let link = move |interval: Interval| {
        let target = address::link(DASHBOARD, &StatsQuery { interval: Some(interval.to_string()), ..asked.get() });
        let current = move || (shown.get() == Some(interval)).then_some("true");
        view! { <li><a href=target data-noscroll aria-current=current>{days::interval_label(interval)}</a></li> }
    };
    let links = move || days.get().map(|days| days::intervals(days.count()).map(link).collect_view());
    view! {
        <nav aria-label="Interval">
            <ul class="segments small">{links}</ul>
        </nav>
    }
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
        Point { start, complete: true, clicks, add_to_cart: 0, conversions: 0, gmv: Vec::new() }
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
