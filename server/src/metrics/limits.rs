//! How often each limit was hit, since the process began. Whoever refuses a request for one calls [`rate_limited`];
//! logins are counted by the engine, connections by their places.

use std::sync::atomic::{AtomicU64, Ordering};

/// What is limited, as the metrics name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Events of one API key.
    Events,
    /// Requests of one account.
    Requests,
    /// Bytes of bodies at once.
    Bodies,
}

impl Limit {
    pub const ALL: [Self; 3] = [Self::Events, Self::Requests, Self::Bodies];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Requests => "requests",
            Self::Bodies => "bodies",
        }
    }
}

/// Of the process, as the limits' places are many and far from one another.
static REFUSED: [AtomicU64; Limit::ALL.len()] = [const { AtomicU64::new(0) }; Limit::ALL.len()];

/// Counts one request that was refused for a limit.
pub fn rate_limited(limit: Limit) {
    REFUSED[limit as usize].fetch_add(1, Ordering::Relaxed);
}

pub(super) fn refused(limit: Limit) -> u64 {
    REFUSED[limit as usize].load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_counts_for_itself() {
        let before = Limit::ALL.map(refused);
        rate_limited(Limit::Requests);
        rate_limited(Limit::Requests);
        let added: Vec<u64> = Limit::ALL.iter().zip(before).map(|(limit, before)| refused(*limit) - before).collect();
        assert_eq!(added[..2], [0, 2]);
    }
}
