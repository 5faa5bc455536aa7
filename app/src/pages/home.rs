//! `/`: leads to where the reader belongs.

use leptos::prelude::*;

use crate::{address, elsewhere::GoTo, viewer::viewer};

#[component]
pub fn HomePage() -> impl IntoView {
    let target = viewer().map_or(address::LOG_IN, |account| address::landing(account.role));
    view! { <GoTo to=target/> }
}
