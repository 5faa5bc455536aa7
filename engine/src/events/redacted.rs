//! What was sent, without what is whose: failures are read by people who need the shape of a body, not its customers.

use std::sync::LazyLock;

use regex::Regex;
use serde::de::IgnoredAny;

/// In place of what is not shown.
const HIDDEN: &str = "…";

/// Part of a name that says its value is a person's, or a secret.
macro_rules! personal {
    () => {
        concat!(
            "e-?mail|phone|mobile|first_?name|last_?name|full_?name|surname|address|street|",
            "password|secret|token|iban|card"
        )
    };
}

/// A text of JSON; where it is a name, with its value. Read from the start, one begins where the one before has ended:
/// what stands inside a text is never taken for a name.
static TEXT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?s)("(?:[^"\\]|\\.)*")(\s*:\s*)("(?:[^"\\]|\\.)*"?|[0-9][0-9.]*)?|"(?:[^"\\]|\\.)*""#).ok()
});
static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(concat!("(?is)^customer_id$|", personal!())).ok());
/// The same in bodies that are broken, or cut: there no text is sure to begin where it seems to.
static BROKEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r#"(?i)("(?:customer_id|[^"]*(?:"#,
        personal!(),
        r#")[^"]*)"\s*:\s*)(?:"(?:[^"\\]|\\.)*"?|[0-9][0-9.]*)"#
    ))
    .ok()
});
static EMAIL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"[^\s"'<>@,;:=&?/\\]+(?:@|%40)[^\s"'<>@,;:=&?/\\]+\.[^\s"'<>@,;:=&?/\\]+"#).ok());

pub fn redacted(body: &str) -> String {
    let (Some(text), Some(name), Some(broken), Some(email)) = (&*TEXT, &*NAME, &*BROKEN, &*EMAIL) else {
        return HIDDEN.to_owned();
    };
    let mut shown = String::with_capacity(body.len());
    // Up to where all is shown, or hidden.
    let mut done = 0;
    for found in text.captures_iter(body) {
        let (Some(whole), Some(of), Some(colon)) = (found.get(0), found.get(1), found.get(2)) else { continue };
        if whole.start() < done || !name.is_match(&said(of.as_str())) {
            continue;
        }
        let end = match found.get(3) {
            Some(value) => value.end(),
            None if body[colon.end()..].starts_with(['{', '[']) => end_of_nested(body, colon.end()),
            // Neither true, false nor null is anybody's.
            None => continue,
        };
        shown.push_str(&body[done..colon.end()]);
        shown.push('"');
        shown.push_str(HIDDEN);
        shown.push('"');
        done = end;
    }
    shown.push_str(&body[done..]);
    if serde_json::from_str::<IgnoredAny>(body).is_err() {
        shown = broken.replace_all(&shown, format!("${{1}}\"{HIDDEN}\"")).into_owned();
    }
    email.replace_all(&shown, HIDDEN).into_owned()
}

/// Where an object or a list ends that begins here: with the body, where that is cut.
fn end_of_nested(body: &str, start: usize) -> usize {
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    for (at, byte) in body.bytes().enumerate().skip(start) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            b'{' | b'[' if !is_text => depth += 1,
            b'}' | b']' if !is_text => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    body.len()
}

/// What a name says, however it is escaped.
fn said(name: &str) -> String {
    serde_json::from_str(name).unwrap_or_else(|_| name.trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_persons_is_hidden_and_the_rest_stays_as_it_was() {
        for (body, shown) in [
            (r#"{"action":"buy","customer_id":"c-1","value":5}"#, r#"{"action":"buy","customer_id":"…","value":5}"#),
            (r#"{"customer_id" : 77, "name":"Gift"}"#, r#"{"customer_id" : "…", "name":"Gift"}"#),
            (
                r#"{"properties":{"Email":"a\"b@x.example","note":"for ann@mail.example!"}}"#,
                r#"{"properties":{"Email":"…","note":"for …"}}"#,
            ),
            (
                r#"{"properties":{"shipping_address":"12 Elm St","colour":"red"}}"#,
                r#"{"properties":{"shipping_address":"…","colour":"red"}}"#,
            ),
            (
                r#"{"properties":{"address":{"line":"12 \"Elm\" {St","to":["Ann"]},"colour":"red"},"cards": [ [1], 2 ],"n":1}"#,
                r#"{"properties":{"address":"…","colour":"red"},"cards": "…","n":1}"#,
            ),
            (r#"{"properties":{"address":{"line":"12 Elm"#, r#"{"properties":{"address":"…""#),
            (r#"{"token":true,"secret":null}"#, r#"{"token":true,"secret":null}"#),
            (r#"{"customer_id":"cut of"#, r#"{"customer_id":"…""#),
            (r#"{"a":"{\"email\":","customer_id":"c-1"}"#, r#"{"a":"{\"email\":","customer_id":"…"}"#),
            (r#"{"customer\u005fid":"c-1"}"#, r#"{"customer\u005fid":"…"}"#),
            (r#"{"note":"my "token":"x" y","customer_id":"c-1"}"#, r#"{"note":"my "token":"…" y","customer_id":"…"}"#),
            ("email=ann%40mail.example&x=1", "email=…&x=1"),
            ("not json", "not json"),
        ] {
            assert_eq!(redacted(body), shown);
        }
    }
}
