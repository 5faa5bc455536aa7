//! The storage's story, told on SQLite always and on MySQL or MariaDB whenever `TEST_MYSQL_URL` is set.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

#[path = "../support/databases.rs"]
mod databases;

mod accounts;
mod archive;
mod aside;
mod changes;
mod clicks;
mod coupons;
mod dashboards;
mod erasure;
mod events;
mod exports;
mod failures;
mod figures;
mod imports;
mod keys;
mod ledgers;
mod lists;
mod logs;
mod nodes;
mod operating;
mod reaching;
mod reattribution;
mod retention;

mod setup;
mod upgrades;
mod world;
