//! The mark and the name.

use leptos::prelude::*;

/// Streams that join, and the name. The mark says nothing the name does not.
#[component]
pub fn Wordmark() -> impl IntoView {
    view! {
        <span class="wordmark">
            <svg viewBox="0 0 24 24" width="24" height="24" fill="none" aria-hidden="true" focusable="false">
                <path class="stream side" d="M2 4h3c5 0 5 8 10 8"/>
                <path class="stream side" d="M2 20h3c5 0 5-8 10-8"/>
                <path class="stream main" d="M2 12h20"/>
            </svg>
            "Tributary"
        </span>
    }
}
