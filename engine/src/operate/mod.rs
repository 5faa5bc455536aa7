//! What operators do to an installation as a whole, from the command line, beside a running server or without one.

mod backup;
mod checkup;
mod migrate;
mod restore;
mod sizes;

pub use self::{
    backup::{BackupStep, Held as BackupHeld, backup},
    checkup::{Checkup, Finding, State},
    migrate::{migrate, schema},
    restore::{Restored, restore},
};
