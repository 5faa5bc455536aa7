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

// What is written can be read back: from the year 0 to the last moment of 9999 that jiff takes, in whatever zone.
const EARLIEST: i64 = -62_167_219_200_000;
const LATEST: i64 = 253_402_207_200_000;

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

    /// The first moment of this one's UTC day.
    #[must_use]
    pub fn start_of_utc_day(self) -> Self {
        Self(self.utc_day() * DAY)
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

// Written and read here, without jiff: browsers do both, and its parser with all its errors would be an eighth of what
// they load.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date_of(self.0.div_euclid(DAY));
        let time = self.0.rem_euclid(DAY);
        let (hour, minute, second) = (time / HOUR, time % HOUR / MINUTE, time % MINUTE / SECOND);
        if !(0..=9999).contains(&year) {
            return write!(f, "{} ms", self.0);
        }
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", time % SECOND)
    }
}

impl FromStr for Timestamp {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        parse(text).map(Self).ok_or(RuleError("must be an RFC 3339 time, such as 2026-01-31T12:00:00Z"))
    }
}

fn parse(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>, most: i64| {
        let digits = text.get(range).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        digits.parse::<i64>().ok().filter(|number| *number <= most)
    };
    let mark = |at: usize, marks: &[u8]| text.as_bytes().get(at).is_some_and(|mark| marks.contains(mark)).then_some(());
    for (at, marks) in [(4, b"--"), (7, b"--"), (10, b"Tt"), (13, b"::"), (16, b"::")] {
        mark(at, marks)?;
    }
    let (year, month, day) = (number(0..4, 9999)?, number(5..7, 12)?, number(8..10, 31)?);
    let days = days_until(year, month, day);
    // A day that is not in the calendar falls on another.
    (date_of(days) == (year, month, day)).then_some(())?;
    // A leap second counts as the one before it.
    let (hour, minute, second) = (number(11..13, 23)?, number(14..16, 59)?, number(17..19, 60)?.min(59));
    let mut at = 19;
    let mut milliseconds = 0;
    if mark(at, b".").is_some() {
        let digits = text.as_bytes()[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let kept = digits.min(3);
        milliseconds = number(at + 1..at + 1 + kept, 999).filter(|_| kept > 0)? * [100, 10, 1][kept - 1];
        at += 1 + digits;
    }
    let offset = if mark(at, b"Zz").is_some() {
        at += 1;
        0
    } else {
        mark(at, b"+-")?;
        mark(at + 3, b":")?;
        let size = number(at + 1..at + 3, 23)? * HOUR + number(at + 4..at + 6, 59)? * MINUTE;
        let sign = if mark(at, b"-").is_some() { -1 } else { 1 };
        at += 6;
        sign * size
    };
    let time = hour * HOUR + minute * MINUTE + second * SECOND + milliseconds;
    (at == text.len()).then_some(days * DAY + time - offset).filter(|moment| (EARLIEST..=LATEST).contains(moment))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. Counted from March, so that the leap day is a year's last;
/// see Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
fn days_until(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day, so many days after 1970-01-01: the way back.
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
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
    fn every_day_is_written_and_read_as_jiff_does() {
        for day in (-719_528..2_932_897).step_by(13) {
            let moment = Timestamp(day * DAY + day.rem_euclid(DAY) * 1_009 % DAY);
            let theirs = jiff::Timestamp::from_millisecond(moment.0).unwrap();
            assert_eq!(moment.to_string(), format!("{theirs:.3}"));
            assert_eq!(moment.to_string().parse(), Ok(moment));
        }
    }

    #[test]
    fn offsets_fractions_and_leap_seconds_are_understood() {
        for (text, same) in [
            ("2026-01-31t12:00:00z", "2026-01-31T12:00:00Z"),
            ("2026-01-31T12:00:00-05:30", "2026-01-31T17:30:00Z"),
            ("2026-01-31T12:00:00.1Z", "2026-01-31T12:00:00.100Z"),
            ("2026-01-31T12:00:00.123999999Z", "2026-01-31T12:00:00.123Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
            ("2024-02-29T00:00:00+00:00", "2024-02-29T00:00:00Z"),
        ] {
            let moment: Timestamp = text.parse().unwrap();
            assert_eq!(moment, same.parse().unwrap(), "{text}");
        }
    }

    #[test]
    fn what_is_read_can_be_written_and_read_again_to_either_end() {
        assert_eq!(Timestamp(EARLIEST).to_string(), "0000-01-01T00:00:00.000Z");
        assert!(jiff::Timestamp::from_millisecond(LATEST + 1).is_err());
        for end in [EARLIEST, LATEST] {
            assert_eq!(Timestamp(end).to_string().parse(), Ok(Timestamp(end)));
            assert!(jiff::Timestamp::from_millisecond(end).is_ok());
        }
        for bad in [
            "9999-12-31T23:59:59-23:59",
            "9999-12-31T23:59:59Z",
            "9999-12-30T22:00:01Z",
            "0000-01-01T00:00:00+00:01",
            "0000-01-01T00:00:00+23:59",
        ] {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_not_rfc_3339_is_refused() {
        for bad in [
            "",
            "2026-01-31",
            "2026-01-31 12:00:00Z",
            "2026-02-30T12:00:00Z",
            "2025-02-29T12:00:00Z",
            "2026-00-10T12:00:00Z",
            "2026-01-31T24:00:00Z",
            "2026-01-31T12:00:00",
            "2026-01-31T12:00:00.Z",
            "2026-01-31T12:00:00+0100",
            "2026-01-31T12:00:00Z ",
            "2026-01-31T12:00:00ZZ",
            "+026-01-31T12:00:00Z",
            "2026-01-31T12:00:0\u{661}Z",
            "1769860800",
        ] {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad}");
        }
    }
}
