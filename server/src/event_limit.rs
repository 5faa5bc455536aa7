//! How fast one API key may send events, and how its callers are told.

use std::{num::NonZeroU32, time::Duration};

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DefaultKeyedStateStore,
};
use model::ApiKeyId;

use crate::{
    metrics::{Limit, rate_limited},
    problem::{ApiError, ApiResult},
};

type Limiter = RateLimiter<ApiKeyId, DefaultKeyedStateStore<ApiKeyId>, DefaultClock, StateInformationMiddleware>;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Events a second of each key, and how many may come at once after a pause.
pub struct EventLimit(Option<Limited>);

struct Limited {
    limiter: Limiter,
    per_second: NonZeroU32,
    burst: NonZeroU32,
}

/// What a key may still send, as response headers tell it (the IETF's `RateLimit` fields).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    burst: u32,
    /// In how many seconds a pause gives all of the burst back.
    window: u32,
    remaining: u32,
    /// Seconds until there is more.
    reset: u32,
}

impl EventLimit {
    /// No limit, where either number is 0.
    pub fn new(per_second: u32, burst: u32) -> Self {
        let limited = NonZeroU32::new(per_second).zip(NonZeroU32::new(burst)).map(|(per_second, burst)| {
            let quota = Quota::per_second(per_second).allow_burst(burst);
            Limited { limiter: RateLimiter::keyed(quota).with_middleware(), per_second, burst }
        });
        Self(limited)
    }

    /// Takes events off what a key may send now; all of them or none.
    pub fn take(&self, key: ApiKeyId, events: u32) -> ApiResult<Option<Allowance>> {
        let (Some(limited), Some(events)) = (&self.0, NonZeroU32::new(events)) else { return Ok(None) };
        match limited.limiter.check_key_n(&key, events) {
            Ok(Ok(state)) => Ok(Some(limited.allowance(state.remaining_burst_capacity(), Duration::ZERO))),
            Ok(Err(until)) => {
                rate_limited(Limit::Events);
                let wait = until.wait_time_from(limited.limiter.clock().now());
                Err(limited.exceeded(limited.allowance(0, wait)))
            }
            Err(_) => {
                let detail = format!("So many events at once are never taken: send at most {}.", limited.burst);
                Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large", detail))
            }
        }
    }
}

impl Limited {
    fn allowance(&self, remaining: u32, wait: Duration) -> Allowance {
        let reset = u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX);
        let reset = if remaining == 0 { reset.max(1) } else { reset };
        Allowance {
            burst: self.burst.get(),
            window: self.burst.get().div_ceil(self.per_second.get()),
            remaining,
            reset,
        }
    }

    fn exceeded(&self, allowance: Allowance) -> ApiError {
        let detail = format!(
            "This API key may send {} events a second, and {} at once after a pause. Nothing was recorded; send the same \
             request again after {} s.",
            self.per_second, self.burst, allowance.reset
        );
        let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "rate-limited", "Too many events", detail);
        ApiError { retry_after: Some(allowance.reset), allowance: Some(allowance), ..error }
    }
}

impl Allowance {
    pub fn write(self, headers: &mut HeaderMap) {
        let Self { burst, window, remaining, reset } = self;
        for (name, value) in [
            (POLICY, format!("\"events\";q={burst};w={window}")),
            (LIMIT, format!("\"events\";r={remaining};t={reset}")),
        ] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const KEY: ApiKeyId = ApiKeyId(Uuid::from_u128(1));
    const OTHER: ApiKeyId = ApiKeyId(Uuid::from_u128(2));

    #[test]
    fn each_key_has_its_burst_and_a_batch_counts_its_events() {
        let limit = EventLimit::new(1, 10);
        assert_eq!(limit.take(KEY, 4).unwrap().unwrap().remaining, 6);
        assert_eq!(limit.take(KEY, 6).unwrap().unwrap().remaining, 0);
        let refused = limit.take(KEY, 2).unwrap_err();
        assert_eq!((refused.status, refused.retry_after), (StatusCode::TOO_MANY_REQUESTS, Some(2)));
        assert!(limit.take(OTHER, 10).is_ok());
        assert_eq!(limit.take(OTHER, 11).unwrap_err().status, StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[test]
    fn nought_switches_it_off() {
        for limit in [EventLimit::new(0, 10), EventLimit::new(10, 0)] {
            assert!((0..100).all(|_| limit.take(KEY, 1000) == Ok(None)));
        }
    }

    #[test]
    fn callers_are_told_by_the_ratelimit_fields() {
        let mut headers = HeaderMap::new();
        EventLimit::new(1000, 5000).take(KEY, 1).unwrap().unwrap().write(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"events\";q=5000;w=5");
        assert_eq!(headers["ratelimit"], "\"events\";r=4999;t=0");
    }
}
