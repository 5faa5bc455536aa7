//! Ledgers beside the database: SQLite by its file, MySQL or MariaDB by URL.

use std::{
    collections::HashMap,
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use futures_util::{Stream, TryStreamExt};
use sqlx::{Connection, MySqlConnection, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{Bitmap, Ledger, PREFIX, read_referer};

const CLICKS: &str = "SELECT referrer FROM clicks WHERE referrer LIKE 'https://bench.example/%'";
/// Numbers that are shown of each difference.
const SHOWN: usize = 5;

/// A ledger, and what the database has of it.
struct Tally {
    ledger: Ledger,
    recorded: Bitmap,
    twice: Bitmap,
}

/// What came of the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    pub run: String,
    pub answered: u64,
    pub otherwise: u64,
    pub unknown: u64,
    pub recorded: u64,
    /// Of the recorded, those whose answer was under way when their connection broke. That is allowed.
    pub recorded_unknown: u64,
    pub lost: Difference,
    pub twice: Difference,
    /// Recorded, though it was never sent or was answered with something other than 302.
    pub unfounded: Difference,
}

/// Requests of which ledger and database say different things: how many, and the first of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    pub count: u64,
    pub first: Vec<u64>,
}

/// Reads the database once and compares every ledger with it, in their order. `database` is `mysql://…`,
/// `sqlite://FILE`, or a file.
pub async fn check(ledgers: Vec<Ledger>, database: &str) -> Result<Vec<Findings>> {
    let mut tallies = Tallies::new(ledgers);
    if database.starts_with("mysql://") {
        let mut conn = MySqlConnection::connect(database).await.context("connecting to the database")?;
        tallies.read(sqlx::query_scalar(CLICKS).fetch(&mut conn)).await?;
    } else {
        let file = database.strip_prefix("sqlite://").unwrap_or(database);
        let options = SqliteConnectOptions::new().filename(file).read_only(true).row_buffer_size(2000);
        let mut conn = SqliteConnection::connect_with(&options).await.with_context(|| file.to_owned())?;
        tallies.read(sqlx::query_scalar(CLICKS).fetch(&mut conn)).await?;
    }
    Ok(tallies.all.iter().map(Tally::findings).collect())
}

/// The same, again until nothing is missing, or for as long as `most`: a drain may be at work.
pub async fn check_within(ledgers: Vec<Ledger>, database: &str, most: Duration) -> Result<Vec<Findings>> {
    let begin = Instant::now();
    loop {
        let at = Instant::now();
        let found = check(ledgers.clone(), database).await?;
        if found.iter().all(|found| found.lost.count == 0) || begin.elapsed() >= most {
            return Ok(found);
        }
        // Reading takes from the drain: half of the time at most.
        let pause = at.elapsed().max(Duration::from_millis(200)).min(most.saturating_sub(begin.elapsed()));
        tokio::time::sleep(pause).await;
    }
}

struct Tallies {
    all: Vec<Tally>,
    by_run: HashMap<String, usize>,
}

impl Tallies {
    fn new(ledgers: Vec<Ledger>) -> Self {
        let by_run = ledgers.iter().enumerate().map(|(at, ledger)| (ledger.run().to_owned(), at)).collect();
        Self { all: ledgers.into_iter().map(Tally::new).collect(), by_run }
    }

    async fn read(&mut self, mut rows: impl Stream<Item = sqlx::Result<String>> + Unpin) -> Result<()> {
        while let Some(referer) = rows.try_next().await? {
            self.record(&referer);
        }
        Ok(())
    }

    /// Other runs' clicks are not ours to judge.
    fn record(&mut self, referer: &str) {
        debug_assert!(referer.starts_with(PREFIX));
        let Some((run, number)) = read_referer(referer) else { return };
        let Some(tally) = self.by_run.get(run).and_then(|at| self.all.get_mut(*at)) else { return };
        if !tally.recorded.set(number) {
            tally.twice.set(number);
        }
    }
}

impl Tally {
    fn new(ledger: Ledger) -> Self {
        Self { ledger, recorded: Bitmap::default(), twice: Bitmap::default() }
    }

    fn findings(&self) -> Findings {
        let Ledger { run, redirected, otherwise, unknown } = &self.ledger;
        let sent = [redirected, unknown];
        let unfounded = Difference::of(self.recorded.without(&sent));
        let recorded = self.recorded.count();
        let lost = Difference::of(redirected.without(&[&self.recorded]));
        let answered = redirected.count();
        Findings {
            run: run.clone(),
            recorded_unknown: recorded - (answered - lost.count) - unfounded.count,
            answered,
            otherwise: otherwise.count(),
            unknown: unknown.count(),
            recorded,
            lost,
            twice: Difference::of(self.twice.without(&[])),
            unfounded,
        }
    }
}

impl Difference {
    fn of(numbers: impl Iterator<Item = u64>) -> Self {
        let mut difference = Self::default();
        for number in numbers {
            difference.count += 1;
            if difference.first.len() < SHOWN {
                difference.first.push(number);
            }
        }
        difference
    }
}

impl Findings {
    /// Whether ledger and database agree.
    pub fn holds(&self) -> bool {
        [&self.lost, &self.twice, &self.unfounded].iter().all(|difference| difference.count == 0)
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "run {}: {} answered with 302, {} otherwise, {} of unknown fate; recorded {}, {} of them of unknown fate",
            self.run, self.answered, self.otherwise, self.unknown, self.recorded, self.recorded_unknown
        )?;
        let kinds = [
            ("answered and not recorded", &self.lost),
            ("recorded more than once", &self.twice),
            ("recorded, though never sent or not answered with 302", &self.unfounded),
        ];
        for (what, difference) in kinds {
            if difference.count > 0 {
                writeln!(f, "  WRONG: {} {what}, the first: {:?}", difference.count, difference.first)?;
            }
        }
        write!(
            f,
            "  {}",
            if self.holds() { "complete: every answered click once" } else { "ledger and database DIFFER" }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0 to 9 answered, 10 refused with 503, 11 and 12 unknown, 13 never sent.
    fn ledger(run: u64) -> Ledger {
        let mut ledger = Ledger::new(run);
        (0..10).for_each(|n| ledger.answered(n, 302));
        ledger.answered(10, 503);
        ledger.unanswered(11);
        ledger.unanswered(12);
        ledger
    }

    fn findings(recorded: &[u64]) -> Findings {
        let mut tallies = Tallies::new(vec![ledger(1), ledger(2)]);
        let own = |run: u64, number| format!("{PREFIX}{run:016x}/{number}");
        (0..10).for_each(|number| tallies.record(&own(1, number)));
        recorded.iter().for_each(|number| tallies.record(&own(2, *number)));
        tallies.record(&own(3, 1));
        assert!(tallies.all[0].findings().holds(), "another run's differences are not this one's");
        tallies.all[1].findings()
    }

    #[test]
    fn unknown_requests_may_be_recorded_or_not() {
        let found = findings(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12]);
        assert!(found.holds(), "{found}");
        assert_eq!((found.answered, found.unknown, found.recorded, found.recorded_unknown), (10, 2, 11, 1));
    }

    #[test]
    fn each_difference_is_found() {
        let found = findings(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 10, 11, 13]);
        let one = |number| Difference { count: 1, first: vec![number] };
        assert_eq!((&found.lost, &found.twice), (&one(0), &one(9)));
        assert_eq!(found.unfounded, Difference { count: 2, first: vec![10, 13] });
        assert_eq!((found.recorded, found.recorded_unknown), (12, 1));
        assert!(!found.holds());
        assert!(found.to_string().contains("WRONG: 1 answered and not recorded, the first: [0]"), "{found}");
    }
}
