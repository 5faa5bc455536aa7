//! Text with a meaning: names, codes, addresses. Parsed once at the edge, trusted inside.

use std::{borrow::Cow, fmt, ops::Deref, str::FromStr};

use serde::{Deserialize, Serialize};

/// What a value breaks, said so that the sender can mend it: "must be …".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleError(pub &'static str);

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for RuleError {}

macro_rules! text {
    ($($(#[$doc:meta])* $name:ident($parse:path)),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl FromStr for $name {
            type Err = RuleError;

            fn from_str(text: &str) -> Result<Self, RuleError> {
                $parse(text).map(|text| Self(text.into_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = RuleError;

            fn try_from(text: String) -> Result<Self, RuleError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

text! {
    /// What people call a thing: 1 to 200 characters on one line.
    Name(name),
    /// An e-mail address, in lower case: one person has one spelling.
    Email(email),
    /// A name on a social platform, or that platform's name: 1 to 100 characters.
    ShortText(short_text),
    /// A chosen coupon code: 3 to 64 of `A-Z a-z 0-9 _ -`. Compared without case.
    CouponCode(coupon_code),
    /// What a shop calls one of its customers: 1 to 255 characters, as they are.
    CustomerId(customer_id),
    /// Where a tracking link leads: an absolute http or https address.
    DestinationUrl(destination_url),
    /// An IANA time zone's name. The server knows whether the zone exists.
    ZoneName(zone_name),
    /// A password as it is chosen, blanks and all: 10 to 200 characters.
    NewPassword(new_password),
}

impl CouponCode {
    /// How codes are compared: trimmed and without case.
    pub fn normal(&self) -> String {
        normal_code(self)
    }
}

/// How coupon codes are compared, for any text a shop sends: trimmed and in ASCII capitals.
pub fn normal_code(code: &str) -> String {
    code.trim().to_ascii_uppercase()
}

fn is_line(text: &str, most: usize) -> bool {
    !text.is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control)
}

fn name(text: &str) -> Result<Cow<'_, str>, RuleError> {
    let text = text.trim();
    if is_line(text, 200) {
        Ok(text.into())
    } else {
        Err(RuleError("must be 1 to 200 characters, without line breaks"))
    }
}

fn short_text(text: &str) -> Result<Cow<'_, str>, RuleError> {
    let text = text.trim();
    if is_line(text, 100) {
        Ok(text.into())
    } else {
        Err(RuleError("must be 1 to 100 characters, without line breaks"))
    }
}

fn email(text: &str) -> Result<Cow<'_, str>, RuleError> {
    let text = text.trim();
    let error = RuleError("must be an e-mail address of at most 254 characters");
    let (local, host) = text.rsplit_once('@').ok_or(error)?;
    let labels_stand = host.contains('.')
        && host.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        });
    let local_stands = !local.is_empty()
        && local.len() <= 64
        && !local.contains('@')
        && local.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>()[],;:\\\"".contains(c));
    if text.len() <= 254 && labels_stand && local_stands { Ok(text.to_lowercase().into()) } else { Err(error) }
}

fn coupon_code(text: &str) -> Result<Cow<'_, str>, RuleError> {
    let text = text.trim();
    let stands =
        (3..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if stands { Ok(text.into()) } else { Err(RuleError("must be 3 to 64 of A-Z a-z 0-9 _ -")) }
}

/// The shape alone, so that the browser needs no URL parser; the engine parses it in full.
fn destination_url(text: &str) -> Result<Cow<'_, str>, RuleError> {
    let text = text.trim();
    let scheme = text.split_once("://").map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
    let Some((scheme, rest)) = scheme else {
        return Err(RuleError("must be an absolute http or https address"));
    };
    if scheme != "http" && scheme != "https" || rest.is_empty() || rest.starts_with(['/', '?', '#']) {
        return Err(RuleError("must be an absolute http or https address"));
    }
    if text.len() > 2048 {
        return Err(RuleError("must be at most 2048 bytes"));
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return Err(RuleError("must not hold spaces, line breaks, backslashes or other control characters"));
    }
    Ok(text.into())
}

fn customer_id(text: &str) -> Result<Cow<'_, str>, RuleError> {
    if is_line(text, 255) {
        Ok(text.into())
    } else {
        Err(RuleError("must be 1 to 255 characters, without control characters"))
    }
}

fn zone_name(text: &str) -> Result<Cow<'_, str>, RuleError> {
    let text = text.trim();
    let stands =
        (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-+/".contains(&b));
    if stands { Ok(text.into()) } else { Err(RuleError("must be an IANA time zone, such as Europe/Berlin")) }
}

fn new_password(text: &str) -> Result<Cow<'_, str>, RuleError> {
    if (10..=200).contains(&text.chars().count()) {
        Ok(text.into())
    } else {
        Err(RuleError("must be 10 to 200 characters"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_absolute_web_addresses_without_controls() {
        for good in ["https://shop.example/p?x=1#f", "HTTP://shop.example", "http://[::1]:8080/ü"] {
            assert!(good.parse::<DestinationUrl>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "shop.example",
            "javascript:alert(1)",
            "ftp://x.example",
            "https://",
            "https:///x",
            "https://x.example/\r\nSet-Cookie: a=b",
            "https://x.example/a b",
            "https://x\\y.example",
        ] {
            assert!(bad.parse::<DestinationUrl>().is_err(), "{bad}");
        }
    }

    #[test]
    fn coupon_codes_are_three_to_sixty_four_plain_characters() {
        assert_eq!(" Anna-10 ".parse::<CouponCode>().unwrap().normal(), "ANNA-10");
        for bad in ["ab", "a b c", "ÄNNA10", "A\r\nB", &"x".repeat(65)] {
            assert!(bad.parse::<CouponCode>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn passwords_keep_their_blanks() {
        assert_eq!(&*" correct horse ".parse::<NewPassword>().unwrap(), " correct horse ");
    }

    #[test]
    fn emails_keep_one_spelling() {
        assert_eq!(&*"Anna@Shop.Example".parse::<Email>().unwrap(), "anna@shop.example");
        for bad in ["anna", "@x.example", "a@b", "a b@x.example", "a@x..example", "a@-x.example"] {
            assert!(bad.parse::<Email>().is_err(), "{bad}");
        }
    }
}
