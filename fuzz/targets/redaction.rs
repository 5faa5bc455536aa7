//! What a person reads of a failed body: a customer's id never, whatever stands around it.
#![no_main]

use engine::events::redacted;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

const SECRET: &str = "customer-77-of-the-shop";

fuzz_target!(|body: &str| {
    // Broken or not: it ends, and says no more than was sent.
    let shown = redacted(body);
    assert!(shown.len() <= body.len() + 8 * body.matches(':').count() + 4 * body.matches(['@', '%']).count());
    let id = format!("{SECRET}{body}");
    let around = serde_json::from_str::<Value>(body).unwrap_or_else(|_| Value::from(body));
    // One place an input: any input's length is soon another.
    let text = match body.len() % 3 {
        0 => json!({ "a": around, "customer_id": id }).to_string(),
        1 => json!({ "customer_id": id, "value": around }).to_string(),
        _ => serde_json::to_string_pretty(&json!({ "address": { "x": around, "to": [id] }, "first_name": id })).expect("JSON"),
    };
    assert!(!redacted(&text).contains(SECRET), "{text}");
});
