//! Clicks: from a followed link to a row, without ever waiting for the database.
//!
//! In order: [`location`] says where a link leads, [`record`] writes a click down,
//! [`spool`] keeps it on disk, [`drain`] moves it into the database.

mod agent;
pub mod drain;
pub mod location;
mod reader;
pub mod record;
pub mod spool;

pub use record::Click;
