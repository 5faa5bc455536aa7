//! Finds `ref_code` in an address a shop sends along.

use percent_encoding::percent_decode_str;

/// The first `ref_code` in the query or the fragment of an address, however broken the rest is.
/// Fragments of single-page shops may hold a query of their own: `#/product?ref_code=…`.
pub fn find(address: &str) -> Option<String> {
    let (before, fragment) = address.split_once('#').map_or((address, None), |(before, after)| (before, Some(after)));
    let query = before.split_once('?').map(|(_, query)| query);
    let of_fragment = fragment.map(|fragment| fragment.split_once('?').map_or(fragment, |(_, query)| query));
    [query, of_fragment]
        .into_iter()
        .flatten()
        .flat_map(|part| part.split('&'))
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, value)| decode(name) == "ref_code" && !value.is_empty())
        .map(|(_, value)| decode(value))
}

/// Forms and browsers write a space as `+`.
fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    proptest! {
        #[test]
        fn whatever_is_sent_either_holds_a_ref_code_or_not(address in prop_oneof![".{0,200}", "([?&#=%+]|ref_code|[a-f0-9]){0,40}"]) {
            prop_assert!(find(&address).is_none_or(|code| !code.is_empty()));
        }

        #[test]
        fn what_was_encoded_into_an_address_is_found_again(
            code in ".{1,40}", others in prop::collection::vec(("[a-z]{1,6}", ".{0,12}"), 0..4)
        ) {
            let mut address = Url::parse("https://shop.example/p").unwrap();
            address.query_pairs_mut().extend_pairs(&others).append_pair("ref_code", &code).append_pair("ref_code", "later");
            prop_assert_eq!(find(address.as_str()), Some(code.clone()), "{}", address);
            let query = address.query().unwrap();
            prop_assert_eq!(find(&format!("https://shop.example/#{query}")), Some(code.clone()), "{}", address);
            prop_assert_eq!(find(&format!("https://shop.example/?x=1#/p?{query}")), Some(code.clone()), "{}", address);
            let encoded = utf8_percent_encode(&code, NON_ALPHANUMERIC);
            prop_assert_eq!(find(&format!("/?ref%5Fcode={encoded}")), Some(code.clone()), "{}", encoded);
        }
    }

    #[test]
    fn the_ref_code_is_found_in_query_and_fragment() {
        for (address, found) in [
            ("https://shop.example/p?ref_code=ABC", Some("ABC")),
            ("https://shop.example/p?x=1&ref_code=ABC#top", Some("ABC")),
            ("https://shop.example/#ref_code=ABC", Some("ABC")),
            ("https://shop.example/#/p?ref_code=ABC&y=2", Some("ABC")),
            ("/p?ref%5Fcode=A%42C", Some("ABC")),
            ("ref_code=ABC", None),
            ("https://shop.example/p?my_ref_code=ABC", None),
            ("https://shop.example/p?ref_code=", None),
            ("%%%???###&&&===", None),
        ] {
            assert_eq!(find(address).as_deref(), found, "{address}");
        }
    }
}
