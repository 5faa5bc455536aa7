//! How fast whoever a key names may ask, and how callers are told: what events of an API key and requests of an account
//! have in common.

use std::{
    hash::Hash,
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DefaultKeyedStateStore,
};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// After so many takes, keys that have paused for a whole burst are forgotten: they have all of it again.
const BETWEEN_SWEEPS: u32 = 100_000;

type Limiter<K> = RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>;

pub struct KeyedLimit<K: Hash + Eq + Clone> {
    limiter: Limiter<K>,
    what: Counted,
    burst: u32,
    /// In how many seconds a pause gives all of the burst back.
    window: u32,
    takes: AtomicU32,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    Events,
    Requests,
}

pub enum Refused {
    /// Later.
    Wait(Allowance),
    /// More than there is at once, ever.
    Never,
}

/// What may still come, as response headers tell it (the IETF's `RateLimit` fields).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    what: Counted,
    burst: u32,
    window: u32,
    pub remaining: u32,
    /// Seconds until there is more.
    pub reset: u32,
}

impl<K: Hash + Eq + Clone> KeyedLimit<K> {
    pub fn new(what: Counted, quota: Quota) -> Self {
        Self {
            limiter: RateLimiter::keyed(quota).with_middleware(),
            what,
            burst: quota.burst_size().get(),
            window: seconds(quota.burst_size_replenished_in()),
            takes: AtomicU32::new(0),
        }
    }

    /// Takes so many off what the key has; all of them or none.
    pub fn take(&self, key: &K, count: NonZeroU32) -> Result<Allowance, Refused> {
        if self.takes.fetch_add(1, Ordering::Relaxed) % BETWEEN_SWEEPS == BETWEEN_SWEEPS - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        match self.limiter.check_key_n(key, count) {
            Ok(Ok(state)) => Ok(self.allowance(state.remaining_burst_capacity(), Duration::ZERO)),
            Ok(Err(until)) => {
                let wait = until.wait_time_from(self.limiter.clock().now());
                Err(Refused::Wait(self.allowance(0, wait)))
            }
            Err(_) => Err(Refused::Never),
        }
    }

    pub fn burst(&self) -> u32 {
        self.burst
    }

    fn allowance(&self, remaining: u32, wait: Duration) -> Allowance {
        let reset = seconds(wait);
        let reset = if remaining == 0 { reset.max(1) } else { reset };
        Allowance { what: self.what, burst: self.burst, window: self.window, remaining, reset }
    }
}

fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
}

impl Allowance {
    pub fn write(self, headers: &mut HeaderMap) {
        let Self { what, burst, window, remaining, reset } = self;
        let name = match what {
            Counted::Events => "events",
            Counted::Requests => "requests",
        };
        for (header, value) in [
            (POLICY, format!("\"{name}\";q={burst};w={window}")),
            (LIMIT, format!("\"{name}\";r={remaining};t={reset}")),
        ] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(header, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_have_paused_are_forgotten() {
        let once = NonZeroU32::MIN;
        // A burst that is back at once: whoever came before has paused.
        let limit = KeyedLimit::new(Counted::Requests, Quota::with_period(Duration::from_nanos(1)).unwrap());
        for key in 0..BETWEEN_SWEEPS {
            let _ = limit.take(&key, once);
        }
        assert!(limit.limiter.len() <= 2, "{}", limit.limiter.len());
    }
}
