//! The server over HTTP, on a real listening port with a database of its own for each test.
//! Files mirror the addresses they ask.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

#[path = "../../../engine/tests/support/databases.rs"]
mod databases;
#[path = "../support/exposition.rs"]
mod exposition;

mod accounts;
mod activity;
mod api;
mod api_keys;
mod asvs;
mod auth;
mod bad_input;
mod batches;
mod connections;
mod coupons;
mod edits;
mod erasure;
mod events;
mod examples;
mod exports;
mod failures;
mod front;
mod guide;
mod headers;
mod health;
mod https;
mod influencer;
mod integration;
mod limits;
mod links;
mod lists;
mod metrics;
mod openapi;
mod pages;
mod post_order;
mod raw;
mod redirect;
mod scopes;
mod setup;
mod stats;
mod tls;
mod walk;
