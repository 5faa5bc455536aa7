//! Clicks and conversions over time: two small charts above one another, and their table.

use leptos::{html::Div, prelude::*, tachys::html::node_ref::node_ref};

use super::Now;
use crate::{
    figures::sheet::Plots,
    kit::{Kit, table, tabs},
    markup::{Element, el},
    plot,
};

const SWATCHES: [&str; 2] = ["swatch clicks", "swatch sales"];

pub fn time_chart(plots: impl Now<Option<Plots>>) -> Element {
    let kit = Kit::get();
    let above = NodeRef::<Div>::new();
    let below = NodeRef::<Div>::new();
    let failed = plot::draw([above, below], Memo::new(move |_| plots()));
    let part = move |index: usize, of: fn(&crate::figures::sheet::Plot) -> &String| {
        move || plots().and_then(|plots| plots.all.get(index).map(|plot| of(plot).clone()))
    };
    let figure = move |index: usize, plot: NodeRef<Div>| {
        let caption = el("figcaption")
            .child(el("span").class(SWATCHES[index]))
            .child(part(index, |plot| &plot.name))
            .child(move || {
                let legend = plots().and_then(|plots| plots.legend)?;
                Some(el("span").class("legend").child(el("span").class("swatch before")).child(legend))
            })
            .child(move || {
                plots().is_some_and(|plots| plots.goes_on).then(|| {
                    let swatch = el("span").class(format!("{} so-far", SWATCHES[index]));
                    el("span").class("legend").child(swatch).child("So far")
                })
            });
        let drawing = el("div").class("plot").attr("role", "img").live("aria-label", part(index, |plot| &plot.said));
        el("figure").child(caption).child(drawing.with(node_ref::<Div, _>(plot)))
    };
    let note = move || {
        let words = "The chart could not be loaded. The table below says the same.";
        failed.get().then(|| el("p").class("note").attr("role", "status").child(words))
    };
    let intervals = move || plots().map(|plots| tabs("Interval".to_owned(), plots.intervals));
    let twin = move || plots().map(|plots| table(plots.twin, kit, ""));
    el("section")
        .class("panel chart")
        .attr("aria-labelledby", "over-time")
        .child(el("div").class("head").child(el("h2").attr("id", "over-time").child("Over time")).child(intervals))
        .child(figure(0, above))
        .child(figure(1, below))
        .child(note)
        .child(el("details").class("twin").child(el("summary").child("Show as table")).child(twin))
}
