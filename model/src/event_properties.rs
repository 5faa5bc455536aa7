//! When two bodies are the same event.

use proptest::{prelude::*, sample::select};
use serde_json::Value;

use super::*;

type Member = (&'static str, &'static str);

/// Each field in several spellings, absent among them; some of them mean the same.
const SPELLINGS: [(&str, &[&str]); 13] = [
    ("action", &["\"purchase\"", "\"signup\"", "\"purch\\u0061se\""]),
    ("name", &["null", "\"\"", "\"a\"", "\"b\""]),
    ("event_id", &["null", "\"1\"", "\"2\""]),
    ("value", &["null", "5", "5.0", "\"5.00\"", "5e0", "5.004", "5.01", "0", "-0", "\"0.00\""]),
    ("currency", &["null", "\"USD\"", "\"usd\"", "\"JPY\""]),
    ("properties", &["null", "{}", r#"{"a":1,"b":[2]}"#, r#"{ "b" : [2], "a" : 1 }"#, r#"{"a":1,"b":[3]}"#]),
    ("occurred_at", &["null", "\"2027-01-15T08:00:00Z\"", "\"2027-01-15T07:00:00Z\""]),
    ("coupon_code", &["null", "\"\"", "\"A\"", "\"B\""]),
    ("coupon_codes", &["null", "[]", "[\"A\"]", "[\"A\",\"B\"]", "[\"B\",\"A\"]", "[\"B\",\" \",\"A\",\"A\"]"]),
    ("ref_code", &["null", "\"\"", "\"r\"", "\"s\""]),
    ("click_id", &["null", "\" \"", "\"c\""]),
    ("landing_url", &["null", "\"\"", "\"/?ref_code=r\""]),
    ("customer_id", &["null", "\"\"", "\"c\"", "\"d\""]),
];

fn members() -> impl Strategy<Value = Vec<Member>> {
    SPELLINGS
        .iter()
        .map(|&(name, spellings)| select(spellings).prop_map(move |spelling| (name, spelling)))
        .collect::<Vec<_>>()
}

/// Two bodies that differ in few members, the second's in another order.
fn pair() -> impl Strategy<Value = (Vec<Member>, Vec<Member>)> {
    let swaps = prop::collection::vec(prop::bool::weighted(0.15), SPELLINGS.len());
    (members(), members(), swaps).prop_flat_map(|(one, other, swaps)| {
        let second = one.iter().zip(&other).zip(swaps).map(|((one, other), swap)| if swap { *other } else { *one });
        (Just(one.clone()), Just(second.collect::<Vec<_>>()).prop_shuffle())
    })
}

fn read(members: &[Member]) -> NewEvent {
    let body = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect::<Vec<_>>().join(",");
    let mut fields = Fields::parse(format!("{{{body}}}").as_bytes()).unwrap();
    let arrival = Arrival { now: Timestamp(1_800_000_000_000), action: None, idempotency_key: None };
    let event = NewEvent::read(&mut fields, arrival);
    fields.finish(event).unwrap()
}

/// What is compared: the validated fields, properties as what they say; the id names both, the time is not compared.
fn compared(event: &NewEvent) -> (NewEvent, Option<Value>) {
    let properties = event.properties.as_deref().map(|text| serde_json::from_str(text).unwrap());
    (NewEvent { event_id: None, occurred_at: None, properties: None, ..event.clone() }, properties)
}

proptest! {
    #[test]
    fn two_bodies_are_one_event_where_their_validated_fields_are_equal_and_only_there((one, other) in pair()) {
        let (one, other) = (read(&one), read(&other));
        prop_assert_eq!(one.canonical() == other.canonical(), compared(&one) == compared(&other));
    }

    #[test]
    fn the_order_of_members_and_a_round_trip_through_storage_change_nothing(
        (members, shuffled) in members().prop_flat_map(|members| (Just(members.clone()), Just(members).prop_shuffle()))
    ) {
        let event = read(&members);
        prop_assert_eq!(&read(&shuffled), &event);
        let stored = serde_json::to_string(&event).unwrap();
        let back: NewEvent = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(back.canonical(), event.canonical());
        prop_assert_eq!(back, event);
    }
}
