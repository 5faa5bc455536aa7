//! The mark and the name.

use leptos::prelude::*;

/// Streams that join, and the name. The mark says nothing the name does not.
#[component]
pub fn Wordmark() -> impl IntoView {
    view! {
        <span class="wordmark">
            <svg viewBox="0 0 24 24" width="24" height="24" fill="none" aria-hidden="true" focusable="false">
                <path class="stream side" d="M2 4.5C8.5 4.5 8 12 14 12"/>
                <path class="stream side" d="M2 19.5C8.5 19.5 8 12 14 12"/>
                <path class="stream main" d="M2 12H22"/>
            </svg>
            "Tributary"
        </span>
    }
}
