//! What happens in Tributary: storage, click log, ingestion, attribution, figures, accounts.
//! No HTTP and no HTML: the server and the pages call the same functions of [`Engine`].

pub mod accounts;
mod activity;
mod archive;
pub mod attribution;
pub mod catalog;
pub mod clicks;
pub mod clock;
pub mod db;
mod engine;
mod erase;
mod error;
pub mod events;
mod exports;
mod health;
mod lowest;
mod network;
mod numbers;
mod operate;
mod overview;
mod own;
mod poller;
mod reattribute;
mod retention;
pub mod secret;
mod seldom;
mod setup;
pub mod signature;
mod start;
mod stats;
mod workers;

/// Every time zone that figures can be asked in, by its IANA name.
pub fn time_zones() -> Vec<String> {
    jiff::tz::db().available().map(|name| name.to_string()).collect()
}

pub use self::{
    accounts::{Closed, LoginLimits, Session, create_admin, reset_admin_password},
    archive::{Archive, Archived, Target},
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
    engine::{Engine, Fault, Options, Visit, before_threads},
    erase::Erasure,
    error::{Error, Result},
    events::{
        Call, Taken,
        failures::{KeptBody, kept_body},
    },
    exports::{Export, ExportKind, Pages},
    health::Health,
    network::network,
    numbers::{
        ClickNumbers, DatabaseNumbers, DrainNumbers, EventNumbers, EventOutcomes, ExportNumbers, Numbers, Spread,
    },
    operate::{BackupHeld, BackupStep, Checkup, Finding, Restored, State, backup, migrate, restore, schema},
    overview::Beginnings,
    reattribute::{Change, Reattribution},
    retention::{LEAST_DAYS, Retention},
    seldom::Seldom,
    setup::{CampaignStart, CampaignStarted, CouponRequest, Held, Integration, random_password},
    signature::SignatureFault,
    stats::{Answers, FiguresChecked, FiguresDiffer, Source, check_figures, range_faults},
    workers::Workers,
};
