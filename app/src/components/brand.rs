//! The mark and the name.

use crate::markup::{Element, el};

/// Streams that join, and the name. The mark says nothing the name does not.
pub fn wordmark() -> Element {
    let stream = |class: &'static str, course: &'static str| el("path").class(class).attr("d", course);
    let mark = el("svg")
        .attr("viewBox", "0 0 24 24")
        .attr("width", "24")
        .attr("height", "24")
        .attr("fill", "none")
        .attr("aria-hidden", "true")
        .attr("focusable", "false")
        .child(stream("stream side", "M2 4h3c5 0 5 8 10 8"))
        .child(stream("stream side", "M2 20h3c5 0 5-8 10-8"))
        .child(stream("stream main", "M2 12h20"));
    el("span").class("wordmark").child(mark).child("Tributary")
}
