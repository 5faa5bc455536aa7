//! Clicks and conversions over time: the two charts, and the same in figures.

use model::stats::{Chart, Interval, Point};

use super::option::{Drawn, option};
use crate::{
    address::{self, DASHBOARD, View},
    admin::{
        page::{Cell, Tab, Way},
        table::{Column, Row, Table},
    },
    days::{self, Days},
    figures::sheet::{Plot, Plots},
    format,
};

/// `to`: where the range ends, as the overview names it. `sold`: what conversions are called here.
pub fn plots(view: &View, chart: &Chart, to: &str, sold: &str) -> Plots {
    let points = &chart.points;
    let most = points.iter().map(most_of).max().unwrap_or_default();
    let labels: Vec<String> =
        points.iter().map(|point| days::axis_label(&point.start, chart.interval, points.len())).collect();
    let complete: Vec<bool> = points.iter().map(|point| point.complete).collect();
    let plot = |name: &str, colour: &str, value: fn(&Point) -> i64, before: fn(&Point) -> Option<i64>| Plot {
        name: name.to_owned(),
        said: describe(chart, &name.to_lowercase(), value),
        option: option(Drawn {
            name,
            colour,
            labels: &labels,
            every: days::label_every(chart.interval, points.len()),
            values: points.iter().map(value).collect(),
            complete: &complete,
            before: points.iter().map(before).collect(),
            most,
        }),
        tips: points.iter().map(|point| tip(point, chart.interval, name, value(point), before(point))).collect(),
    };
    let hrefs = hrefs(view, chart, to);
    Plots {
        intervals: intervals(view, chart, to),
        legend: points.iter().any(|point| point.previous.is_some()).then(|| "Before".to_owned()),
        goes_on: points.iter().any(|point| !point.complete && (point.clicks > 0 || point.conversions > 0)),
        all: vec![
            plot("Clicks", "var(--clicks)", |it| it.clicks, |it| Some(it.previous.as_ref()?.clicks)),
            plot(sold, "var(--sales)", |it| it.conversions, |it| Some(it.previous.as_ref()?.conversions)),
        ],
        twin: twin(chart, &hrefs, sold),
        hrefs,
    }
}

fn most_of(point: &Point) -> i64 {
    let before = point.previous.as_ref().map_or(0, |before| before.clicks.max(before.conversions));
    point.clicks.max(point.conversions).max(before)
}

/// Links to the intervals that make sense for the range.
fn intervals(view: &View, chart: &Chart, to: &str) -> Vec<Tab> {
    let days = chart.points.first().and_then(|first| Days::whole(&first.start, to));
    let tab = |interval: Interval| {
        let there = view.clone().ask(|asked| asked.interval = Some(interval.to_string()));
        Tab {
            way: Way { label: days::interval_label(interval).to_owned(), href: address::link(DASHBOARD, &there) },
            current: chart.interval == interval,
            count: None,
        }
    };
    days.into_iter().flat_map(|days| days::intervals(days.count())).map(tab).collect()
}

/// The view of each bucket alone; a chart of one bucket is that view already.
fn hrefs(view: &View, chart: &Chart, to: &str) -> Vec<String> {
    let starts: Vec<&str> = chart.points.iter().map(|point| point.start.as_str()).collect();
    let ends = starts.iter().copied().skip(1).chain([to]);
    let href = |(start, end): (&&str, &str)| {
        let (from, to) = match Days::whole(start, end) {
            Some(days) => (days.first.to_string(), days.last.to_string()),
            None => ((*start).to_owned(), end.to_owned()),
        };
        let there = view.clone().ask(|asked| {
            (asked.range, asked.interval) = (None, None);
            (asked.from, asked.to) = (Some(from), Some(to));
        });
        if starts.len() == 1 { String::new() } else { address::link(DASHBOARD, &there) }
    };
    starts.iter().zip(ends).map(href).collect()
}

fn tip(point: &Point, interval: Interval, name: &str, value: i64, before: Option<i64>) -> String {
    let when = days::bucket_label(&point.start, interval);
    let so_far = if point.complete { "" } else { " (so far)" };
    let mut text = format!("{when}{so_far}<br>{name} <b>{}</b>", format::exact_count(value));
    if let (Some(before), Some(previous)) = (before, &point.previous) {
        let when = days::bucket_label(&previous.start, interval);
        text.push_str(&format!("<br>Before: {} ({when})", format::exact_count(before)));
    }
    text
}

/// What the charts show, readable without seeing them and without JavaScript. The name of a bucket leads to it alone.
fn twin(chart: &Chart, hrefs: &[String], sold: &str) -> Table {
    let compared = chart.points.iter().any(|point| point.previous.is_some());
    let mut columns = vec![
        Column::text("Time"),
        Column::figure("Clicks"),
        Column::figure("Add to carts"),
        Column::figure(sold),
        Column::figure("GMV"),
    ];
    if compared {
        columns.extend([Column::figure("Clicks before"), Column::figure(&format!("{sold} before"))]);
    }
    let exact = |count: i64| Cell::text(format::exact_count(count));
    let rows = chart.points.iter().zip(hrefs).map(|(point, href)| {
        let so_far = if point.complete { "" } else { " (so far)" };
        let name = format!("{}{so_far}", days::bucket_label(&point.start, chart.interval));
        let name = if href.is_empty() { Cell::text(name) } else { Cell::link(name, href) };
        let mut cells = vec![
            name,
            exact(point.clicks),
            exact(point.add_to_cart),
            exact(point.conversions),
            Cell::text(format::amounts(&point.gmv)),
        ];
        if compared {
            let before = point.previous.as_ref();
            cells.push(before.map_or(Cell::None, |before| exact(before.clicks)));
            cells.push(before.map_or(Cell::None, |before| exact(before.conversions)));
        }
        Row::new(cells)
    });
    Table { caption: "Figures of the chart".into(), rows: rows.collect(), columns, ..Table::default() }
}

/// The chart in a sentence.
fn describe(chart: &Chart, name: &str, value: fn(&Point) -> i64) -> String {
    let total: i64 = chart.points.iter().map(value).sum();
    let start = format!("Bar chart of {name} by {}: {} in all", chart.interval, format::exact_count(total));
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

    fn point(start: &str, clicks: i64) -> Point {
        let start = start.to_owned();
        Point { start, complete: true, clicks, add_to_cart: 0, conversions: 0, gmv: Vec::new(), previous: None }
    }

    fn chart(interval: Interval, points: Vec<Point>) -> Chart {
        Chart { interval, tz: "UTC".to_owned(), points }
    }

    #[test]
    fn a_chart_says_its_sum_and_its_first_peak() {
        let days = ["2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z", "2026-02-03T00:00:00Z"];
        let points = days.into_iter().zip([3, 1_200, 1_200]).map(|(day, clicks)| point(day, clicks)).collect();
        let chart = chart(Interval::Day, points);
        assert_eq!(
            describe(&chart, "clicks", |point| point.clicks),
            "Bar chart of clicks by day: 2,403 in all, most in Mon 2 Feb 2026 with 1,200. The table below has all figures."
        );
        assert_eq!(
            describe(&chart, "conversions", |point| point.conversions),
            "Bar chart of conversions by day: 0 in all."
        );
    }

    #[test]
    fn a_bucket_leads_to_its_days_and_an_hour_to_its_moments() {
        let view = View::default();
        let weeks =
            chart(Interval::Week, vec![point("2026-02-26T00:00:00+01:00", 1), point("2026-03-02T00:00:00+01:00", 1)]);
        assert_eq!(
            hrefs(&view, &weeks, "2026-03-06T00:00:00+01:00"),
            ["/dashboard?from=2026-02-26&to=2026-03-01", "/dashboard?from=2026-03-02&to=2026-03-05"]
        );
        let hours =
            chart(Interval::Hour, vec![point("2026-02-26T00:00:00+01:00", 1), point("2026-02-26T01:00:00+01:00", 1)]);
        assert_eq!(
            hrefs(&view, &hours, "2026-02-26T02:00:00+01:00")[1],
            "/dashboard?from=2026-02-26T01:00:00%2B01:00&to=2026-02-26T02:00:00%2B01:00"
        );
        let alone = chart(Interval::Day, vec![point("2026-02-26T00:00:00Z", 1)]);
        assert_eq!(hrefs(&view, &alone, "2026-02-27T00:00:00Z"), [""]);
    }
}
