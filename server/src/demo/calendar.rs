//! When things happen: how many of a year's clicks fall on each link and day. Seasons, weekdays, launches that fade,
//! posts, one day that everybody remembers.

use model::{Timestamp, time::DAY};
use rand::{RngExt, rngs::StdRng};

use super::cast::{PEOPLE, PLANS, SHOPS};

pub const DAYS: i64 = 365;
/// Whose post goes around the world, so many days ago.
const VIRAL: Pair = Pair { plan: 4, person: 6 };
const VIRAL_DAY: i64 = 131;
/// Days between two posts, about.
const BETWEEN_POSTS: f64 = 9.0;

/// One person's link of one campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    pub plan: usize,
    pub person: usize,
}

/// How many clicks each pair has on each day, the first of the year first.
pub struct Calendar {
    pub pairs: Vec<Pair>,
    /// By pair, then by day.
    clicks: Vec<Vec<u32>>,
}

impl Calendar {
    /// `first`: the first day's midnight in UTC.
    pub fn new(clicks: u32, first: Timestamp, random: &mut StdRng) -> Self {
        let pairs: Vec<Pair> = PLANS
            .iter()
            .enumerate()
            .flat_map(|(plan, it)| it.people.iter().map(move |person| Pair { plan, person: *person }))
            .collect();
        let weights: Vec<Vec<f64>> = pairs.iter().map(|pair| weights(*pair, first, random)).collect();
        let all: f64 = weights.iter().flatten().sum();
        // What is left of one day counts on the next, so that the sum is what was asked for.
        let (mut shared, mut given) = (0.0, 0);
        let mut share = |weight: &f64| {
            shared += weight / all * f64::from(clicks);
            let now = whole(shared).min(clicks) - given;
            given += now;
            now
        };
        let mut counts: Vec<Vec<u32>> =
            weights.iter().map(|of_pair| of_pair.iter().map(&mut share).collect()).collect();
        if let Some(rest) = clicks.checked_sub(given)
            && let Some(last) = counts.last_mut().and_then(|of_pair| of_pair.last_mut())
        {
            *last += rest;
        }
        Self { pairs, clicks: counts }
    }

    pub fn clicks(&self, pair: usize, day: i64) -> u32 {
        let of_pair = self.clicks.get(pair);
        usize::try_from(day).ok().and_then(|day| of_pair?.get(day).copied()).unwrap_or_default()
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of what was asked for")]
fn whole(number: f64) -> u32 {
    number.max(0.0).round() as u32
}

fn weights(pair: Pair, first: Timestamp, random: &mut StdRng) -> Vec<f64> {
    let (plan, person) = (&PLANS[pair.plan], &PEOPLE[pair.person]);
    let mut since_post = random.random_range(0.0..BETWEEN_POSTS);
    // An audience grows, or tires.
    let growth: f64 = random.random_range(-0.4..0.9);
    (0..DAYS)
        .map(|day| {
            let ago = days_ago(day);
            since_post += 1.0;
            if random.random_bool(1.0 / BETWEEN_POSTS) {
                since_post = 0.0;
            }
            if ago > plan.starts || plan.ends.is_some_and(|ends| ago <= ends) {
                return 0.0;
            }
            let launched = days(plan.starts - ago);
            let launch = 1.0 + 3.5 * (-launched / 6.0).exp();
            let post = 0.5 + 2.2 * f64::exp(-since_post / 1.6);
            let grown = 1.0 + growth * days(day) / days(DAYS);
            let noise = random.random_range(0.75..1.25);
            let usual = plan.weight * person.reach * launch * post * grown * noise;
            usual * of_day(plan.shop, first.plus(day * DAY)) * viral(pair, ago)
        })
        .collect()
}

/// How long before the last day a day was.
pub fn days_ago(day: i64) -> i64 {
    DAYS - 1 - day
}

/// The season, the weekday, and the days when everybody sells.
fn of_day(shop: usize, day: Timestamp) -> f64 {
    let shop = &SHOPS[shop];
    let number = day.utc_day();
    let of_year = days(number).rem_euclid(365.2425);
    let season = 1.0 + shop.swing * (std::f64::consts::TAU * (of_year - shop.peak) / 365.2425).cos();
    // 1970-01-01 was a Thursday.
    let weekday = if (number + 3).rem_euclid(7) >= 5 { shop.weekend } else { 1.0 };
    season * weekday * sale(of_year)
}

/// The last days of November, and those before Christmas.
fn sale(of_year: f64) -> f64 {
    match of_year {
        327.0..334.0 => 2.4,
        342.0..353.0 => 1.5,
        357.0..361.0 => 0.5,
        _ => 1.0,
    }
}

fn viral(pair: Pair, ago: i64) -> f64 {
    let since = VIRAL_DAY - ago;
    if pair == VIRAL && (0..6).contains(&since) { 1.0 + 28.0 * (-days(since) / 1.1).exp() } else { 1.0 }
}

#[expect(clippy::cast_precision_loss, reason = "days of a life are few")]
fn days(days: i64) -> f64 {
    days as f64
}

/// How busy each hour of a customer's day is.
pub const HOURS: [u8; 24] = [6, 3, 2, 1, 1, 2, 5, 9, 12, 12, 12, 13, 16, 15, 13, 13, 14, 16, 20, 24, 27, 26, 19, 11];

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    const FIRST: Timestamp = Timestamp(20_400 * DAY);

    fn calendar(seed: u64) -> Calendar {
        Calendar::new(1_000_000, FIRST, &mut StdRng::seed_from_u64(seed))
    }

    fn of_day(calendar: &Calendar, day: i64) -> u32 {
        (0..calendar.pairs.len()).map(|pair| calendar.clicks(pair, day)).sum()
    }

    #[test]
    fn a_year_has_as_many_clicks_as_were_asked_for_and_the_same_of_one_seed() {
        let year = calendar(7);
        assert_eq!((0..DAYS).map(|day| of_day(&year, day)).sum::<u32>(), 1_000_000);
        let again = calendar(7);
        let other = calendar(8);
        assert!((0..DAYS).all(|day| of_day(&year, day) == of_day(&again, day)));
        assert!((0..DAYS).any(|day| of_day(&year, day) != of_day(&other, day)));
    }

    #[test]
    fn nobody_clicks_before_a_launch_or_after_an_end_and_one_day_goes_viral() {
        let year = calendar(7);
        for (at, pair) in year.pairs.iter().enumerate() {
            let plan = &PLANS[pair.plan];
            for day in 0..days_ago(plan.starts) {
                assert_eq!(year.clicks(at, day), 0, "{} before its launch", plan.name);
            }
            for day in plan.ends.map_or(DAYS, days_ago)..DAYS {
                assert_eq!(year.clicks(at, day), 0, "{} after its end", plan.name);
            }
        }
        let pair = year.pairs.iter().position(|it| *it == VIRAL).unwrap();
        let that_day = days_ago(VIRAL_DAY);
        let before = (1..8).map(|days| year.clicks(pair, that_day - days)).max().unwrap();
        assert!(year.clicks(pair, that_day) > 5 * before, "{} after {before}", year.clicks(pair, that_day));
    }
}
