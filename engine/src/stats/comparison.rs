//! What a range is compared with. Whole weeks lie between the two, so that weekdays stand beside their like; and of a
//! range that is not over yet, the earlier one is looked at only as far as this one has come.

use jiff::{ToSpan, Zoned};
use model::{Timestamp, stats::Compare};

use super::range::Range;
use crate::error::{Error, Result};

/// A year of whole weeks.
const WEEKS_OF_A_YEAR: i64 = 52;

/// A range, and how far before another it lies.
#[derive(Clone, Debug)]
pub struct Comparison {
    pub range: Range,
    weeks: i64,
}

impl Range {
    pub fn compared(&self, with: Compare, now: Timestamp) -> Result<Comparison> {
        let weeks = match with {
            Compare::Year => WEEKS_OF_A_YEAR,
            // So many that the two do not overlap.
            Compare::Previous => {
                let whole = self.from.date().duration_until(self.to.date()).as_hours() / 24;
                let days = whole + i64::from(self.to.time() > self.from.time());
                (days + 6).div_euclid(7).max(1)
            }
        };
        let now = now.0.clamp(self.starts_at().0, self.ends_at().0);
        let reached = match jiff::Timestamp::from_millisecond(now) {
            Ok(now) => now.to_zoned(self.from.time_zone().clone()),
            Err(error) => return Err(Error::Internal(format!("clock: {error}"))),
        };
        let from = earlier(&self.from, weeks)?;
        // Where clocks were put back in between, a moment may come out before another that it follows.
        let to = earlier(&reached, weeks)?.max(from.clone());
        Ok(Comparison { range: Self { from, to, zone_name: self.zone_name.clone() }, weeks })
    }
}

impl Comparison {
    /// Where the buckets that begin at `starts` lie in the earlier range. Of those that its end cuts off, all begin
    /// there.
    pub fn starts(&self, starts: &[Zoned]) -> Result<Vec<Zoned>> {
        let mut latest = self.range.from.clone();
        starts
            .iter()
            .map(|start| {
                latest = earlier(start, self.weeks)?.max(latest.clone());
                Ok(latest.clone())
            })
            .collect()
    }
}

/// The same time on the clock. Where that was skipped the moment after, where there were two the first.
fn earlier(moment: &Zoned, weeks: i64) -> Result<Zoned> {
    let weeks = weeks.weeks();
    moment.checked_sub(weeks).map_err(|_| Error::invalid("from", "is too long ago to be compared"))
}

#[cfg(test)]
mod tests {
    use model::stats::{Interval, StatsQuery};

    use super::*;
    use crate::stats::range::written;

    fn range(from: &str, to: &str, tz: &str) -> Range {
        let query =
            StatsQuery { from: Some(from.into()), to: Some(to.into()), tz: Some(tz.into()), ..StatsQuery::default() };
        Range::resolve(&query, "UTC", Timestamp(0)).unwrap()
    }

    fn at(now: &str) -> Timestamp {
        now.parse().unwrap()
    }

    const LATER: &str = "2027-01-01T00:00:00Z";

    #[test]
    fn weekdays_stand_beside_their_like_and_nothing_overlaps() {
        use Compare::{Previous, Year};
        for (from, to, with, first, end) in [
            // A day with the same day of the week before.
            ("2026-03-18", "2026-03-18", Previous, "2026-03-11", "2026-03-12"),
            ("2026-03-12", "2026-03-18", Previous, "2026-03-05", "2026-03-12"),
            ("2026-03-11", "2026-03-18", Previous, "2026-02-25", "2026-03-05"),
            // 30 days: five weeks before.
            ("2026-02-17", "2026-03-18", Previous, "2026-01-13", "2026-02-12"),
            ("2026-02-19", "2026-03-18", Previous, "2026-01-22", "2026-02-19"),
            ("2026-03-18", "2026-03-18", Year, "2025-03-19", "2025-03-20"),
            // 29 February is a Thursday in 2024 as is 2 March in 2023.
            ("2024-02-29", "2024-02-29", Year, "2023-03-02", "2023-03-03"),
            ("2025-02-27", "2025-02-28", Year, "2024-02-29", "2024-03-02"),
            ("2024-02-01", "2024-02-29", Previous, "2023-12-28", "2024-01-26"),
        ] {
            let range = range(from, to, "UTC");
            let Comparison { range: earlier, .. } = range.compared(with, at(LATER)).unwrap();
            assert_eq!((earlier.from.date().to_string(), earlier.to.date().to_string()), (first.into(), end.into()));
            assert_eq!(earlier.from.weekday(), range.from.weekday(), "{from}");
            assert!(earlier.to <= range.from, "{from}");
        }
    }

    #[test]
    fn an_unfinished_range_is_compared_as_far_as_it_has_come() {
        let range = range("2026-03-18", "2026-03-18", "Asia/Kolkata");
        let compared = |now: &str| {
            let earlier = range.compared(Compare::Previous, at(now)).unwrap().range;
            (written(&earlier.from), written(&earlier.to))
        };
        let begin = "2026-03-11T00:00:00+05:30".to_owned();
        assert_eq!(compared("2026-03-18T09:47:13.5Z"), (begin.clone(), "2026-03-11T15:17:13.5+05:30".into()));
        assert_eq!(compared("2026-03-20T00:00:00Z"), (begin.clone(), "2026-03-12T00:00:00+05:30".into()));
        assert_eq!(compared("2026-03-01T00:00:00Z"), (begin.clone(), begin));
    }

    #[test]
    fn days_keep_their_clock_across_a_change_of_it() {
        // Summer time began on 29 March.
        let whole = range("2026-03-30", "2026-04-05", "Europe/Berlin");
        let earlier = whole.compared(Compare::Previous, at("2026-04-02T10:00:00Z")).unwrap().range;
        assert_eq!(written(&earlier.from), "2026-03-23T00:00:00+01:00");
        assert_eq!(written(&earlier.to), "2026-03-26T12:00:00+01:00");
    }

    #[test]
    fn buckets_of_a_day_with_a_change_of_clock_stay_in_order_and_add_up() {
        for (day, tz, hours) in [
            ("2026-03-29", "Europe/Berlin", 23),
            ("2026-10-25", "Europe/Berlin", 25),
            ("2026-04-05", "Europe/Berlin", 24),
            ("2026-11-01", "Europe/Berlin", 24),
            ("2026-04-05", "Australia/Lord_Howe", 25),
            ("2026-10-04", "Australia/Lord_Howe", 24),
            ("2026-11-01", "America/St_Johns", 25),
            ("2026-03-15", "America/St_Johns", 24),
        ] {
            let range = range(day, day, tz);
            let starts = range.buckets(Interval::Hour).unwrap();
            assert_eq!(starts.len(), hours, "{day} {tz}");
            let comparison = range.compared(Compare::Previous, at(LATER)).unwrap();
            let earlier = comparison.starts(&starts).unwrap();
            assert!(earlier.is_sorted(), "{day} {tz}");
            assert_eq!(earlier[0], comparison.range.from);
            assert!(earlier.iter().all(|start| *start < comparison.range.to), "{day} {tz}");
        }
    }
}
