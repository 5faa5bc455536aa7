//! What machines talk to: the redirect, events, REST, configuration, the command line.

pub mod assets;
pub mod auth;
pub mod body;
pub mod bytes;
pub mod cli;
pub mod client_ip;
pub mod demo;
pub mod edits;
pub mod event_limit;
pub mod first_start;
pub mod front;
pub mod healthcheck;
pub mod logging;
pub mod metrics;
pub mod openapi;
pub mod operate;
pub mod origin;
pub mod path;
pub mod problem;
pub mod reattribute;
pub mod routes;
mod run;
pub mod secret_file;
mod serve;
pub mod shutdown;
pub mod spool;
pub mod state;
mod visit;

pub use self::run::run;
