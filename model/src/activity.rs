//! What happened, as it is listed: clicks, events, and what events got wrong.

use serde::{Deserialize, Serialize};

use crate::{
    AdvertiserId, ApiKeyId, CampaignId, ClickId, EventId, FailureId, FieldError, InfluencerId, LinkId, Money,
    Timestamp, attribution::Attribution, event::Action, stats::StatsQuery, words::words,
};

words! {
    Device { Desktop = "desktop", Mobile = "mobile", Tablet = "tablet", Bot = "bot", Other = "other" }
}

/// One followed link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Click {
    pub id: ClickId,
    pub advertiser_id: AdvertiserId,
    pub campaign_id: CampaignId,
    pub link_id: LinkId,
    pub influencer_id: Option<InfluencerId>,
    pub clicked_at: Timestamp,
    pub device: Device,
    pub browser: Option<String>,
    pub os: Option<String>,
    /// ISO 3166-1, two letters.
    pub country: Option<String>,
    pub referrer: Option<String>,
    pub referrer_host: Option<String>,
    pub user_agent: Option<String>,
    /// As it is stored: truncated, whole or not at all. Absent where the reader may not see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    pub is_bot: bool,
    /// The first of its visitor on its link that UTC day.
    pub is_first: bool,
}

/// One thing a customer did at the shop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    pub id: EventId,
    pub advertiser_id: AdvertiserId,
    /// The shop's own id.
    pub event_id: Option<String>,
    pub action: Action,
    pub name: Option<String>,
    pub value: Option<Money>,
    /// A JSON object, as it was sent.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<std::collections::BTreeMap<String, serde_json::Value>>))]
    pub properties: Option<serde_json::Value>,
    pub occurred_at: Timestamp,
    pub received_at: Timestamp,
    pub attribution: Attribution,
}

/// Which clicks or events are listed: the figures' filters, and a page. Without a range all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct ActivityQuery {
    #[serde(flatten)]
    pub within: StatsQuery,
    /// For events.
    pub action: Option<Action>,
    /// For clicks: bots alone, or people alone.
    pub is_bot: Option<bool>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// Which failures are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct FailureQuery {
    pub advertiser_id: Option<AdvertiserId>,
    pub api_key_id: Option<ApiKeyId>,
    /// The last part of the problem's `type`.
    pub code: Option<String>,
    /// A field that is wrong.
    pub field: Option<String>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// What an authenticated call got wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Failure {
    pub id: FailureId,
    pub advertiser_id: AdvertiserId,
    pub api_key_id: ApiKeyId,
    /// The last part of the problem's `type`.
    pub code: String,
    pub status: u16,
    pub detail: String,
    pub errors: Vec<FieldError>,
    /// The action of the path, where the path names one.
    pub action: Option<Action>,
    /// What was sent, the first 16 KB.
    pub body: String,
    /// Whether it can be tried again: the body is whole, and its key and signature had passed.
    pub can_retry: bool,
    pub request_id: String,
    pub received_at: Timestamp,
    pub retried_at: Option<Timestamp>,
    /// The event it became.
    pub recorded_as: Option<EventId>,
}

/// How often the same has gone wrong, also of failures that are forgotten by now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FailureGroup {
    pub advertiser_id: AdvertiserId,
    pub api_key_id: ApiKeyId,
    /// The visible part of the key.
    pub key_prefix: String,
    /// The last part of the problem's `type`.
    pub code: String,
    /// The field that is wrong; a failure that names several counts under each.
    pub field: Option<String>,
    pub count: i64,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}

/// What `GET /api/v1/ingest-failures/groups` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FailureGroups {
    /// What went wrong last, first; at most 500.
    pub items: Vec<FailureGroup>,
}
