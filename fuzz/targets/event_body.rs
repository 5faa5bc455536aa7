//! The body of an event: read, or refused with what is wrong. What was read survives being put aside, and has one
//! canonical text.
#![no_main]

use engine::secret::sha256;
use libfuzzer_sys::fuzz_target;
use model::{
    Fields, Timestamp,
    event::{Arrival, MOST_COUPON_CODES, MOST_PROPERTIES, MOST_URL, NewEvent},
};

const NOW: Timestamp = Timestamp(1_800_000_000_000);

fuzz_target!(|body: &[u8]| {
    let Ok(mut fields) = Fields::parse(body) else { return };
    let event = NewEvent::read(&mut fields, Arrival { now: NOW, action: None, idempotency_key: None });
    match fields.finish(event) {
        Ok(event) => check(&event),
        Err(errors) => assert!(!errors.is_empty(), "a refusal says what is wrong"),
    }
});

fn check(event: &NewEvent) {
    assert!(event.coupon_codes.len() <= MOST_COUPON_CODES + 1);
    assert!(event.value.is_none_or(|value| {
        (0..=1_000_000_000_000 * 10_i128.pow(event.currency.digits())).contains(&value.minor)
            && value.currency == event.currency
    }));
    let is_object = |text: &str| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).is_ok();
    assert!(event.properties.as_ref().is_none_or(|text| text.len() <= MOST_PROPERTIES && is_object(text)));
    assert!([&event.landing_url, &event.referrer].into_iter().flatten().all(|url| url.len() <= MOST_URL));
    let aside = serde_json::to_string(event).expect("an event is JSON");
    let back: NewEvent = serde_json::from_str(&aside).expect("what was put aside is read again");
    assert_eq!(&back, event);
    assert_eq!(sha256(back.canonical().as_bytes()), sha256(event.canonical().as_bytes()));
}
