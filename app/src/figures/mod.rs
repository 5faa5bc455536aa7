//! Dashboards: composed on the server out of the words in [`sheet`], shown by the components in both halves.

pub mod sheet;

#[cfg(feature = "ssr")]
pub mod compose;
