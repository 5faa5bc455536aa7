//! API keys: how a shop's backend says who it is.

use serde::{Deserialize, Serialize};

use crate::{
    AdvertiserId, ApiKeyId, Fields, FromFields, SigningSecretId, Timestamp,
    text::Name,
    time::{DAY, SECOND},
};

/// A key as it is listed: never the key itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub advertiser_id: AdvertiserId,
    pub name: String,
    /// The key's first characters, to tell it from others.
    pub prefix: String,
    pub created_at: Timestamp,
    /// From when on it is refused; null while it is not to end.
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// When an event last came with it; some seconds late on other nodes.
    pub last_used_at: Option<Timestamp>,
}

/// A key just made. It is shown this once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IssuedApiKey {
    pub id: ApiKeyId,
    pub name: String,
    pub prefix: String,
    /// `trb_live_` and 32 base62 characters.
    pub key: String,
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewApiKey {
    pub name: Name,
}

impl FromFields for NewApiKey {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { name: fields.require("name")? })
    }
}

/// How long the old key or secret lives on beside the new one.
#[derive(Clone, Copy, Debug)]
pub struct Rotation {
    /// Milliseconds; 0 ends the old one at once.
    pub overlap: i64,
}

impl Rotation {
    /// A day: enough to deploy the new one.
    pub const USUAL: Self = Self { overlap: DAY };
    /// In seconds.
    const LONGEST: i64 = 31 * DAY / SECOND;
}

impl FromFields for Rotation {
    fn read(fields: &mut Fields) -> Option<Self> {
        if fields.raw("overlap_seconds").is_none() {
            return Some(Self::USUAL);
        }
        Some(Self { overlap: fields.number("overlap_seconds", 0, Self::LONGEST)? * SECOND })
    }
}

/// A signing secret just made. It is shown this once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IssuedSigningSecret {
    /// `trb_sign_` and 32 base62 characters; its text is the key, not decoded.
    pub secret: String,
}

/// A signing secret as it is listed: never the secret itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SigningSecret {
    pub id: SigningSecretId,
    pub created_at: Timestamp,
    /// From when on signatures made with it are refused; null while it is not to end.
    pub expires_at: Option<Timestamp>,
}
