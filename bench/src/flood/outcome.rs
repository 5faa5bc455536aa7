//! What came of it: how many, how long each took from its intended moment, and whether the generator itself was the limit.

use std::{collections::BTreeMap, fmt, time::Duration};

use anyhow::Result;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::{Pace, Plan, schedule::number};
use crate::ledger::Ledger;

/// Without an idle moment for this part of its time, the generator could not have sent more.
const MOST_WORKED: f64 = 0.95;
/// Where the generator's own delay is a larger part of the latency than this, and more than a spinning or a
/// sleeping loop always costs (in microseconds), the figures are its own.
const MOST_LAG: f64 = 0.5;
const LEAST_LAG: f64 = 50.0;
const LEAST_LAG_ASLEEP: f64 = 4000.0;
/// When more requests than this find every connection busy, the server (or too few connections) is the limit.
const MOST_WAITED: f64 = 0.01;

pub struct Outcome {
    /// How long requests were meant to leave.
    pub time: Duration,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Answers that came within `time`.
    pub in_time: u64,
    /// Left, wholly or in part, and never answered: recorded or not.
    pub unknown: u64,
    /// Never left, because nobody was listening.
    pub refused: u64,
    /// Never left, because no connection became free to the very end.
    pub unsent: u64,
    /// Connections lost with a request under way.
    pub breaks: u64,
    /// Found every connection busy when they were due.
    pub waited: u64,
    /// From the intended moment to the end of the answer, in nanoseconds.
    pub latency: Histogram<u64>,
    /// From the intended moment to leaving where a connection was free: the generator's own delay.
    pub lag: Histogram<u64>,
    /// Nanoseconds spent at work, not at waiting for it.
    pub worked: u64,
    pub ledger: Option<Ledger>,
    pace: Pace,
    spin: bool,
}

impl Outcome {
    pub(super) fn new(plan: &Plan, ledger: Option<Ledger>) -> Result<Self> {
        // 100 ns to five minutes, to three digits.
        let histogram = || Histogram::new_with_bounds(100, 300_000_000_000, 3);
        Ok(Self {
            time: plan.time,
            statuses: BTreeMap::new(),
            in_time: 0,
            unknown: 0,
            refused: 0,
            unsent: 0,
            breaks: 0,
            waited: 0,
            latency: histogram()?,
            lag: histogram()?,
            worked: 0,
            ledger,
            pace: plan.pace,
            spin: plan.spin,
        })
    }

    pub(super) fn answered(&mut self, request: u64, status: u16, latency: u64, in_time: bool) {
        *self.statuses.entry(status).or_default() += 1;
        self.in_time += u64::from(in_time);
        self.latency.saturating_record(latency);
        if let Some(ledger) = &mut self.ledger {
            ledger.answered(request, status);
        }
    }

    pub(super) fn unknown(&mut self, request: u64) {
        self.unknown += 1;
        self.breaks += 1;
        if let Some(ledger) = &mut self.ledger {
            ledger.unanswered(request);
        }
    }

    pub fn summary(&self) -> Summary {
        let seconds = self.time.as_secs_f64().max(1e-9);
        let micros = |histogram: &Histogram<u64>, part: f64| number(histogram.value_at_quantile(part)) / 1000.0;
        let answers: u64 = self.statuses.values().sum();
        let mut summary = Summary {
            seconds,
            offered: match self.pace {
                Pace::Constant(rate) | Pace::Poisson(rate) => Some(rate),
                Pace::Closed => None,
            },
            answers,
            redirects: self.statuses.get(&302).copied().unwrap_or_default(),
            statuses: self.statuses.clone(),
            per_second: number(self.in_time) / seconds,
            unknown: self.unknown,
            refused: self.refused,
            unsent: self.unsent,
            waited: self.waited,
            p50: micros(&self.latency, 0.5),
            p99: micros(&self.latency, 0.99),
            p999: micros(&self.latency, 0.999),
            most: number(self.latency.max()) / 1000.0,
            lag: micros(&self.lag, 0.99),
            worked: number(self.worked) / 1e9 / seconds,
            limit: None,
        };
        summary.limit = summary.limit(if self.spin { LEAST_LAG } else { LEAST_LAG_ASLEEP });
        summary
    }
}

/// The outcome in figures; times are microseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub seconds: f64,
    /// Requests a second that were meant to leave; None in a closed loop.
    pub offered: Option<f64>,
    pub answers: u64,
    /// Those with status 302.
    pub redirects: u64,
    pub statuses: BTreeMap<u16, u64>,
    /// Answers a second while requests were meant to leave.
    pub per_second: f64,
    pub unknown: u64,
    pub refused: u64,
    pub unsent: u64,
    pub waited: u64,
    pub p50: f64,
    pub p99: f64,
    pub p999: f64,
    pub most: f64,
    /// 99th percentile of the generator's own delay.
    pub lag: f64,
    /// The generator's part of its core that did work, 0 to 1.
    pub worked: f64,
    pub limit: Option<Limit>,
}

/// What kept the rate down, or the latency up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Limit {
    Generator,
    Server,
}

impl Summary {
    fn limit(&self, least_lag: f64) -> Option<Limit> {
        let is_open = self.offered.is_some();
        if self.worked > MOST_WORKED || (is_open && self.lag > least_lag.max(self.p99 * MOST_LAG)) {
            return Some(Limit::Generator);
        }
        let late = number(self.waited + self.unsent + self.refused);
        let all = late.max(number(self.answers + self.unknown + self.unsent + self.refused));
        (!is_open || late > all * MOST_WAITED).then_some(Limit::Server)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.offered {
            Some(rate) => write!(f, "offered {rate:.0}/s for {:.1} s", self.seconds)?,
            None => write!(f, "closed loop for {:.1} s", self.seconds)?,
        }
        writeln!(f, ": {} answers, {:.0}/s", self.answers, self.per_second)?;
        let statuses: Vec<String> =
            self.statuses.iter().map(|(status, count)| format!("{count} with {status}")).collect();
        writeln!(
            f,
            "answered: {}; unknown {}, refused {}, never sent {}; {} found every connection busy",
            if statuses.is_empty() { "none".to_owned() } else { statuses.join(", ") },
            self.unknown,
            self.refused,
            self.unsent,
            self.waited
        )?;
        let from = if self.offered.is_some() { "the intended moment" } else { "sending" };
        writeln!(
            f,
            "latency from {from}: p50 {:.0} µs, p99 {:.0} µs, p99.9 {:.0} µs, most {:.0} µs",
            self.p50, self.p99, self.p999, self.most
        )?;
        let limit = match self.limit {
            None => "neither generator nor server was a limit",
            Some(Limit::Generator) => "the GENERATOR was the limit: these figures are not the server's",
            Some(Limit::Server) => "the server was the limit",
        };
        write!(
            f,
            "generator: at work {:.0} % of its time, own delay p99 {:.0} µs: {limit}",
            self.worked * 100.0,
            self.lag
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flood::Target;

    fn outcome(pace: Pace) -> Outcome {
        let mut plan = Plan::new(Target::parse("http://127.0.0.1:1/").unwrap());
        plan.pace = pace;
        plan.spin = true;
        Outcome::new(&plan, None).unwrap()
    }

    #[test]
    fn percentiles_are_microseconds_and_rates_count_what_came_in_time() {
        let mut outcome = outcome(Pace::Constant(1000.0));
        for n in 1..=1000 {
            outcome.answered(n, if n == 1 { 503 } else { 302 }, n * 1000, n <= 900);
        }
        let summary = outcome.summary();
        assert_eq!((summary.answers, summary.redirects, summary.per_second), (1000, 999, 900.0));
        for (measured, expected) in [(summary.p50, 500.0), (summary.p99, 990.0), (summary.p999, 999.0)] {
            assert!((measured - expected).abs() / expected < 0.002, "{measured} for {expected}");
        }
        assert_eq!(summary.limit, None);
    }

    #[test]
    fn a_generator_that_lags_or_never_rests_says_so() {
        let mut lagging = outcome(Pace::Constant(100.0));
        (0..100).for_each(|n| lagging.answered(n, 302, 90_000, true));
        lagging.lag.record_n(51_000, 100).unwrap();
        assert_eq!(lagging.summary().limit, Some(Limit::Generator));

        let mut restless = outcome(Pace::Closed);
        restless.worked = 990_000_000;
        assert_eq!(restless.summary().limit, Some(Limit::Generator));
        restless.worked = 700_000_000;
        assert_eq!(restless.summary().limit, Some(Limit::Server), "a closed loop has one always");
    }

    #[test]
    fn a_server_whose_connections_are_all_busy_is_the_limit() {
        let mut outcome = outcome(Pace::Constant(100.0));
        (0..98).for_each(|n| outcome.answered(n, 302, 1000, true));
        outcome.waited = 2;
        outcome.unknown = 2;
        assert_eq!(outcome.summary().limit, Some(Limit::Server));
    }
}
