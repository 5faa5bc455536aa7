//! The storage's story, told on SQLite always and on MySQL or MariaDB whenever `TEST_MYSQL_URL` is set.

#[path = "../support/databases.rs"]
mod databases;

mod accounts;
mod clicks;
mod events;
mod figures;
mod setup;
mod world;
