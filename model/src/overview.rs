//! How the platform stands, and the look-up box's finds.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    account::Account,
    activity::{Click, Event, Failure},
    coupon::Coupon,
    link::Link,
    words::words,
};

/// What `GET /api/v1/diagnostics` answers. While the database is away, what is in it is told as it was last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Diagnostics {
    /// Clicks, events and active advertisers as of the last few seconds.
    pub totals: Totals,
    /// Advertisers that are active and had a click or an event in the last 30 days.
    pub active_advertisers: i64,
    /// Events since the month began, in UTC.
    pub events_this_month: i64,
    /// What event calls came to of late.
    pub last_day: LastDay,
    /// The newest accounts.
    pub recent_sign_ups: Vec<Account>,
    pub spool: SpoolState,
    pub queue: QueueState,
    pub database: DatabaseState,
    /// Of the failures kept.
    pub failures_by_code: Vec<FailureCount>,
    pub data_folder: FolderState,
    pub version: String,
    /// Milliseconds since this process started.
    pub uptime_ms: u64,
    pub now: Timestamp,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Totals {
    pub advertisers: i64,
    pub campaigns: i64,
    pub influencers: i64,
    pub coupons: i64,
    pub links: i64,
    /// Bots' among them, and those whose rows are deleted by now.
    pub clicks: i64,
    pub events: i64,
}

/// The click log: what waits to become rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SpoolState {
    pub waiting_bytes: u64,
    /// What waits and what is kept although it was read.
    pub used_bytes: u64,
    /// Most of it that there may be: read segments go early, and then clicks are answered but not counted. Null
    /// without a limit.
    pub max_bytes: Option<u64>,
    /// Milliseconds since the oldest waiting click; null where none waits.
    pub oldest_age_ms: Option<i64>,
    /// Clicks answered but not written down, since the start.
    pub clicks_lost: u64,
    /// Another process has this click log: see the log.
    pub is_displaced: bool,
}

/// Events that wait to be recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QueueState {
    /// Requests that wait for the writer.
    pub depth: u64,
    pub capacity: u64,
    /// Events that were answered 202 and wait on disk for the database.
    pub aside: u64,
    /// Milliseconds since the oldest of them; null where none waits.
    pub oldest_aside_age_ms: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DatabaseState {
    pub answers: bool,
    /// Of one small read.
    pub latency_ms: Option<f64>,
    pub kind: DatabaseKind,
    /// As it names itself; null before it has answered once.
    pub version: Option<String>,
    /// What it takes on its disk.
    pub bytes: Option<u64>,
}

words! {
    DatabaseKind { Sqlite = "sqlite", MySql = "mysql" }
}

/// The 24 hours up to now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LastDay {
    /// Events that occurred then.
    pub events: i64,
    /// Refused calls with a right key, of those that are kept.
    pub failures: i64,
    /// The refused ones' share of both; null where there was neither.
    pub error_rate: Option<f64>,
}

/// The disk that the data folder is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FolderState {
    /// Null where the disk does not say.
    pub free_bytes: Option<u64>,
    pub total_bytes: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FailureCount {
    pub code: String,
    pub count: i64,
    pub last_at: Timestamp,
}

/// What `GET /api/v1/lookup` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Finds {
    pub items: Vec<Find>,
}

/// A record that the text names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", content = "record", rename_all = "snake_case")]
pub enum Find {
    Coupon(Coupon),
    Link(Link),
    Click(Click),
    Event(Event),
    Failure(Failure),
}
