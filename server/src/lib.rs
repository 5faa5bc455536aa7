//! What machines talk to: the redirect, events, REST, configuration, the command line.

pub mod account_limit;
pub mod answers;
pub mod asker;
pub mod assets;
pub mod auth;
pub mod body;
pub mod bytes;
pub mod check;
pub mod cli;
pub mod client_ip;
pub mod demo;
pub mod edits;
pub mod event_limit;
pub mod first_start;
pub mod front;
pub mod headers;
pub mod https;
pub mod logging;
pub mod metrics;
pub mod openapi;
pub mod origin;
pub mod path;
pub mod problem;
pub mod rate_limit;
pub mod reattribute;
pub mod routes;
mod run;
pub mod scheme;
mod serve;
pub mod shutdown;
mod small_page;
pub mod spool;
pub mod state;
mod visit;

pub use self::run::run;
