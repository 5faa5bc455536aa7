//! Moments: epoch milliseconds inside, RFC 3339 in UTC outside.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::text::RuleError;

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

pub const SECOND: i64 = 1_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
/// A UTC day. Days of other zones may be longer or shorter.
pub const DAY: i64 = 24 * HOUR;

impl Timestamp {
    /// Every zone's offset since 1980 is a multiple of 15 minutes, so sums by
    /// this number fold exactly into any zone's hours and days.
    pub fn quarter_hour(self) -> i64 {
        self.0.div_euclid(15 * MINUTE)
    }

    /// The number of the UTC day since 1970-01-01.
    pub fn utc_day(self) -> i64 {
        self.0.div_euclid(DAY)
    }

    /// The first moment of this one's UTC month.
    pub fn start_of_month(self) -> Self {
        let date =
            jiff::Timestamp::from_millisecond(self.0).map(|moment| jiff::tz::Offset::UTC.to_datetime(moment).date());
        let first =
            date.ok().and_then(|date| jiff::tz::Offset::UTC.to_timestamp(date.first_of_month().at(0, 0, 0, 0)).ok());
        first.map_or(self, |first| Self(first.as_millisecond()))
    }

    #[must_use]
    pub fn plus(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => write!(f, "{moment:.3}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl FromStr for Timestamp {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let error = RuleError("must be an RFC 3339 time, such as 2026-01-31T12:00:00Z");
        // jiff reads more forms than RFC 3339 has; hold it to that one.
        if text.len() < 20
            || text.as_bytes().get(10).is_none_or(|t| !t.eq_ignore_ascii_case(&b'T'))
            || text.contains('[')
        {
            return Err(error);
        }
        text.parse::<jiff::Timestamp>().map(|moment| Self(moment.as_millisecond())).map_err(|_| error)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_utc_with_milliseconds_and_read_with_any_offset() {
        let moment: Timestamp = "2026-01-31T13:00:00.25+01:00".parse().unwrap();
        assert_eq!(moment.to_string(), "2026-01-31T12:00:00.250Z");
        assert_eq!(moment, "2026-01-31T12:00:00.250Z".parse().unwrap());
    }

    #[test]
    fn what_is_not_rfc_3339_is_refused() {
        for bad in
            ["", "2026-01-31", "2026-01-31 12:00:00Z", "2026-02-30T12:00:00Z", "2026-01-31T12:00:00", "1769860800"]
        {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad}");
        }
    }
}
