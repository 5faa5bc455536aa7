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
mod numbers;
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
    accounts::{Closed, LoginLimits, Session},
    clicks::{
        ClickBatch, CountryFile, Import, Imported, SpoolMax,
        disk::{ClickDurability, Disk},
        enrich::IpStorage,
        spool::SpoolOptions,
    },
    clock::Clock,
    db::page::PageAt,
    engine::{Engine, Fault, Health, Options, Visit, Workers, before_threads},
    error::{Error, Result},
    events::{
        Call, Taken,
        failures::{KeptBody, kept_body},
    },
    exports::{Export, ExportKind, Pages},
    numbers::{
        ClickNumbers, DatabaseNumbers, DrainNumbers, EventNumbers, EventOutcomes, ExportNumbers, Numbers, Spread,
    },
    overview::Beginnings,
    reattribute::{Change, Reattribution},
    setup::{CampaignStart, CampaignStarted, CouponRequest, Held, Integration, random_password},
    signature::SignatureFault,
    stats::{Answers, FiguresChecked, FiguresDiffer, Source, Written, check_figures, count_written, range_faults},
};
