//! Clicks: from a followed link to a row, without ever waiting for the database.
//!
//! In order: [`location`] says where a link leads, [`record`] writes a click into a [`ClickBatch`],
//! [`spool`] keeps it on disk, [`drain`] (or [`import`], where its node is dead) moves it into the database,
//! where [`enrich`] has found out the rest.

mod agent;
mod batch;
mod bots;
mod country;
pub mod disk;
pub mod drain;
mod drained;
pub mod enrich;
mod families;
mod folder;
pub mod ids;
mod import;
pub mod location;
pub mod look;
mod reader;
mod recent;
pub mod record;
mod room;
pub mod spool;
pub(crate) mod transfer;

pub use batch::ClickBatch;
pub use country::CountryFile;
pub use drained::Drained;
pub use folder::Hold;
pub use import::{Import, Imported};
pub use recent::RecentClicks;
pub use record::Click;
pub use room::SpoolMax;
