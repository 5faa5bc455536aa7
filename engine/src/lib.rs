//! What happens in Tributary: storage, click log, ingestion, attribution, figures, accounts.
//! No HTTP and no HTML: the server and the pages call the same functions of [`Engine`].

pub mod accounts;
mod activity;
pub mod attribution;
pub mod catalog;
pub mod clicks;
pub mod clock;
pub mod db;
mod engine;
mod error;
pub mod events;
mod exports;
mod operate;
mod overview;
mod own;
mod poller;
mod reattribute;
pub mod secret;
mod setup;
pub mod signature;
mod start;
mod stats;

/// Every time zone that figures can be asked in, by its IANA name.
pub fn time_zones() -> Vec<String> {
    jiff::tz::db().available().map(|name| name.to_string()).collect()
}

pub use self::{
    accounts::{Session, create_admin, reset_admin_password},
    clicks::{
        ClickBatch, CountryFile, Import, Imported, SpoolMax,
        disk::{ClickDurability, Disk},
        enrich::IpStorage,
        spool::SpoolOptions,
    },
    clock::Clock,
    db::{
        page::PageAt,
        schema::{Schema, SchemaStep},
    },
    engine::{Engine, Fault, Health, Options, Visit, Workers, before_threads},
    error::{Error, Result},
    events::{
        Call, Taken,
        failures::{KeptBody, kept_body},
    },
    exports::{Export, ExportKind, Pages},
    operate::{BackupHeld, BackupStep, Checkup, Finding, Restored, State, backup, migrate, restore, schema},
    overview::Beginnings,
    reattribute::{Change, Reattribution},
    setup::{CampaignStart, CampaignStarted, CouponRequest, Held, Integration, random_password},
    signature::SignatureFault,
    stats::{Answers, FiguresChecked, FiguresDiffer, Source, check_figures, range_faults},
};
