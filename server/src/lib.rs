//! What machines talk to: the redirect, events, REST, configuration, the command line.

pub mod assets;
pub mod auth;
pub mod body;
pub mod bytes;
pub mod check;
pub mod cli;
pub mod client_ip;
pub mod connections;
pub mod demo;
pub mod edits;
pub mod event_limit;
pub mod first_start;
pub mod front;
pub mod healthcheck;
pub mod listeners;
pub mod logging;
pub mod metrics;
mod notify;
pub mod openapi;
pub mod origin;
pub mod path;
pub mod problem;
pub mod reattribute;
pub mod routes;
mod run;
pub mod scheme;
pub mod secret_file;
mod serve;
pub mod shutdown;
pub mod spool;
pub mod stage;
pub mod state;
pub mod tls;
mod visit;

pub use self::run::run;
