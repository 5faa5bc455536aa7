//! A followed link: the request's head as it came, and the `Location` written from its query.
#![no_main]

#[path = "../../server/src/front/request.rs"]
mod request;
#[path = "../../server/src/visit.rs"]
mod visit;

use std::{mem::MaybeUninit, str, sync::LazyLock};

use engine::clicks::location::Location;
use libfuzzer_sys::fuzz_target;
use model::ClickId;
use url::form_urlencoded;
use uuid::Uuid;

use self::request::{MOST_HEADERS, Parsed, parse};

static LOCATIONS: LazyLock<[Location; 3]> = LazyLock::new(|| {
    [
        ("https://shop.example", false),
        ("https://shop.example/p?x=1&ref_code=old#top", true),
        ("http://sh\u{f6}p.example/\u{fc}?\u{e4}=\u{f6}&a[]=1#\u{e9}", false),
    ]
    .map(|(destination, append_click_id)| Location::build(destination, append_click_id).expect("a destination"))
});

fuzz_target!(|data: &[u8]| {
    let mut headers = [const { MaybeUninit::uninit() }; MOST_HEADERS];
    if let Parsed::Follow(follow, length) = parse(data, &mut headers) {
        assert!(length <= data.len());
        assert!(follow.code.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        check(follow.code, follow.query);
    }
    // The router reads heads of its own: whatever text a query is, nothing but visible ASCII leaves.
    if let Ok(query) = str::from_utf8(data) {
        check("Xk7mPq2RtZ", Some(query));
    }
});

fn check(code: &str, query: Option<&str>) {
    // One destination an input: any input's length is soon another.
    let location = &LOCATIONS[query.map_or(0, str::len) % LOCATIONS.len()];
    let written = |query| {
        let mut bytes = Vec::new();
        location.write(&mut bytes, code, query, ClickId(Uuid::nil()));
        String::from_utf8(bytes).expect("ASCII is written")
    };
    let (plain, with_query) = (written(None), written(query));
    assert!(with_query.bytes().all(|byte| byte.is_ascii_graphic()), "{with_query}");
    let (plain, with_query) = (Parts::of(&plain), Parts::of(&with_query));
    assert_eq!((with_query.place, with_query.fragment), (plain.place, plain.fragment));
    // What the address says without the visitor stands once, with the same value; its ref_code is the link's.
    let said = with_query.pairs();
    for (name, value) in plain.pairs() {
        let values: Vec<_> = said.iter().filter(|(other, _)| *other == name).map(|(_, value)| value).collect();
        assert_eq!(values, [&value], "{name} in {}", with_query.query);
        assert!(name != "ref_code" || value == code);
    }
}

/// An address as browsers cut it.
struct Parts<'a> {
    place: &'a str,
    query: &'a str,
    fragment: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(address: &'a str) -> Self {
        let cut = address.split_once('#');
        let (before, fragment) = cut.map_or((address, None), |(before, fragment)| (before, Some(fragment)));
        let (place, query) = before.split_once('?').expect("a ref_code");
        Self { place, query, fragment }
    }

    fn pairs(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.query.as_bytes()).map(|(name, value)| (plain_name(&name), value.into())).collect()
    }
}

/// A name as a shop may read it: without case, trimmed, and with what PHP makes of it.
fn plain_name(name: &str) -> String {
    name.trim_start().to_ascii_lowercase().replace(['.', ' '], "_")
}
