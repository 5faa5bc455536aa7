//! Ids: one type a thing, so that a campaign's id cannot be passed for a link's.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::text::RuleError;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = RuleError;

            fn from_str(text: &str) -> Result<Self, RuleError> {
                parse(text).map(Self)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                crate::openapi::id()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )*};
}

/// Only the hyphenated form, 36 characters: one thing has one spelling.
fn parse(text: &str) -> Result<Uuid, RuleError> {
    if text.len() != 36 {
        return Err(RuleError("must be a UUID"));
    }
    Uuid::try_parse(text).map_err(|_| RuleError("must be a UUID"))
}

ids! {
    /// A tenant.
    AdvertiserId,
    CampaignId,
    InfluencerId,
    CouponId,
    /// A tracking link.
    LinkId,
    ClickId,
    /// An event: UUIDv7, or derived from advertiser and `event_id` where the shop gave one.
    EventId,
    /// A purchase as whoever is credited for it knows it; the event's own id stays with the shop.
    SaleId,
    AccountId,
    ApiKeyId,
    SigningSecretId,
    /// What an authenticated call got wrong.
    FailureId,
}
