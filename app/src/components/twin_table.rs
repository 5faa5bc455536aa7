//! The chart in figures: what it shows, readable without seeing it and without JavaScript.

use model::stats::{Chart, Point};

use super::Now;
use crate::{
    days, format,
    kit::scrolling,
    markup::{Element, el},
};

pub fn twin_table(chart: impl Now<Option<Chart>>) -> Element {
    let rows = move || {
        let Chart { interval, points, .. } = chart()?;
        let row = |point: &Point| row(point, days::bucket_label(&point.start, interval));
        Some(points.iter().map(row).collect::<Vec<_>>())
    };
    let head = ["Time", "Clicks", "Add to carts", "Conversions", "GMV"];
    let head: Vec<_> = head.into_iter().map(|label| el("th").attr("scope", "col").child(label)).collect();
    let table = el("table").child(el("thead").child(el("tr").child(head))).child(el("tbody").child(rows));
    el("details")
        .class("twin")
        .child(el("summary").child("Show as table"))
        .child(scrolling("Figures of the chart".to_owned()).child(table))
}

fn row(point: &Point, label: String) -> Element {
    let figure = |text: String| el("td").child(text);
    el("tr")
        .child(el("th").attr("scope", "row").child(label).child((!point.complete).then_some(" (so far)")))
        .child(figure(format::exact_count(point.clicks)))
        .child(figure(format::exact_count(point.add_to_cart)))
        .child(figure(format::exact_count(point.conversions)))
        .child(figure(format::amounts(&point.gmv)))
}
