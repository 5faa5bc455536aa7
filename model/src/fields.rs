//! A JSON object read field by field, so that an answer can name all that is wrong at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};

use crate::{problem::FieldError, text::RuleError};

/// The body is not JSON at all, or not an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyError {
    NotJson(String),
    NotAnObject,
}

/// The fields of one JSON object and what is wrong with them so far.
/// A field that is `null` counts as absent.
#[derive(Debug, Default)]
pub struct Fields {
    values: BTreeMap<String, Box<RawValue>>,
    errors: Vec<FieldError>,
}

/// What a field of a form, which is always text, becomes in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Text,
    /// A checkbox: "true", or "false" from the hidden field before it.
    Flag,
    Number,
    /// Every value of this name.
    List,
    /// A date and a time without a zone, which mean UTC.
    Moment,
}

/// What can be read from the fields of a request's body. None only where an error was noted.
pub trait FromFields: Sized {
    fn read(fields: &mut Fields) -> Option<Self>;
}

impl Fields {
    pub fn parse(body: &[u8]) -> Result<Self, BodyError> {
        match serde_json::from_slice(body) {
            Ok(values) => Ok(Self { values, errors: Vec::new() }),
            Err(error) if error.is_data() => Err(BodyError::NotAnObject),
            Err(error) => Err(BodyError::NotJson(error.to_string())),
        }
    }

    /// The fields of a form. What is empty is null; of several values the last counts, but for lists.
    pub fn from_form<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>, shape: impl Fn(&str) -> Shape) -> Self {
        let mut texts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, value) in pairs {
            let all = texts.entry(name).or_default();
            if !value.trim().is_empty() {
                all.push(value);
            }
        }
        let mut values = BTreeMap::new();
        for (name, all) in texts {
            let value = match (shape(name), all.last()) {
                (Shape::List, _) => to_raw_value(&all),
                (_, None) => to_raw_value(&()),
                (Shape::Flag, Some(text)) => to_raw_value(&(*text == "true")),
                (Shape::Number, Some(text)) => raw_number(text).map_or_else(|| to_raw_value(text), Ok),
                (Shape::Moment, Some(text)) if !text.contains(['Z', 'z', '+']) => to_raw_value(&with_seconds(text)),
                (Shape::Text | Shape::Moment, Some(text)) => to_raw_value(text),
            };
            // Text and lists of text always are JSON.
            if let Ok(value) = value {
                values.insert(name.to_owned(), value);
            }
        }
        Self { values, errors: Vec::new() }
    }

    /// The text of the field as it stands in the body; None where absent or null.
    pub fn raw(&self, field: &str) -> Option<&str> {
        self.values.get(field).map(|value| value.get()).filter(|text| *text != "null")
    }

    /// Takes a field as not sent.
    pub fn leave_out(&mut self, field: &str) {
        self.values.remove(field);
    }

    pub fn is_present(&self, field: &str) -> bool {
        self.values.contains_key(field)
    }

    pub fn refuse(&mut self, field: impl Into<String>, message: impl ToString) {
        self.errors.push(FieldError::new(field, message));
    }

    /// A field of any JSON type; `expected` finishes "must be …".
    pub fn json<T: DeserializeOwned>(&mut self, field: &'static str, expected: &str) -> Option<T> {
        let parsed = serde_json::from_str(self.raw(field)?);
        match parsed {
            Ok(value) => Some(value),
            Err(_) => {
                self.refuse(field, format!("must be {expected}"));
                None
            }
        }
    }

    pub fn string(&mut self, field: &'static str) -> Option<String> {
        self.json(field, "a string")
    }

    /// A string that follows the rule of `T`.
    pub fn get<T: FromStr<Err = RuleError>>(&mut self, field: &'static str) -> Option<T> {
        let text = self.string(field)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(rule) => {
                self.refuse(field, rule);
                None
            }
        }
    }

    /// As [`Self::get`]; absence is an error too.
    pub fn require<T: FromStr<Err = RuleError>>(&mut self, field: &'static str) -> Option<T> {
        if self.raw(field).is_none() {
            self.refuse(field, "is required");
            return None;
        }
        self.get(field)
    }

    /// A field of an edit: None leaves the value as it is; null, where there must be one, is an error.
    pub fn change<T: FromStr<Err = RuleError>>(&mut self, field: &'static str) -> Option<T> {
        self.refuse_null(field);
        self.get(field)
    }

    /// As [`Self::change`], for any JSON type; `expected` finishes "must be …".
    pub fn change_json<T: DeserializeOwned>(&mut self, field: &'static str, expected: &str) -> Option<T> {
        self.refuse_null(field);
        self.json(field, expected)
    }

    /// A field of an edit that null clears: then Some(None).
    pub fn change_or_clear<T: FromStr<Err = RuleError>>(&mut self, field: &'static str) -> Option<Option<T>> {
        if !self.is_present(field) {
            return None;
        }
        Some(self.get(field))
    }

    fn refuse_null(&mut self, field: &'static str) {
        if self.is_present(field) && self.raw(field).is_none() {
            self.refuse(field, "must not be null");
        }
    }

    /// A whole number within a range.
    pub fn number(&mut self, field: &'static str, least: i64, most: i64) -> Option<i64> {
        let raw = self.raw(field)?;
        let number = whole(raw).filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.refuse(field, format!("must be a whole number from {least} to {most}"));
        }
        number
    }

    /// A list of ids, each once, in the order they were sent.
    pub fn ids<T: FromStr<Err = RuleError> + Ord + Copy>(
        &mut self,
        field: &'static str,
        most: usize,
    ) -> Option<Vec<T>> {
        let texts: Vec<String> = self.json(field, "a list of strings")?;
        if texts.is_empty() || texts.len() > most {
            self.refuse(field, format!("must hold 1 to {most} ids"));
            return None;
        }
        let mut seen = BTreeSet::new();
        let mut ids = Vec::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            match text.parse::<T>() {
                Ok(id) if seen.insert(id) => ids.push(id),
                Ok(_) => {}
                Err(rule) => {
                    self.refuse(format!("{field}[{index}]"), rule);
                    return None;
                }
            }
        }
        Some(ids)
    }

    /// A string of at most `most` characters without control characters, as it was sent.
    pub fn bounded(&mut self, field: &'static str, most: usize) -> Option<String> {
        let text = self.string(field)?;
        if text.is_empty() || text.chars().count() > most || text.chars().any(char::is_control) {
            self.refuse(field, format!("must be 1 to {most} characters, without control characters"));
            return None;
        }
        Some(text)
    }

    /// All errors, or the whole. `whole` is None only where an error was noted.
    pub fn finish<T>(mut self, whole: Option<T>) -> Result<T, Vec<FieldError>> {
        match whole {
            Some(whole) if self.errors.is_empty() => Ok(whole),
            _ => {
                if self.errors.is_empty() {
                    self.refuse("", "the request could not be read");
                }
                Err(self.errors)
            }
        }
    }
}

/// The text, where it is a number as JSON writes it.
fn raw_number(text: &str) -> Option<Box<RawValue>> {
    let text = text.trim();
    text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
        .then(|| RawValue::from_string(text.to_owned()).ok())?
}

/// `2026-01-31T12:00`, as browsers send it, as RFC 3339.
fn with_seconds(text: &str) -> String {
    let seconds = if text.trim().len() == 16 { ":00Z" } else { "Z" };
    format!("{}{seconds}", text.trim())
}

/// A whole number, however it is written: 5, 5.0 and 5e0 are one number in JSON.
fn whole(raw: &str) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let written_so = || raw.parse::<f64>().ok().filter(|number| number.fract() == 0.0 && number.abs() < EXACT);
    raw.parse().ok().or_else(|| written_so().map(|number| number as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Email, Name};

    #[test]
    fn every_wrong_field_is_named() {
        let mut fields = Fields::parse(br#"{"name": 5, "email": "x"}"#).unwrap();
        let name = fields.require::<Name>("name");
        let email = fields.require::<Email>("email");
        let handle = fields.require::<Name>("handle");
        let whole = (|| Some((name?, email?, handle?)))();
        let errors = fields.finish(whole).unwrap_err();
        let named: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(named, ["name", "email", "handle"]);
    }

    #[test]
    fn a_form_s_text_becomes_what_the_api_would_be_sent() {
        let pairs = [
            ("name", "Anna"),
            ("email", " "),
            ("signed", "false"),
            ("signed", "true"),
            ("count", "12"),
            ("length", "twelve"),
            ("ids", ""),
            ("ids", "a"),
            ("ids", "b"),
            ("from", "2026-01-31T12:00"),
        ];
        let fields = Fields::from_form(pairs, |name| match name {
            "signed" => Shape::Flag,
            "count" | "length" => Shape::Number,
            "ids" => Shape::List,
            "from" => Shape::Moment,
            _ => Shape::Text,
        });
        for (name, json) in [
            ("name", Some("\"Anna\"")),
            ("email", None),
            ("signed", Some("true")),
            ("count", Some("12")),
            ("length", Some("\"twelve\"")),
            ("ids", Some("[\"a\",\"b\"]")),
            ("from", Some("\"2026-01-31T12:00:00Z\"")),
        ] {
            assert_eq!(fields.raw(name), json, "{name}");
        }
        assert!(fields.is_present("email") && !fields.is_present("nosuch"));
    }

    #[test]
    fn a_whole_number_may_be_written_as_a_fraction() {
        for (raw, number) in
            [("5", Some(5)), ("5.0", Some(5)), ("1e3", Some(1000)), ("5.5", None), ("\"5\"", None), ("1e40", None)]
        {
            assert_eq!(whole(raw), number, "{raw}");
        }
    }

    #[test]
    fn text_that_is_not_json_is_told_from_json_that_is_no_object() {
        assert!(matches!(Fields::parse(b"{\"a\":"), Err(BodyError::NotJson(_))));
        assert!(matches!(Fields::parse(b"\xff"), Err(BodyError::NotJson(_))));
        assert_eq!(Fields::parse(b"[1]").unwrap_err(), BodyError::NotAnObject);
    }
}
