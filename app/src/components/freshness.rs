//! "Updated 10 s ago": keeps the figures fresh while somebody looks at them.

use std::time::Duration;

use leptos::prelude::*;

use super::Now;
use crate::markup::{Element, el};

/// How often figures are asked for again, in seconds, while the page is visible.
const EVERY: u32 = 10;
/// The age is told in steps of this many seconds, so that it does not flicker.
const STEP: u32 = 5;

/// `arrived` changes with each arrival of figures, be they the same as before.
pub fn freshness(arrived: impl Now<bool>, refresh: impl Now<()>) -> Element {
    let age = RwSignal::new(0_u32);
    Effect::new(move |_| {
        if arrived() {
            age.set(0);
        }
    });
    Effect::new(move |_| {
        let tick = move || {
            age.update(|age| *age = age.saturating_add(1));
            if !document().hidden() && age.get_untracked().is_multiple_of(EVERY) {
                refresh();
            }
        };
        if let Ok(ticking) = set_interval_with_handle(tick, Duration::from_secs(1)) {
            on_cleanup(move || ticking.clear());
        }
        // Whoever comes back to the page sees what is true now.
        let back = window_event_listener_untyped("visibilitychange", move |_| {
            if !document().hidden() && age.get_untracked() >= EVERY {
                refresh();
            }
        });
        on_cleanup(move || back.remove());
    });
    let words = move || match age.get() / STEP * STEP {
        0 => "Updated just now".to_owned(),
        seconds if seconds < 120 => format!("Updated {seconds} s ago"),
        seconds => format!("Updated {} min ago", seconds / 60),
    };
    el("span").class("age").child(words)
}
