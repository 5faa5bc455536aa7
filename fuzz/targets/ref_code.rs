//! `ref_code` in an address a shop sends along, however broken that is; what was encoded into one is found again.
#![no_main]

use engine::events::ref_code::find;
use libfuzzer_sys::fuzz_target;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

fuzz_target!(|address: &str| {
    if let Some(code) = find(address) {
        assert!(!code.is_empty());
    }
    if address.is_empty() {
        return;
    }
    let encoded = utf8_percent_encode(address, NON_ALPHANUMERIC);
    for around in [
        format!("https://shop.example/p?x={encoded}&ref_code={encoded}&ref_code=later"),
        format!("https://shop.example/#/p?x={encoded}&ref_code={encoded}"),
        format!("https://shop.example/?{encoded}#ref_code={encoded}"),
    ] {
        assert_eq!(find(&around).as_deref(), Some(address), "{around}");
    }
});
