//! When requests are meant to leave. Moments are nanoseconds since the start.

use rand::{RngExt, SeedableRng, rngs::SmallRng};

pub const SECOND: u64 = 1_000_000_000;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// So many a second, evenly.
    Constant(f64),
    /// So many a second on average, each independent of the others, as visitors are.
    Poisson(f64),
    /// As soon as a connection is free: the maximum, not a latency one could rely on.
    Closed,
}

/// The moments of an open loop, one after another.
#[derive(Debug)]
pub struct Schedule {
    pace: Pace,
    end: u64,
    rng: SmallRng,
    taken: u64,
    next: u64,
}

impl Schedule {
    /// Nothing is meant to leave at or after `end`.
    pub fn new(pace: Pace, end: u64, seed: u64) -> Self {
        let mut schedule = Self { pace, end, rng: SmallRng::seed_from_u64(seed), taken: 0, next: 0 };
        if let Pace::Poisson(rate) = pace {
            schedule.next = schedule.gap(rate);
        }
        schedule
    }

    /// The next moment that is not taken yet; None when there are no more, and in a closed loop always.
    pub fn next(&self) -> Option<u64> {
        (self.pace != Pace::Closed && self.next < self.end).then_some(self.next)
    }

    /// Takes the next moment if it has come.
    pub fn take(&mut self, now: u64) -> Option<u64> {
        let moment = self.next().filter(|moment| *moment <= now)?;
        self.taken += 1;
        self.next = match self.pace {
            // From the count, not from the moment before: rounding must not add up.
            Pace::Constant(rate) => nanoseconds(number(self.taken) / rate),
            Pace::Poisson(rate) => moment.saturating_add(self.gap(rate)),
            Pace::Closed => return None,
        };
        Some(moment)
    }

    fn gap(&mut self, rate: f64) -> u64 {
        let uniform: f64 = self.rng.random_range(0.0..1.0);
        nanoseconds(-(1.0 - uniform).ln() / rate)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive; a cast saturates")]
fn nanoseconds(seconds: f64) -> u64 {
    (seconds * number(SECOND)) as u64
}

/// A count or a time to calculate with.
#[expect(clippy::cast_precision_loss, reason = "counts and nanoseconds here are far below 2^52")]
pub fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(pace: Pace, end: u64) -> Vec<u64> {
        let mut schedule = Schedule::new(pace, end, 7);
        std::iter::from_fn(|| schedule.take(u64::MAX)).collect()
    }

    #[test]
    fn a_constant_rate_is_even_and_does_not_drift() {
        let moments = moments(Pace::Constant(30_000.0), 10 * SECOND);
        assert_eq!(moments.len(), 300_000);
        assert_eq!(moments[30_000], SECOND);
        assert_eq!(moments[299_999], 9_999_966_666);
        assert!(moments.windows(2).all(|pair| (33_333..=33_334).contains(&(pair[1] - pair[0]))));
    }

    #[test]
    fn nothing_is_taken_before_its_moment() {
        let mut schedule = Schedule::new(Pace::Constant(1000.0), SECOND, 1);
        assert_eq!(schedule.take(0), Some(0));
        assert_eq!((schedule.take(999_999), schedule.next()), (None, Some(1_000_000)));
        assert_eq!(schedule.take(5_000_000), Some(1_000_000), "late, yet at the moment that was meant");
    }

    #[test]
    fn poisson_gaps_have_the_right_mean_and_spread() {
        let moments = moments(Pace::Poisson(1000.0), 100 * SECOND);
        let gaps: Vec<f64> = moments.windows(2).map(|pair| number(pair[1] - pair[0]) / 1e6).collect();
        let count = number(gaps.len() as u64);
        let mean = gaps.iter().sum::<f64>() / count;
        let deviation = (gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / count).sqrt();
        assert!((0.98..1.02).contains(&mean), "{mean} ms");
        assert!((0.97..1.03).contains(&(deviation / mean)), "exponential: as wide as its mean, {deviation}");
    }

    #[test]
    fn a_closed_loop_has_no_moments() {
        assert_eq!(Schedule::new(Pace::Closed, SECOND, 1).take(u64::MAX), None);
    }
}
