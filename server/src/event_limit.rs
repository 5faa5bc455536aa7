//! How fast one API key may send events, and how its callers are told.

use std::num::NonZeroU32;

use axum::http::StatusCode;
use governor::Quota;
use model::ApiKeyId;

use crate::{
    metrics::{Limit, rate_limited},
    problem::{ApiError, ApiResult},
    rate_limit::{Allowance, Counted, KeyedLimit, Refused},
};

/// Events a second of each key, and how many may come at once after a pause.
pub struct EventLimit(Option<Limited>);

struct Limited {
    limit: KeyedLimit<ApiKeyId>,
    per_second: NonZeroU32,
}

impl EventLimit {
    /// No limit, where either number is 0.
    pub fn new(per_second: u32, burst: u32) -> Self {
        let limited = NonZeroU32::new(per_second).zip(NonZeroU32::new(burst)).map(|(per_second, burst)| {
            let quota = Quota::per_second(per_second).allow_burst(burst);
            Limited { limit: KeyedLimit::new(Counted::Events, quota), per_second }
        });
        Self(limited)
    }

    /// Takes events off what a key may send now; all of them or none.
    pub fn take(&self, key: ApiKeyId, events: u32) -> ApiResult<Option<Allowance>> {
        let (Some(limited), Some(events)) = (&self.0, NonZeroU32::new(events)) else { return Ok(None) };
        limited.limit.take(&key, events).map(Some).map_err(|refused| match refused {
            Refused::Wait(allowance) => {
                rate_limited(Limit::Events);
                limited.exceeded(allowance)
            }
            Refused::Never => {
                let detail = format!("So many events at once are never taken: send at most {}.", limited.limit.burst());
                ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large", detail)
            }
        })
    }
}

impl Limited {
    fn exceeded(&self, allowance: Allowance) -> ApiError {
        let detail = format!(
            "This API key may send {} events a second, and {} at once after a pause. Nothing was recorded; send the same \
             request again after {} s.",
            self.per_second,
            self.limit.burst(),
            allowance.reset
        );
        ApiError::too_fast("Too many events", detail, allowance)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
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
