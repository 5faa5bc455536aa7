//! Finds `ref_code` in an address a shop sends along.

use std::borrow::Cow;

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
        .map(|(_, value)| decode(value).into_owned())
}

fn decode(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::*;

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
