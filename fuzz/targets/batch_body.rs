//! The body of a batch: a list of bounded length, or refused as a whole; each item is read, or refused, by itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::{
    Fields, Timestamp,
    event::{Arrival, MOST_BATCH, NewEvent, read_batch},
};

const NOW: Timestamp = Timestamp(1_800_000_000_000);

fuzz_target!(|body: &[u8]| {
    let Ok(mut fields) = Fields::parse(body) else { return };
    let items = read_batch(&mut fields);
    let Ok(items) = fields.finish(items) else { return };
    assert!(items.len() <= MOST_BATCH);
    for (index, item) in items.iter().enumerate() {
        let Ok(mut fields) = Fields::parse(item.get().as_bytes()) else { continue };
        let key = format!("key#{index}");
        let event = NewEvent::read(&mut fields, Arrival { now: NOW, action: None, idempotency_key: Some(&key) });
        match fields.finish(event) {
            Ok(event) => assert!(event.event_id.is_some(), "the batch's key serves where an item has no id"),
            Err(errors) => assert!(!errors.is_empty(), "a refusal says what is wrong"),
        }
    }
});
