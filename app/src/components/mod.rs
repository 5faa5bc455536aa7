//! The parts pages are made of. They render what they are given.

mod brand;
mod frame;
mod freshness;
mod keys;
mod range_picker;
mod scope_picker;
mod scorecard;
mod states;
mod time_chart;
mod window_title;

pub use frame::{frame, plain};
pub use freshness::freshness;
pub use keys::{keys_button, keys_sheet};
pub use range_picker::{compared, range_picker};
pub use scope_picker::scope_picker;
pub use scorecard::{number, scorecard};
pub use states::{failed, loading, stale};
pub use time_chart::time_chart;
pub use window_title::WindowTitle;

/// What is true now. Whoever reads it in something live follows it.
pub trait Now<T>: Fn() -> T + Copy + Send + Sync + 'static {}

impl<T, F: Fn() -> T + Copy + Send + Sync + 'static> Now<T> for F {}
