//! Advertisers: the tenants.

use serde::{Deserialize, Serialize};

use crate::{
    AdvertiserId, Fields, FromFields, Timestamp,
    text::{Name, ZoneName},
    words::words,
};

words! {
    AdvertiserStatus { Active = "active", Inactive = "inactive" }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Advertiser {
    pub id: AdvertiserId,
    pub name: String,
    /// IANA name; the default zone of this advertiser's figures.
    pub time_zone: String,
    /// Whether events without a valid `X-Signature` are refused.
    pub require_signature: bool,
    pub status: AdvertiserStatus,
    pub created_at: Timestamp,
    /// Changes with every change; an edit may say which it was made on.
    pub version: i64,
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewAdvertiser {
    pub name: Name,
    pub time_zone: Option<ZoneName>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<bool>, default = false))]
    pub require_signature: bool,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<AdvertiserStatus>, default = "active"))]
    pub status: AdvertiserStatus,
}

impl FromFields for NewAdvertiser {
    fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.require("name");
        let time_zone = fields.get("time_zone");
        let require_signature = fields.json("require_signature", "true or false").unwrap_or_default();
        let status = fields.get("status").unwrap_or_default();
        Some(Self { name: name?, time_zone, require_signature, status })
    }
}

/// What an edit may change; what is absent stays as it is.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AdvertiserChange {
    #[cfg_attr(feature = "openapi", schema(value_type = Name, required = false))]
    pub name: Option<Name>,
    #[cfg_attr(feature = "openapi", schema(value_type = ZoneName, required = false))]
    pub time_zone: Option<ZoneName>,
    #[cfg_attr(feature = "openapi", schema(value_type = bool, required = false))]
    pub require_signature: Option<bool>,
    #[cfg_attr(feature = "openapi", schema(value_type = AdvertiserStatus, required = false))]
    pub status: Option<AdvertiserStatus>,
}

impl FromFields for AdvertiserChange {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            name: fields.change("name"),
            time_zone: fields.change("time_zone"),
            require_signature: fields.change_json("require_signature", "true or false"),
            status: fields.change("status"),
        })
    }
}
