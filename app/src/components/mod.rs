//! The parts pages are made of. They render what they are given.

mod brand;
mod frame;
mod freshness;
mod range_picker;
mod scope_picker;
mod scorecard;
mod states;
mod time_chart;
mod twin_table;

pub use frame::{Frame, Plain};
pub use freshness::Freshness;
pub use range_picker::RangePicker;
pub use scope_picker::ScopePicker;
pub use scorecard::{Scorecard, number};
pub use states::{Empty, Failed, Loading, Stale};
pub use time_chart::TimeChart;
