//! Events: what a shop's backend reports, read and checked field by field.

use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use crate::{
    Currency, EventId, Fields, Money, Problem, Timestamp,
    attribution::Attribution,
    time::{DAY, MINUTE},
    words::words,
};

words! {
    Action {
        Purchase = "purchase",
        AddToCart = "add_to_cart",
        Signup = "signup",
        DropOff = "drop_off",
        Custom = "custom",
    }
}

/// Most bytes of one event as it is sent.
pub const MOST_BODY: usize = 64 * 1024;
pub const MOST_PROPERTIES: usize = 16 * 1024;
pub const MOST_URL: usize = 4 * 1024;
pub const MOST_COUPON_CODES: usize = 20;
pub const MOST_BATCH: usize = 1000;

/// An event as it was sent, whole and within the rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewEvent {
    pub action: Action,
    pub name: Option<String>,
    /// The shop's own id; makes the event idempotent.
    pub event_id: Option<String>,
    pub value: Option<Money>,
    pub currency: Currency,
    /// A JSON object, as it was sent.
    pub properties: Option<String>,
    /// None: the moment of arrival.
    pub occurred_at: Option<Timestamp>,
    /// In order, `coupon_code` first.
    pub coupon_codes: Vec<String>,
    pub ref_code: Option<String>,
    pub click_id: Option<String>,
    pub landing_url: Option<String>,
    pub referrer: Option<String>,
    pub customer_id: Option<String>,
}

/// What the request says beside the body.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    pub now: Timestamp,
    /// Set by the `/event/{action}` paths; then the body needs none.
    pub action: Option<Action>,
    /// The `Idempotency-Key` header; the body's `event_id` wins.
    pub idempotency_key: Option<&'a str>,
}

impl NewEvent {
    pub fn read(fields: &mut Fields, arrival: Arrival<'_>) -> Option<Self> {
        let action = read_action(fields, arrival.action);
        let name = read_optional(fields, "name", 100);
        let event_id = read_event_id(fields, arrival.idempotency_key);
        let currency = if fields.raw("currency").is_some() { fields.get("currency") } else { Some(Currency::USD) };
        // With a wrong currency the value is still checked, so that both are named.
        let value = read_value(fields, currency.unwrap_or(Currency::USD));
        let properties = read_properties(fields);
        let occurred_at = read_occurred_at(fields, arrival.now);
        let coupon_codes = read_coupon_codes(fields);
        let ref_code = fields.string("ref_code").filter(|code| !code.trim().is_empty());
        let click_id = fields.string("click_id").filter(|id| !id.trim().is_empty());
        let landing_url = read_url(fields, "landing_url");
        let referrer = read_url(fields, "referrer");
        let customer_id = read_optional(fields, "customer_id", 255);
        Some(Self {
            action: action?,
            name,
            event_id,
            value,
            currency: currency?,
            properties,
            occurred_at,
            coupon_codes,
            ref_code,
            click_id,
            landing_url,
            referrer,
            customer_id,
        })
    }

    /// Everything but `occurred_at`, written so that equal events have equal
    /// text: 5 equals 5.00, and the order of object keys does not matter.
    pub fn canonical(&self) -> String {
        let properties: Option<Value> =
            self.properties.as_deref().map(|text| serde_json::from_str(text).unwrap_or(Value::Null));
        // Written straight down: a tree of values first would take longer than all the rest of an event's hash.
        let fields = (
            self.action,
            &self.name,
            self.value,
            self.currency,
            properties,
            &self.coupon_codes,
            &self.ref_code,
            &self.click_id,
            &self.landing_url,
            &self.referrer,
            &self.customer_id,
        );
        // Text, numbers and what was JSON before always can be written.
        serde_json::to_string(&fields).unwrap_or_default()
    }
}

/// The events of a batch, each as it was sent.
pub fn read_batch(fields: &mut Fields) -> Option<Vec<Box<RawValue>>> {
    const EXPECTED: &str = "a list of at most 1,000 events";
    if fields.raw("events").is_none() {
        fields.refuse("events", "is required");
    }
    let items: Vec<Box<RawValue>> = fields.json("events", EXPECTED)?;
    if items.len() > MOST_BATCH {
        fields.refuse("events", format!("must be {EXPECTED}"));
        return None;
    }
    Some(items)
}

fn read_action(fields: &mut Fields, of_path: Option<Action>) -> Option<Action> {
    let Some(of_path) = of_path else {
        return fields.require("action");
    };
    let said: Option<Action> = fields.get("action");
    if said.is_some_and(|said| said != of_path) {
        fields.refuse("action", format!("must be {of_path} on this path, or absent"));
    }
    Some(of_path)
}

/// Shops send an empty text for what they do not have, a guest's customer id for one.
fn read_optional(fields: &mut Fields, field: &'static str, most: usize) -> Option<String> {
    if fields.raw(field) == Some("\"\"") {
        return None;
    }
    fields.bounded(field, most)
}

fn read_event_id(fields: &mut Fields, idempotency_key: Option<&str>) -> Option<String> {
    if fields.raw("event_id").is_some() {
        return fields.bounded("event_id", 255);
    }
    let key = idempotency_key?;
    if key.is_empty() || key.chars().count() > 255 || key.chars().any(char::is_control) {
        fields.refuse("Idempotency-Key", "must be 1 to 255 characters, without control characters");
        return None;
    }
    Some(key.to_owned())
}

fn read_value(fields: &mut Fields, currency: Currency) -> Option<Money> {
    let raw = fields.raw("value")?.to_owned();
    let text = if raw.starts_with('"') { fields.string("value")? } else { raw };
    match Money::parse(&text, currency) {
        Ok(money) => Some(money),
        Err(rule) => {
            fields.refuse("value", rule);
            None
        }
    }
}

fn read_properties(fields: &mut Fields) -> Option<String> {
    let raw = fields.raw("properties")?.to_owned();
    if raw.len() > MOST_PROPERTIES {
        fields.refuse("properties", "must be at most 16 KB");
        return None;
    }
    let _object: serde_json::Map<String, Value> = fields.json("properties", "an object, at most 100 levels deep")?;
    Some(raw)
}

fn read_occurred_at(fields: &mut Fields, now: Timestamp) -> Option<Timestamp> {
    let at: Timestamp = fields.get("occurred_at")?;
    if at > now.plus(5 * MINUTE) {
        fields.refuse("occurred_at", "must not be more than 5 minutes in the future; check the clock");
        return None;
    }
    if at < now.plus(-90 * DAY) {
        fields.refuse("occurred_at", "must not be more than 90 days in the past");
        return None;
    }
    Some(at)
}

fn read_coupon_codes(fields: &mut Fields) -> Vec<String> {
    let first = fields.string("coupon_code");
    let more: Vec<String> = fields.json("coupon_codes", "a list of at most 20 strings").unwrap_or_default();
    if more.len() > MOST_COUPON_CODES {
        fields.refuse("coupon_codes", "must be a list of at most 20 strings");
    }
    let mut codes: Vec<String> = Vec::new();
    for code in first.into_iter().chain(more) {
        if !code.trim().is_empty() && !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}

fn read_url(fields: &mut Fields, field: &'static str) -> Option<String> {
    let url = fields.string(field)?;
    if url.len() > MOST_URL {
        fields.refuse(field, "must be at most 4 KB");
        return None;
    }
    Some(url).filter(|url| !url.is_empty())
}

words! {
    EventStatus { Recorded = "recorded", Valid = "valid" }
}

words! {
    QueuedStatus { Queued = "queued" }
}

/// What `POST /api/v1/events` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventAnswer {
    pub id: EventId,
    pub status: EventStatus,
    /// Whether this `event_id` had been recorded before.
    pub duplicate: bool,
    pub attribution: Attribution,
}

/// What it answers while the database is away: the event is on disk, and is recorded once that is back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QueuedAnswer {
    pub id: EventId,
    pub status: QueuedStatus,
}

/// What `POST /api/v1/events/batch` answers: one result for each event, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BatchAnswer {
    pub results: Vec<BatchResult>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BatchResult {
    /// The event's place in the request, from 0.
    pub index: usize,
    /// The status that this event alone would have had.
    pub code: u16,
    #[serde(flatten)]
    pub outcome: BatchOutcome,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum BatchOutcome {
    Recorded(EventAnswer),
    Queued(QueuedAnswer),
    Failed(Problem),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FieldError;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn read(body: &str) -> Result<NewEvent, Vec<FieldError>> {
        read_with(body, Arrival { now: NOW, action: None, idempotency_key: None })
    }

    fn read_with(body: &str, arrival: Arrival<'_>) -> Result<NewEvent, Vec<FieldError>> {
        let mut fields = Fields::parse(body.as_bytes()).unwrap();
        let event = NewEvent::read(&mut fields, arrival);
        fields.finish(event)
    }

    fn wrong_fields(body: &str) -> Vec<String> {
        read(body).unwrap_err().into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn the_smallest_event_is_an_action() {
        let event = read(r#"{"action":"purchase"}"#).unwrap();
        assert_eq!((event.action, event.value, event.currency), (Action::Purchase, None, Currency::USD));
    }

    #[test]
    fn a_value_is_a_number_or_a_decimal_string_and_exact() {
        for value in ["49.90", "\"49.90\"", "49.9", "4.99e1"] {
            let event = read(&format!(r#"{{"action":"purchase","value":{value}}}"#)).unwrap();
            assert_eq!(event.value.unwrap().minor, 4990, "{value}");
        }
    }

    #[test]
    fn all_wrong_fields_are_named_at_once() {
        let body = r#"{"action":"buy","name":5,"event_id":"","value":-1,"properties":[],"occurred_at":"soon",
            "coupon_codes":"X","ref_code":7,"landing_url":{},"customer_id":"a\nb"}"#;
        assert_eq!(
            wrong_fields(body),
            [
                "action",
                "name",
                "event_id",
                "value",
                "properties",
                "occurred_at",
                "coupon_codes",
                "ref_code",
                "landing_url",
                "customer_id"
            ]
        );
        assert_eq!(wrong_fields(r#"{"action":"purchase","value":-5,"currency":"EURO"}"#), ["currency", "value"]);
    }

    #[test]
    fn occurred_at_is_held_to_five_minutes_ahead_and_ninety_days_back() {
        let at = |at: Timestamp| read(&format!(r#"{{"action":"signup","occurred_at":"{at}"}}"#));
        assert!(at(NOW.plus(5 * MINUTE)).is_ok());
        assert!(at(NOW.plus(5 * MINUTE + 1)).is_err());
        assert!(at(NOW.plus(-90 * DAY)).is_ok());
        assert!(at(NOW.plus(-90 * DAY - 1)).is_err());
    }

    #[test]
    fn the_bodys_event_id_wins_over_the_header() {
        let arrival = Arrival { now: NOW, action: Some(Action::Signup), idempotency_key: Some("header") };
        assert_eq!(read_with("{}", arrival).unwrap().event_id.as_deref(), Some("header"));
        assert_eq!(read_with(r#"{"event_id":"body"}"#, arrival).unwrap().event_id.as_deref(), Some("body"));
    }

    #[test]
    fn equal_events_have_equal_canonical_text() {
        let one = read(r#"{"action":"purchase","value":5,"properties":{"a":1,"b":2}}"#).unwrap();
        let same = read(r#"{"properties":{"b":2,"a":1},"value":"5.00","action":"purchase"}"#).unwrap();
        let other = read(r#"{"action":"purchase","value":5.01,"properties":{"a":1,"b":2}}"#).unwrap();
        assert_eq!(one.canonical(), same.canonical());
        assert_ne!(one.canonical(), other.canonical());
    }

    #[test]
    fn the_canonical_text_stays_as_it_was_when_the_first_events_were_hashed() {
        let event = read(r#"{"action":"purchase","value":5,"properties":{"b":[1.50,"ü"],"a":null},"coupon_code":"A"}"#);
        assert_eq!(
            event.unwrap().canonical(),
            r#"["purchase",null,{"amount":"5.00","currency":"USD"},"USD",{"a":null,"b":[1.5,"ü"]},["A"],null,null,null,null,null]"#
        );
    }

    #[test]
    fn the_coupon_code_comes_before_the_coupon_codes_and_none_twice() {
        let event = read(r#"{"action":"purchase","coupon_codes":["B","A"," "],"coupon_code":"A"}"#).unwrap();
        assert_eq!(event.coupon_codes, ["A", "B"]);
    }
}

#[cfg(test)]
#[path = "event_properties.rs"]
mod properties;
