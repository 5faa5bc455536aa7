//! Who sends events, and whether they may: the key first, then how fast, then the signature.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode},
};
use engine::{Call, Engine, Fault, KeptBody, SignatureFault, catalog::AdvertiserFact, kept_body};
use model::{ApiKeyId, FieldError, event::Action};

use crate::{
    body,
    event_limit::EventLimit,
    problem::{ApiError, ApiResult},
    rate_limit::Allowance,
};

const IDEMPOTENCY_KEY: &str = "idempotency-key";
const MOST_IDEMPOTENCY_KEY: usize = 255;

/// A call whose key is right.
pub struct Sender<'a> {
    pub engine: &'a Engine,
    pub advertiser: Arc<AdvertiserFact>,
    pub headers: &'a HeaderMap,
    /// The action of the path, where the path names one.
    pub action: Option<Action>,
    pub request_id: &'a str,
    key: ApiKeyId,
}

/// What was sent, and what is wrong with it as a whole.
pub struct Sent {
    pub bytes: Bytes,
    /// Whether all of it is here and its signature, where one is needed, is right.
    pub passed: ApiResult<()>,
}

impl<'a> Sender<'a> {
    /// Whose key the request carries, from memory.
    pub fn of(
        engine: &'a Engine,
        headers: &'a HeaderMap,
        action: Option<Action>,
        request_id: &'a str,
    ) -> ApiResult<Self> {
        let refused = |detail| ApiError::new(StatusCode::UNAUTHORIZED, "api-key", "API key refused", detail);
        let key = headers.get("x-api-key").ok_or_else(|| refused("Send your API key in the header X-API-KEY."))?;
        let known = key.to_str().ok().and_then(|key| engine.advertiser_of_key(key));
        let (key, advertiser) = known.ok_or_else(|| refused("This API key is unknown, expired or revoked."))?;
        Ok(Self { engine, advertiser, headers, action, request_id, key })
    }

    /// Takes so many events off what this key may send now.
    pub fn within(&self, limit: &EventLimit, events: u32) -> ApiResult<Option<Allowance>> {
        limit.take(self.key, events)
    }

    /// Reads the body, and checks its signature.
    pub async fn read(&self, body: Body, most: usize) -> Sent {
        let (bytes, is_all) = body::read_most(body, most).await;
        let passed = is_all.and_then(|()| self.check_signature(&bytes));
        Sent { bytes, passed }
    }

    /// The `Idempotency-Key`, which serves where an event has no id of its own.
    pub fn idempotency_key(&self) -> ApiResult<Option<&'a str>> {
        let value = self.headers.get(IDEMPOTENCY_KEY).map(|value| value.to_str());
        let wrong = || ApiError::invalid(vec![FieldError::new("Idempotency-Key", "must be plain ASCII text")]);
        value.transpose().map_err(|_| wrong())
    }

    /// The call as it is kept with an event, should that fail. `idempotency_key`: of this event.
    pub fn call(&self, body: &[u8], idempotency_key: Option<String>) -> Call {
        Call {
            key: self.key,
            action: self.action,
            idempotency_key,
            body: kept_body(body),
            request_id: self.request_id.to_owned(),
        }
    }

    /// Keeps what was wrong for whoever mends it. Where the fault is ours, or the sender merely too fast, the same is
    /// sent again: nothing is to be mended.
    pub fn keep(&self, mut call: Call, is_authentic: bool, error: &ApiError) {
        if error.status.is_server_error() || error.status == StatusCode::TOO_MANY_REQUESTS {
            return;
        }
        // A key that is too long or no text cannot be kept. Without it a retry would be another event.
        let is_sent = self.headers.contains_key(IDEMPOTENCY_KEY);
        call.idempotency_key = call.idempotency_key.filter(|key| key.len() <= MOST_IDEMPOTENCY_KEY);
        let is_whole = call.body.is_whole && is_authentic && call.idempotency_key.is_some() == is_sent;
        let call = Call { body: KeptBody { is_whole, ..call.body }, ..call };
        let fault =
            Fault { code: error.kind, status: error.status.as_u16(), detail: &error.detail, errors: &error.errors };
        self.engine.keep_failure(self.advertiser.id, call, fault);
    }

    pub fn check_advertiser(&self) -> ApiResult<()> {
        if self.advertiser.active {
            return Ok(());
        }
        let detail = "This advertiser is inactive; its events are not taken.";
        Err(ApiError::new(StatusCode::FORBIDDEN, "advertiser-inactive", "Advertiser inactive", detail))
    }

    /// A signature that is present is always checked; one that is required and missing is refused.
    fn check_signature(&self, body: &[u8]) -> ApiResult<()> {
        let checked = match self.headers.get("x-signature").map(|value| value.to_str()) {
            None if self.advertiser.require_signature => Err(SignatureFault::Missing),
            None => Ok(()),
            Some(Ok(header)) => self.engine.check_signature(self.advertiser.id, header, body),
            Some(Err(_)) => Err(SignatureFault::Malformed),
        };
        checked.map_err(|fault| {
            let detail = match fault {
                SignatureFault::Missing => "This advertiser's events must be signed: send X-Signature.",
                SignatureFault::Malformed => "X-Signature must be t=<unix seconds>,v1=<hex HMAC-SHA256>.",
                SignatureFault::Stale => "The signature's time is more than 300 s past or 60 s ahead of ours.",
                SignatureFault::NoSecret => {
                    "X-Signature is present, and this advertiser has no signing secret to check it with."
                }
                SignatureFault::Wrong => {
                    "The signature is wrong: sign \"<t>.<raw body>\" with the secret's text as it was shown."
                }
            };
            ApiError::new(StatusCode::UNAUTHORIZED, "signature", "Signature refused", detail)
        })
    }
}
