//! How often each limit was hit, since the process began. Whoever refuses a request for one calls [`rate_limited`].

use std::sync::atomic::{AtomicU64, Ordering};

/// What is limited, as the metrics name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Events of one API key.
    Events,
    /// Requests of one account.
    Requests,
    /// Failed logins of one account from one address.
    LoginsOfAccount,
    /// Failed logins from one address.
    LoginsOfAddress,
    /// Connections, all together or from one address.
    Connections,
}

impl Limit {
    pub const ALL: [Self; 5] =
        [Self::Events, Self::Requests, Self::LoginsOfAccount, Self::LoginsOfAddress, Self::Connections];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Requests => "requests",
            Self::LoginsOfAccount => "logins_of_account",
            Self::LoginsOfAddress => "logins_of_address",
            Self::Connections => "connections",
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
        rate_limited(Limit::LoginsOfAccount);
        rate_limited(Limit::LoginsOfAddress);
        let added: Vec<u64> = Limit::ALL.iter().zip(before).map(|(limit, before)| refused(*limit) - before).collect();
        assert_eq!(added, [0, 0, 1, 1, 0]);
    }
}
