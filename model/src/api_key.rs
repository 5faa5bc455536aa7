//! API keys: how a shop's backend says who it is.

use serde::{Deserialize, Serialize};

use crate::{AdvertiserId, ApiKeyId, Fields, FromFields, Timestamp, text::Name};

/// A key as it is listed: never the key itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub advertiser_id: AdvertiserId,
    pub name: String,
    /// The key's first characters, to tell it from others.
    pub prefix: String,
    pub created_at: Timestamp,
    /// From when on it is refused; None while it is not to end.
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

/// A key just made. It is shown this once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IssuedApiKey {
    pub id: ApiKeyId,
    pub name: String,
    pub prefix: String,
    /// `trb_live_` and 32 base62 characters.
    pub key: String,
}

#[derive(Clone, Debug)]
pub struct NewApiKey {
    pub name: Name,
}

impl FromFields for NewApiKey {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { name: fields.require("name")? })
    }
}
