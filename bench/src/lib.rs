//! What the bench and the fault tests share: a generator that sends at intended times, and the ledger of what was
//! answered. On the command line: `bench flood` and `bench check`.

pub mod flood;
pub mod ledger;
