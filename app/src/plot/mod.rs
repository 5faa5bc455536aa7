//! Drawing in the browser: the charting bundle is loaded when a chart asks for it, after the page stands.

#[cfg(feature = "hydrate")]
mod browser;
#[cfg(feature = "hydrate")]
mod library;

use leptos::{html::Div, prelude::*};

use crate::figures::sheet::Plots;

/// Keeps the charts drawn into the elements. The signal says that it cannot be done.
#[cfg(feature = "hydrate")]
pub fn draw(elements: [NodeRef<Div>; 2], plots: Memo<Option<Plots>>) -> Signal<bool> {
    browser::draw(elements, plots)
}

/// On the server there is nothing to draw on: the table says it all.
#[cfg(not(feature = "hydrate"))]
pub fn draw(_elements: [NodeRef<Div>; 2], _plots: Memo<Option<Plots>>) -> Signal<bool> {
    Signal::stored(false)
}
