//! Days, ranges of days and the names of chart buckets. No clock is read here:
//! what is now is told by the figures themselves.

use jiff::{Span, civil::Date};
#[cfg(feature = "ssr")]
use model::stats::Interval;
use model::stats::StatsQuery;

/// Whole days, both inclusive, in the zone the figures were made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    pub first: Date,
    pub last: Date,
}

impl Days {
    /// From the bounds an overview names: RFC 3339, the second one exclusive.
    pub fn between(from: &str, to: &str) -> Option<Self> {
        let first = date(from)?;
        let end = date(to)?;
        let last = if time(to) == "00:00" { end.yesterday().ok()? } else { end };
        Some(Self { first, last: last.max(first) })
    }

    /// The same, where both bounds are midnights.
    pub fn whole(from: &str, to: &str) -> Option<Self> {
        (time(from) == "00:00" && time(to) == "00:00").then(|| Self::between(from, to))?
    }

    /// From a question that names both days: known before its answer is.
    pub fn asked(query: &StatsQuery) -> Option<Self> {
        let day = |text: &Option<String>| date(text.as_deref().filter(|text| text.len() == 10)?);
        let (first, last) = (day(&query.from)?, day(&query.to)?);
        (first <= last).then_some(Self { first, last })
    }

    pub fn count(self) -> i64 {
        self.first.duration_until(self.last).as_hours() / 24 + 1
    }

    /// The range of the same length right before this one; whole months step by months.
    pub fn before(self) -> Option<Self> {
        self.moved(-1)
    }

    pub fn after(self) -> Option<Self> {
        self.moved(1)
    }

    fn moved(self, direction: i64) -> Option<Self> {
        if let Some(months) = self.months() {
            let first = self.first.checked_add(Span::new().try_months(months * direction).ok()?).ok()?;
            let last = first.checked_add(Span::new().try_months(months - 1).ok()?).ok()?.last_of_month();
            return Some(Self { first, last });
        }
        let days = Span::new().try_days(self.count() * direction).ok()?;
        Some(Self { first: self.first.checked_add(days).ok()?, last: self.last.checked_add(days).ok()? })
    }

    /// How many months this is, where it is whole months.
    fn months(self) -> Option<i64> {
        (self.first.day() == 1 && self.last == self.last.last_of_month()).then(|| {
            let years = i64::from(self.last.year()) - i64::from(self.first.year());
            years * 12 + i64::from(self.last.month()) - i64::from(self.first.month()) + 1
        })
    }

    /// `3 Feb 2026`, `3 – 9 Feb 2026`, `27 Feb – 3 Mar 2026`, `30 Dec 2025 – 5 Jan 2026`.
    pub fn label(self) -> String {
        let Self { first, last } = self;
        if first == last {
            day_label(first)
        } else if first.year() != last.year() {
            format!("{} – {}", day_label(first), day_label(last))
        } else if first.month() != last.month() {
            format!("{} {} – {}", first.day(), month(first), day_label(last))
        } else {
            format!("{} – {}", first.day(), day_label(last))
        }
    }
}

/// What the range between two moments is called: by its days, where it is whole days.
#[cfg(feature = "ssr")]
pub fn range_label(from: &str, to: &str) -> String {
    if let Some(days) = Days::whole(from, to) {
        return days.label();
    }
    let moment =
        |text: &str| date(text).map_or_else(|| text.to_owned(), |day| format!("{} {}", day_label(day), time(text)));
    let until = if date(from) == date(to) { time(to).to_owned() } else { moment(to) };
    format!("{} – {until}", moment(from))
}

/// The same for what is compared: where it ends within a day, as much of that day as has gone by of the other range.
#[cfg(feature = "ssr")]
pub fn compared_label(from: &str, to: &str) -> String {
    match Days::between(from, to) {
        Some(days) if time(from) == "00:00" && time(to) != "00:00" => {
            format!("{} up to {}", days.label(), time(to))
        }
        _ => range_label(from, to),
    }
}

/// The chart intervals that make sense over so many days.
#[cfg(feature = "ssr")]
pub fn intervals(days: i64) -> impl Iterator<Item = Interval> {
    [(Interval::Hour, 1..=31), (Interval::Day, 2..=731), (Interval::Week, 14..=3_660), (Interval::Month, 59..=36_600)]
        .into_iter()
        .filter_map(move |(interval, fits)| fits.contains(&days).then_some(interval))
}

#[cfg(feature = "ssr")]
pub fn interval_label(interval: Interval) -> &'static str {
    match interval {
        Interval::Hour => "Hours",
        Interval::Day => "Days",
        Interval::Week => "Weeks",
        Interval::Month => "Months",
    }
}

/// What a bucket is called that begins at `start`, RFC 3339 in the zone's offset.
#[cfg(feature = "ssr")]
pub fn bucket_label(start: &str, interval: Interval) -> String {
    let Some(day) = date(start) else { return start.to_owned() };
    match interval {
        Interval::Hour => format!("{} {} {} {}", weekday(day), day.day(), month(day), time(start)),
        Interval::Day => format!("{} {} {} {}", weekday(day), day.day(), month(day), day.year()),
        Interval::Week => format!("Week of {}", day_label(day)),
        Interval::Month => format!("{} {}", month(day), day.year()),
    }
}

/// The short form, for the axis of a chart of so many buckets.
#[cfg(feature = "ssr")]
pub fn axis_label(start: &str, interval: Interval, buckets: usize) -> String {
    let Some(day) = date(start) else { return start.to_owned() };
    match interval {
        Interval::Hour if label_every(interval, buckets) < 24 => time(start).to_owned(),
        Interval::Hour | Interval::Day | Interval::Week => format!("{} {}", day.day(), month(day)),
        Interval::Month => format!("{} {}", month(day), day.year()),
    }
}

/// One bucket in so many is named at the axis, so that names fall on days, weeks and years.
#[cfg(feature = "ssr")]
pub fn label_every(interval: Interval, buckets: usize) -> usize {
    match interval {
        Interval::Hour if buckets > 48 => 24,
        Interval::Hour => 3,
        Interval::Day if buckets > 62 => 7,
        Interval::Week if buckets > 62 => 4,
        Interval::Month if buckets > 36 => 12,
        Interval::Day | Interval::Week | Interval::Month => 1,
    }
}

/// The date of an RFC 3339 moment, as it is written. A parser for every form there is would weigh 40 kB.
fn date(moment: &str) -> Option<Date> {
    let year = moment.get(..4)?.parse().ok()?;
    let month = moment.get(5..7)?.parse().ok()?;
    let day = moment.get(8..10)?.parse().ok()?;
    Date::new(year, month, day).ok()
}

/// `HH:MM` of an RFC 3339 moment.
fn time(moment: &str) -> &str {
    moment.get(11..16).unwrap_or_default()
}

fn day_label(day: Date) -> String {
    format!("{} {} {}", day.day(), month(day), day.year())
}

fn month(day: Date) -> &'static str {
    const NAMES: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    usize::try_from(day.month() - 1).ok().and_then(|index| NAMES.get(index)).copied().unwrap_or_default()
}

#[cfg(feature = "ssr")]
fn weekday(day: Date) -> &'static str {
    const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let index = day.weekday().to_monday_zero_offset();
    usize::try_from(index).ok().and_then(|index| NAMES.get(index)).copied().unwrap_or_default()
}

#[cfg(feature = "ssr")]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_that_names_its_days_needs_no_answer_to_be_stepped() {
        let query =
            |from: &str, to: &str| StatsQuery { from: Some(from.into()), to: Some(to.into()), ..StatsQuery::default() };
        let before = Days::asked(&query("2026-02-03", "2026-02-04")).and_then(Days::before);
        assert_eq!(before.map(Days::label).as_deref(), Some("1 – 2 Feb 2026"));
        for open in
            [query("2026-02-04", "2026-02-03"), query("2026-02-03T00:00:00Z", "2026-02-04"), StatsQuery::default()]
        {
            assert_eq!(Days::asked(&open), None);
        }
    }

    fn days(first: &str, last: &str) -> Days {
        Days { first: first.parse().unwrap(), last: last.parse().unwrap() }
    }

    #[test]
    fn an_exclusive_midnight_ends_the_day_before() {
        let whole = Days::between("2026-02-01T00:00:00+01:00", "2026-03-01T00:00:00+01:00").unwrap();
        assert_eq!(whole, days("2026-02-01", "2026-02-28"));
        let unfinished = Days::between("2026-02-01T00:00:00Z", "2026-02-03T14:30:00Z").unwrap();
        assert_eq!(unfinished, days("2026-02-01", "2026-02-03"));
        assert_eq!(Days::between("x", "2026-02-03T14:30:00Z"), None);
        assert_eq!(Days::whole("2026-02-01T00:00:00Z", "2026-02-03T14:30:00Z"), None);
        assert_eq!(range_label("2026-02-01T00:00:00Z", "2026-02-03T00:00:00Z"), "1 – 2 Feb 2026");
        assert_eq!(range_label("2026-02-01T14:00:00Z", "2026-02-01T15:00:00Z"), "1 Feb 2026 14:00 – 15:00");
        assert_eq!(compared_label("2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z"), "1 Feb 2026");
        assert_eq!(compared_label("2026-02-01T00:00:00Z", "2026-02-02T03:00:00Z"), "1 – 2 Feb 2026 up to 03:00");
        assert_eq!(range_label("2026-02-01T14:00:00Z", "2026-02-02T03:00:00Z"), "1 Feb 2026 14:00 – 2 Feb 2026 03:00");
    }

    #[test]
    fn a_step_is_as_long_as_the_range_and_whole_months_step_by_months() {
        let week = days("2026-03-01", "2026-03-07");
        assert_eq!(week.before(), Some(days("2026-02-22", "2026-02-28")));
        assert_eq!(week.after(), Some(days("2026-03-08", "2026-03-14")));
        let march = days("2026-03-01", "2026-03-31");
        assert_eq!(march.before(), Some(days("2026-02-01", "2026-02-28")));
        assert_eq!(march.after(), Some(days("2026-04-01", "2026-04-30")));
        assert_eq!(days("2026-01-01", "2026-03-31").before(), Some(days("2025-10-01", "2025-12-31")));
    }

    #[test]
    fn a_range_is_named_as_shortly_as_it_can_be() {
        for (first, last, label) in [
            ("2026-02-03", "2026-02-03", "3 Feb 2026"),
            ("2026-02-03", "2026-02-09", "3 – 9 Feb 2026"),
            ("2026-02-27", "2026-03-03", "27 Feb – 3 Mar 2026"),
            ("2025-12-30", "2026-01-05", "30 Dec 2025 – 5 Jan 2026"),
        ] {
            assert_eq!(days(first, last).label(), label);
        }
    }

    #[test]
    fn buckets_are_named_after_their_first_moment() {
        for (interval, long, short) in [
            (Interval::Hour, "Tue 3 Feb 14:00", "14:00"),
            (Interval::Day, "Tue 3 Feb 2026", "3 Feb"),
            (Interval::Week, "Week of 3 Feb 2026", "3 Feb"),
            (Interval::Month, "Feb 2026", "Feb 2026"),
        ] {
            assert_eq!(bucket_label("2026-02-03T14:00:00+01:00", interval), long);
            assert_eq!(axis_label("2026-02-03T14:00:00+01:00", interval, 24), short);
        }
        assert_eq!(axis_label("2026-02-03T00:00:00+01:00", Interval::Hour, 168), "3 Feb");
    }

    #[test]
    fn only_intervals_that_tell_something_are_offered() {
        let offered = |days| intervals(days).map(Interval::as_str).collect::<Vec<_>>().join(" ");
        assert_eq!(offered(1), "hour");
        assert_eq!(offered(7), "hour day");
        assert_eq!(offered(30), "hour day week");
        assert_eq!(offered(365), "day week month");
        assert_eq!(offered(3_000), "week month");
    }
}
