//! The words: ids, money, time, what is asked and what is answered, and the rules for both.
//!
//! Server and browser compile the same code, so nothing here reads a clock, a
//! file, a zone database or a socket.

pub mod account;
pub mod activity;
pub mod advertiser;
pub mod api_key;
pub mod attribution;
pub mod campaign;
pub mod coupon;
pub mod erasure;
pub mod event;
pub mod fields;
pub mod ids;
pub mod influencer;
pub mod link;
pub mod money;
#[cfg(feature = "openapi")]
mod openapi;
pub mod overview;
pub mod own;
pub mod page;
pub mod problem;
pub mod stats;
pub mod text;
pub mod time;
mod words;

pub use fields::{Fields, FromFields};
pub use ids::*;
pub use money::{Currency, Money};
pub use problem::{FieldError, Problem};
pub use time::Timestamp;
