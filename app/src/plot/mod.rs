//! Drawing in the browser: the charting bundle is loaded when a chart asks for it, after the page stands.

#[cfg(feature = "hydrate")]
mod browser;
#[cfg(feature = "hydrate")]
mod library;
#[cfg(feature = "hydrate")]
mod option;

use leptos::{html::Div, prelude::*};

/// What the two charts show, bucket by bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    /// In full, for the pointer.
    pub names: Vec<String>,
    /// In short, for the axis.
    pub labels: Vec<String>,
    /// The axis names one bucket in so many, at most.
    pub every: usize,
    /// False where the bucket's time is not over.
    pub complete: Vec<bool>,
    pub clicks: Vec<i64>,
    pub conversions: Vec<i64>,
}

/// Keeps the bars drawn into both elements. The signal says that it cannot be done.
#[cfg(feature = "hydrate")]
pub fn draw(clicks: NodeRef<Div>, conversions: NodeRef<Div>, bars: Memo<Option<Bars>>) -> Signal<bool> {
    browser::draw(clicks, conversions, bars)
}

/// On the server there is nothing to draw on: the table says it all.
#[cfg(not(feature = "hydrate"))]
pub fn draw(_clicks: NodeRef<Div>, _conversions: NodeRef<Div>, _bars: Memo<Option<Bars>>) -> Signal<bool> {
    Signal::stored(false)
}
