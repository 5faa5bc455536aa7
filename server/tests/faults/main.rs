//! Faults, on the real binary under load: shoppers are sent on whatever happens, and every click that was answered
//! is counted once.
//!
//! Outages are short here; `make test-faults` sets `TRIBUTARY_OUTAGE_SECONDS` to 60 and uses the release build.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]
#![expect(clippy::print_stdout, reason = "what was measured goes into decision 0022")]

mod clock;
mod cold;
mod encrypted;
mod events;
#[path = "../support/exposition.rs"]
mod exposition;
mod hanging;
mod kill9;
mod load;
mod logs;
mod metrics;
mod million;
mod nodes;
mod restart;
mod slow;
mod stopped;
mod support;
mod two_nodes;
