//! What was sent, without what is whose: failures are read by people who need the shape of a body, not its customers.

use std::sync::LazyLock;

use regex::Regex;

/// In place of what is not shown.
const HIDDEN: &str = "…";

/// A member of JSON whose name says that its value is a person's, or a secret; its text is what is hidden. Bodies may be
/// broken, or cut: they are read as text.
static PERSONAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r#"(?i)("(?:customer_id|[^"]*(?:e-?mail|phone|mobile|first_?name|last_?name|full_?name|surname|address|street|"#,
        r#"password|secret|token|iban|card)[^"]*)"\s*:\s*)(?:"(?:[^"\\]|\\.)*"?|[0-9][0-9.]*)"#
    ))
    .ok()
});
static EMAIL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"[^\s"'<>@,;:=&?/\\]+(?:@|%40)[^\s"'<>@,;:=&?/\\]+\.[^\s"'<>@,;:=&?/\\]+"#).ok());

pub fn redacted(body: &str) -> String {
    let (Some(personal), Some(email)) = (&*PERSONAL, &*EMAIL) else { return HIDDEN.to_owned() };
    let without = personal.replace_all(body, format!("${{1}}\"{HIDDEN}\""));
    email.replace_all(&without, HIDDEN).into_owned()
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
            (r#"{"customer_id":"cut of"#, r#"{"customer_id":"…""#),
            ("email=ann%40mail.example&x=1", "email=…&x=1"),
            ("not json", "not json"),
        ] {
            assert_eq!(redacted(body), shown);
        }
    }
}
