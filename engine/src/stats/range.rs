//! From what a query says to exact moments: ranges, zones and the buckets of charts.

use jiff::{
    Span, ToSpan, Unit, Zoned,
    civil::Date,
    tz::{Offset, TimeZone},
};
use model::{
    FieldError, Timestamp,
    stats::{Interval, Preset, StatsQuery},
};

use crate::error::{Error, Result};

/// Most points of a chart.
const MOST_POINTS: usize = 1000;
/// What `all` begins with: before any click.
const BEGINNING: Date = Date::constant(2020, 1, 1);

/// A range of time in a zone. `to` is exclusive.
#[derive(Clone, Debug)]
pub struct Range {
    pub from: Zoned,
    pub to: Zoned,
    pub zone_name: String,
}

impl Range {
    pub fn starts_at(&self) -> Timestamp {
        Timestamp(self.from.timestamp().as_millisecond())
    }

    pub fn ends_at(&self) -> Timestamp {
        Timestamp(self.to.timestamp().as_millisecond())
    }

    /// `default_zone`: the advertiser's. All that is wrong is named.
    pub fn resolve(query: &StatsQuery, default_zone: &str, now: Timestamp) -> Result<Self> {
        let mut errors = Vec::new();
        let zone_name = query.tz.as_deref().unwrap_or(default_zone);
        let zone = match TimeZone::get(zone_name) {
            Ok(zone) => zone,
            Err(_) => {
                errors.push(FieldError::new("tz", "must be an IANA time zone, such as Europe/Berlin"));
                TimeZone::UTC
            }
        };
        let now = jiff::Timestamp::from_millisecond(now.0)
            .map_err(|error| Error::Internal(format!("clock: {error}")))?
            .to_zoned(zone.clone());
        let today = now.date();
        let preset: Preset = match query.range.as_deref().map(str::parse) {
            None => Preset::default(),
            Some(Ok(preset)) => preset,
            Some(Err(rule)) => {
                errors.push(FieldError::new("range", rule));
                Preset::default()
            }
        };
        let (first, end) = preset_days(preset, today);
        let given = query.from.is_some() || query.to.is_some();
        let from = match &query.from {
            Some(text) => edge(text, &zone, false),
            None if given => start_of(BEGINNING, &zone),
            None => start_of(first, &zone),
        };
        let to = match &query.to {
            Some(text) => edge(text, &zone, true),
            None if given => next_day(today).and_then(|day| start_of(day, &zone)),
            None => start_of(end, &zone),
        };
        let mut known = |field: &str, edge: Option<Zoned>| {
            if edge.is_none() {
                errors.push(FieldError::new(field, "must be a date, such as 2026-01-31, or an RFC 3339 time"));
            }
            edge
        };
        let (from, to) = (known("from", from), known("to", to));
        match (from, to) {
            (Some(from), Some(to)) if errors.is_empty() => {
                // A day's end is after its beginning: so the last day was before the first.
                let is_before = to < from || (to == from && query.to.as_deref().is_some_and(is_date));
                if is_before {
                    return Err(Error::invalid("to", "must not be before from"));
                }
                Ok(Self { from, to, zone_name: zone_name.to_owned() })
            }
            _ => Err(Error::Invalid(errors)),
        }
    }

    /// The interval asked for, else one that gives a readable number of points.
    pub fn interval(&self, asked: Option<&str>) -> Result<Interval> {
        if let Some(asked) = asked {
            return asked.parse().map_err(|rule| Error::invalid("interval", rule));
        }
        let days = (self.ends_at().0 - self.starts_at().0) / model::time::DAY;
        Ok(match days {
            0..=2 => Interval::Hour,
            3..=92 => Interval::Day,
            93..=732 => Interval::Week,
            _ => Interval::Month,
        })
    }

    /// The starts of all buckets, the first one cut off at the range's start. Days are as long as the zone makes them.
    pub fn buckets(&self, interval: Interval) -> Result<Vec<Zoned>> {
        let mut starts = Vec::new();
        let mut start = self.from.clone();
        while start < self.to {
            if starts.len() == MOST_POINTS {
                return Err(Error::invalid(
                    "interval",
                    "gives more than 1000 points over this range; choose a longer one",
                ));
            }
            starts.push(start.clone());
            start = next_bucket(&start, interval).ok_or_else(|| Error::invalid("to", "is too far in the future"))?;
        }
        Ok(starts)
    }
}

/// What is wrong with a question's range, whoever asks and whenever.
pub fn faults(query: &StatsQuery) -> Vec<FieldError> {
    match Range::resolve(query, "UTC", Timestamp(0)) {
        Err(Error::Invalid(errors)) => errors,
        _ => Vec::new(),
    }
}

fn preset_days(preset: Preset, today: Date) -> (Date, Date) {
    let tomorrow = today.saturating_add(1.day());
    let back = |span: Span| today.saturating_sub(span);
    match preset {
        Preset::Today => (today, tomorrow),
        Preset::Yesterday => (back(1.day()), today),
        Preset::Last7Days => (back(6.days()), tomorrow),
        Preset::Last28Days => (back(27.days()), tomorrow),
        Preset::Last30Days => (back(29.days()), tomorrow),
        Preset::MonthToDate => (today.first_of_month(), tomorrow),
        Preset::LastMonth => (today.first_of_month().saturating_sub(1.month()), today.first_of_month()),
        Preset::YearToDate => (today.first_of_year(), tomorrow),
        Preset::Last12Months => (back(12.months()).saturating_add(1.day()), tomorrow),
        Preset::All => (BEGINNING, tomorrow),
    }
}

/// A date means the whole day: as an end, the day after begins there.
fn edge(text: &str, zone: &TimeZone, is_end: bool) -> Option<Zoned> {
    if is_date(text) {
        let day: Date = text.parse().ok()?;
        return start_of(if is_end { next_day(day)? } else { day }, zone);
    }
    // In a query string an offset's + arrives as a space.
    let moment: Timestamp = text.replace(' ', "+").parse().ok()?;
    Some(jiff::Timestamp::from_millisecond(moment.0).ok()?.to_zoned(zone.clone()))
}

fn is_date(text: &str) -> bool {
    text.len() == 10
}

fn next_day(day: Date) -> Option<Date> {
    day.checked_add(1.day()).ok()
}

fn start_of(day: Date, zone: &TimeZone) -> Option<Zoned> {
    day.to_zoned(zone.clone()).ok()?.start_of_day().ok()
}

fn next_bucket(start: &Zoned, interval: Interval) -> Option<Zoned> {
    let day = start.date();
    let zone = start.time_zone();
    match interval {
        Interval::Hour => {
            // The next full hour of the zone's clock, also where its offset has half hours.
            let into =
                i64::from(start.minute()) * 60_000 + i64::from(start.second()) * 1000 + i64::from(start.millisecond());
            start.checked_add((3_600_000 - into).milliseconds()).ok()
        }
        Interval::Day => start_of(next_day(day)?, zone),
        Interval::Week => {
            let ahead = 7 - i64::from(day.weekday().to_monday_zero_offset());
            start_of(day.checked_add(ahead.days()).ok()?, zone)
        }
        Interval::Month => start_of(day.first_of_month().checked_add(1.month()).ok()?, zone),
    }
}

/// RFC 3339 in the zone's own offset; the second's fraction only where there is one.
pub fn written(moment: &Zoned) -> String {
    // Clocks once went by the sun, to the second; RFC 3339 knows whole minutes alone. The moment stays the same.
    let offset = moment.offset().round(Unit::Minute).unwrap_or(Offset::UTC);
    moment.with_time_zone(TimeZone::fixed(offset)).strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(query: StatsQuery) -> Result<Range> {
        Range::resolve(&query, "UTC", "2026-03-31T22:30:00Z".parse().unwrap())
    }

    fn edges(range: &str, tz: &str) -> (String, String) {
        let query = StatsQuery { range: Some(range.into()), tz: Some(tz.into()), ..StatsQuery::default() };
        let range = resolve(query).unwrap();
        (written(&range.from), written(&range.to))
    }

    #[test]
    fn presets_are_whole_days_of_the_zone() {
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(edges("today", "UTC"), pair("2026-03-31T00:00:00+00:00", "2026-04-01T00:00:00+00:00"));
        assert_eq!(edges("today", "Europe/Berlin"), pair("2026-04-01T00:00:00+02:00", "2026-04-02T00:00:00+02:00"));
        assert_eq!(edges("7d", "UTC"), pair("2026-03-25T00:00:00+00:00", "2026-04-01T00:00:00+00:00"));
        assert_eq!(
            edges("last_month", "Europe/Berlin"),
            pair("2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00")
        );
        assert_eq!(edges("mtd", "Asia/Kolkata"), pair("2026-04-01T00:00:00+05:30", "2026-04-02T00:00:00+05:30"));
        assert_eq!(edges("12m", "UTC"), pair("2025-04-01T00:00:00+00:00", "2026-04-01T00:00:00+00:00"));
    }

    #[test]
    fn dates_are_inclusive_and_instants_are_exclusive() {
        let query = |from: &str, to: &str| {
            resolve(StatsQuery { from: Some(from.into()), to: Some(to.into()), ..StatsQuery::default() }).unwrap()
        };
        assert_eq!(written(&query("2026-03-01", "2026-03-01").to), "2026-03-02T00:00:00+00:00");
        assert_eq!(
            written(&query("2026-03-01T10:00:00 02:00", "2026-03-01T10:00:00Z").from),
            "2026-03-01T08:00:00+00:00"
        );
    }

    #[test]
    fn offsets_are_written_in_whole_minutes_from_when_clocks_went_by_the_sun_too() {
        // Berlin's local mean time was 53 minutes and 28 seconds ahead, Denver's 6:59:56 behind.
        for (zone, from, expected) in [
            ("Europe/Berlin", "1880-01-01", "1879-12-31T23:59:32+00:53"),
            ("America/Denver", "0511-12-24T13:30:07+06:58", "0511-12-23T23:32:07-07:00"),
        ] {
            let query = StatsQuery { from: Some(from.into()), tz: Some(zone.into()), ..StatsQuery::default() };
            let range = resolve(query).unwrap();
            assert_eq!(written(&range.from), expected);
            assert_eq!(expected.parse::<jiff::Timestamp>().unwrap(), range.from.timestamp());
        }
    }

    #[test]
    fn all_that_is_wrong_is_named() {
        let query = StatsQuery {
            from: Some("soon".into()),
            to: Some("2026-02-30".into()),
            range: Some("decade".into()),
            tz: Some("Mars/Olympus".into()),
            ..StatsQuery::default()
        };
        let Err(Error::Invalid(errors)) = resolve(query) else { panic!("must be refused") };
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["tz", "range", "from", "to"]);
    }

    #[test]
    fn days_are_as_long_as_the_zone_makes_them() {
        let query = StatsQuery {
            from: Some("2026-03-29".into()),
            to: Some("2026-03-29".into()),
            tz: Some("Europe/Berlin".into()),
            ..StatsQuery::default()
        };
        let range = resolve(query).unwrap();
        assert_eq!(range.buckets(Interval::Hour).unwrap().len(), 23, "the day summer time begins");
        assert_eq!(range.buckets(Interval::Day).unwrap().len(), 1);
    }

    #[test]
    fn weeks_begin_on_mondays_and_months_on_the_first() {
        let query =
            StatsQuery { from: Some("2026-02-26".into()), to: Some("2026-03-10".into()), ..StatsQuery::default() };
        let range = resolve(query).unwrap();
        let starts = |interval| {
            range.buckets(interval).unwrap().iter().map(|start| start.date().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(starts(Interval::Week), ["2026-02-26", "2026-03-02", "2026-03-09"]);
        assert_eq!(starts(Interval::Month), ["2026-02-26", "2026-03-01"]);
    }

    #[test]
    fn a_chart_has_at_most_a_thousand_points() {
        let query = StatsQuery { range: Some("all".into()), ..StatsQuery::default() };
        assert!(resolve(query).unwrap().buckets(Interval::Hour).is_err());
    }
}
