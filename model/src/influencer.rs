//! Influencers: platform-wide, assigned to campaigns.

use serde::{Deserialize, Serialize};

use crate::{
    Fields, FromFields, InfluencerId, Timestamp,
    text::{Email, Name, ShortText},
    words::words,
};

words! {
    InfluencerStatus { Active = "active", Inactive = "inactive", Archived = "archived" }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Influencer {
    pub id: InfluencerId,
    pub name: String,
    /// Absent where the reader may not see it: advertisers never do.
    #[serde(default, skip_serializing_if = "Hidden::is_hidden")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Email>))]
    pub email: Hidden,
    pub handle: Option<String>,
    pub platform: Option<String>,
    pub status: InfluencerStatus,
    pub created_at: Timestamp,
    /// Changes with every change; an edit may say which it was made on.
    pub version: i64,
}

/// A value that some readers may not see: then the field is absent, not null.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Hidden {
    Shown(Option<String>),
    #[default]
    Hidden,
}

impl Hidden {
    pub fn is_hidden(&self) -> bool {
        matches!(self, Self::Hidden)
    }
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewInfluencer {
    pub name: Name,
    pub email: Option<Email>,
    pub handle: Option<ShortText>,
    pub platform: Option<ShortText>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<InfluencerStatus>, default = "active"))]
    pub status: InfluencerStatus,
}

impl FromFields for NewInfluencer {
    fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.require("name");
        let email = fields.get("email");
        let handle = fields.get("handle");
        let platform = fields.get("platform");
        let status = fields.get("status").unwrap_or_default();
        Some(Self { name: name?, email, handle, platform, status })
    }
}

/// What an edit may change; what is absent stays as it is, null clears it.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InfluencerChange {
    #[cfg_attr(feature = "openapi", schema(value_type = Name, required = false))]
    pub name: Option<Name>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Email>))]
    pub email: Option<Option<Email>>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ShortText>))]
    pub handle: Option<Option<ShortText>>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ShortText>))]
    pub platform: Option<Option<ShortText>>,
    #[cfg_attr(feature = "openapi", schema(value_type = InfluencerStatus, required = false))]
    pub status: Option<InfluencerStatus>,
}

impl FromFields for InfluencerChange {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            name: fields.change("name"),
            email: fields.change_or_clear("email"),
            handle: fields.change_or_clear("handle"),
            platform: fields.change_or_clear("platform"),
            status: fields.change("status"),
        })
    }
}
