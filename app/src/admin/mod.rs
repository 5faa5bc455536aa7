//! The admin's pages: composed on the server out of the words in [`page`], rendered by the kit in both halves.

pub mod forms;
pub mod page;
pub mod posted;
pub mod table;

#[cfg(feature = "ssr")]
pub mod acts;
#[cfg(feature = "ssr")]
pub mod compose;
#[cfg(feature = "ssr")]
pub mod plain;

/// Where the admin's pages begin.
pub const ADMIN: &str = "/admin";
