//! How many requests one account may make in a minute, through whatever session: calls of the API, pages and what they
//! ask for. Each node counts for itself.

use std::num::NonZeroU32;

use governor::Quota;
use model::AccountId;

use crate::{
    metrics::{Limit, rate_limited},
    problem::{ApiError, ApiResult},
    rate_limit::{Allowance, Counted, KeyedLimit, Refused},
};

pub struct AccountLimit(Option<KeyedLimit<AccountId>>);

impl AccountLimit {
    /// No limit, where it is 0.
    pub fn new(per_minute: u32) -> Self {
        Self(NonZeroU32::new(per_minute).map(|count| KeyedLimit::new(Counted::Requests, Quota::per_minute(count))))
    }

    pub fn take(&self, account: AccountId) -> ApiResult<Option<Allowance>> {
        let Some(limit) = &self.0 else { return Ok(None) };
        limit.take(&account, NonZeroU32::MIN).map(Some).map_err(|refused| {
            let Refused::Wait(allowance) = refused else { return ApiError::not_found() };
            rate_limited(Limit::Requests);
            let detail = format!(
                "This account may make {} requests a minute. Nothing was done; send the same request again after {} s.",
                limit.burst(),
                allowance.reset
            );
            ApiError::too_fast("Too many requests", detail, allowance)
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, StatusCode};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn each_account_has_its_minute_and_is_told_of_it() {
        let limit = AccountLimit::new(60);
        let (one, other) = (AccountId(Uuid::from_u128(1)), AccountId(Uuid::from_u128(2)));
        for left in (0..60).rev() {
            assert_eq!(limit.take(one).unwrap().unwrap().remaining, left);
        }
        let refused = limit.take(one).unwrap_err();
        assert_eq!((refused.status, refused.retry_after), (StatusCode::TOO_MANY_REQUESTS, Some(1)));
        let mut headers = HeaderMap::new();
        limit.take(other).unwrap().unwrap().write(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"requests\";q=60;w=60");
        assert_eq!(headers["ratelimit"], "\"requests\";r=59;t=0");
        assert!((0..1000).all(|_| AccountLimit::new(0).take(one) == Ok(None)));
    }
}
