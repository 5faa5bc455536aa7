//! "Updated 10 s ago": keeps the figures fresh while somebody looks at them.

use std::time::Duration;

use leptos::prelude::*;

/// How often figures are asked for again, in seconds, while the page is visible.
const EVERY: u32 = 10;
/// The age is told in steps of this many seconds, so that it does not flicker.
const STEP: u32 = 5;

#[component]
pub fn Freshness(
    /// Counts the figures that arrived, be they the same as before.
    #[prop(into)]
    arrivals: Signal<u32>,
    #[prop(into)] refresh: Callback<()>,
) -> impl IntoView {
    let age = RwSignal::new(0_u32);
    Effect::new(move |_| {
        // Read, not merely tracked: what nobody has read never changes.
        let _ = arrivals.get();
        age.set(0);
    });
    Effect::new(move |_| {
        let tick = move || {
            age.update(|age| *age = age.saturating_add(1));
            if !document().hidden() && age.get_untracked().is_multiple_of(EVERY) {
                refresh.run(());
            }
        };
        if let Ok(ticking) = set_interval_with_handle(tick, Duration::from_secs(1)) {
            on_cleanup(move || ticking.clear());
        }
        // Whoever comes back to the page sees what is true now.
        let back = window_event_listener_untyped("visibilitychange", move |_| {
            if !document().hidden() && age.get_untracked() >= EVERY {
                refresh.run(());
            }
        });
        on_cleanup(move || back.remove());
    });
    let words = Memo::new(move |_| match age.get() / STEP * STEP {
        0 => "Updated just now".to_owned(),
        seconds if seconds < 120 => format!("Updated {seconds} s ago"),
        seconds => format!("Updated {} min ago", seconds / 60),
    });
    view! { <span class="age">{words}</span> }
}
