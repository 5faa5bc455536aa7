//! The words as OpenAPI schemas, for the server's document. Browsers never compile this.

use std::borrow::Cow;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{KnownFormat, Object, ObjectBuilder, Schema, SchemaFormat, Type},
    },
};

use crate::{
    Currency, Money, Timestamp,
    text::{CouponCode, CustomerId, DestinationUrl, Email, Name, NewPassword, ShortText, ZoneName},
};

/// White space as it is cut off both ends, and what a line cannot hold.
const BLANK: &str = r"\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";
const CONTROL: &str = r"\u0000-\u001f\u007f-\u009f";

fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// One of a closed set of words.
pub(crate) fn word(words: impl IntoIterator<Item = &'static str>) -> RefOr<Schema> {
    string().enum_values(Some(words)).into()
}

pub(crate) fn id() -> RefOr<Schema> {
    string().format(Some(SchemaFormat::Custom("uuid".into()))).into()
}

/// Something visible on one line; white space around it is cut off.
fn line(most: usize) -> ObjectBuilder {
    let edge = format!("[^{BLANK}{CONTROL}]");
    let pattern = format!("^[{BLANK}]*{edge}([^{CONTROL}]{{0,{}}}{edge})?[{BLANK}]*$", most - 2);
    string().pattern(Some(pattern))
}

macro_rules! schemas {
    ($($type:ident => $schema:expr),* $(,)?) => {$(
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }

        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                stringify!($type).into()
            }
        }
    )*};
}

schemas! {
    Name => line(200).description(Some("1 to 200 characters on one line.")).examples(["Spring sale"]),
    ShortText => line(100).description(Some("1 to 100 characters on one line.")),
    Email => string()
        .description(Some("An e-mail address; kept in lower case."))
        .pattern(Some(r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?\.){1,4}[A-Za-z0-9]{1,32}$"))
        .max_length(Some(254))
        .examples(["anna@social.example"]),
    CouponCode => string()
        .description(Some("Compared without case; unique within the advertiser."))
        .pattern(Some("^[A-Za-z0-9_-]{3,64}$"))
        .examples(["ANNA10"]),
    DestinationUrl => string()
        .description(Some("An absolute http or https address, without user name and password, at most 2048 bytes."))
        .pattern(Some(r"^https?://([A-Za-z0-9]+(-[A-Za-z0-9]+)*\.)*[A-Za-z]+(:[1-9][0-9]{0,3})?([/?#][!#-;=?-\[\]_a-z~]*)?$"))
        .max_length(Some(2048))
        .examples(["https://shop.example/spring?size=m"]),
    CustomerId => string()
        .description(Some("What the shop calls one of its customers: 1 to 255 characters, without control characters."))
        .pattern(Some("^[ -~]+$"))
        .min_length(Some(1))
        .max_length(Some(255))
        .examples(["customer-1842"]),
    ZoneName => string()
        .description(Some("The name of an IANA time zone."))
        .examples(["Europe/Berlin"]),
    NewPassword => string()
        .description(Some("10 to 200 characters."))
        .min_length(Some(10))
        .max_length(Some(200)),
    Timestamp => string()
        .description(Some("RFC 3339. Answers are in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z; requests may have any offset."))
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))),
    Currency => string()
        .description(Some("ISO 4217."))
        .enum_values(Some(currencies()))
        .examples(["USD"]),
    Money => money(),
}

fn currencies() -> Vec<String> {
    let letters = || 'A'..='Z';
    let codes = letters().flat_map(move |a| letters().flat_map(move |b| letters().map(move |c| format!("{a}{b}{c}"))));
    codes.filter(|code| code.parse::<Currency>().is_ok()).collect()
}

fn money() -> Object {
    let amount = string()
        .description(Some("A decimal with exactly the currency's digits: 12.34 in USD, 1234 in JPY."))
        .pattern(Some(r"^-?[0-9]+(\.[0-9]+)?$"))
        .examples(["12.34"]);
    ObjectBuilder::new()
        .description(Some("An exact amount. Amounts of different currencies are never added together."))
        .property("amount", amount)
        .property("currency", utoipa::openapi::Ref::from_schema_name("Currency"))
        .required("amount")
        .required("currency")
        .build()
}
