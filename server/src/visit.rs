//! What a request says of the visit, alike for the front and the router.

/// `Sec-Purpose: prefetch;prerender`, `Purpose: prefetch`, `Purpose: preview`: nobody looks at it yet.
pub fn says_prefetch(value: &[u8]) -> bool {
    let value = value.to_ascii_lowercase();
    [&b"prefetch"[..], b"prerender", b"preview"].iter().any(|word| value.windows(word.len()).any(|part| part == *word))
}
