//! Ours beside yardsticks: interleaved rounds under the same load, and what each cost.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use crate::{
    hold::Hold,
    load::{CONNECTIONS, Counted, Load},
    process::{SERVER_CORE, Server, core_time, typed},
};

pub struct Contestant<'a> {
    pub name: &'static str,
    pub server: &'a Server,
    /// The load of one round; rounds have different numbers, the first is a warm-up.
    pub load: Box<dyn Fn(usize) -> Load + 'a>,
    /// Works on after its rounds: it must stand still during those of others.
    pub has_backlog: bool,
    /// A SQLite file that is kept from being written to during its rounds.
    pub held: Option<PathBuf>,
}

/// What one round came to.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    pub counted: Counted,
    /// CPU time of the server's threads that serve, for each answer, in microseconds.
    pub cpu_each: f64,
    /// The server's part of its core, 0 to 1: well below 1, something else was the limit.
    pub busy: f64,
    /// Other programs' part of the server's core, what a hypervisor took included: noise.
    pub others: f64,
}

pub struct Outcome {
    pub name: &'static str,
    pub typed: Vec<String>,
    pub rounds: Vec<Round>,
    /// Answers of all rounds and of the warm-up.
    pub answers: u64,
    /// How many more may have been worked on, unanswered, when the generator closed its connections.
    pub in_flight: u64,
}

/// Runs everyone's warm-up, then the rounds; each round begins with another contestant.
pub fn run(contestants: &[Contestant<'_>], rounds: usize, seconds: u64) -> Result<Vec<Outcome>> {
    let mut outcomes: Vec<Outcome> = contestants.iter().map(Outcome::new).collect();
    for contestant in contestants.iter().filter(|contestant| contestant.has_backlog) {
        contestant.server.pause()?;
    }
    for number in 0..=rounds {
        for place in 0..contestants.len() {
            let at = (place + number) % contestants.len();
            let (contestant, outcome) = (&contestants[at], &mut outcomes[at]);
            let load = (contestant.load)(number);
            let seconds = if number == 0 { 1 } else { seconds };
            let round = measure(contestant, &load, seconds)?;
            eprintln!(
                "  round {number} of {rounds}: {:<28} {:>9.0}/s  (other programs on its core: {:.0} %)",
                outcome.name,
                round.counted.per_second,
                round.others * 100.0
            );
            outcome.answers += round.counted.answers;
            outcome.in_flight += CONNECTIONS;
            if number > 0 {
                outcome.rounds.push(round);
            }
        }
    }
    for contestant in contestants.iter().filter(|contestant| contestant.has_backlog) {
        contestant.server.go_on()?;
    }
    Ok(outcomes)
}

fn measure(contestant: &Contestant<'_>, load: &Load, seconds: u64) -> Result<Round> {
    if contestant.has_backlog {
        contestant.server.go_on()?;
    }
    let hold = contestant.held.as_deref().map(Hold::take).transpose()?;
    // What the previous one left to the kernel (closed connections, dirty pages) is not this one's.
    std::thread::sleep(Duration::from_millis(50));
    let server = contestant.server;
    let (serving, cpu, core, start) = (server.serving_cpu(), server.cpu(), core_time(SERVER_CORE)?, Instant::now());
    let counted = load.run(seconds);
    let (serving_after, cpu_after, core_after, time) =
        (server.serving_cpu(), server.cpu(), core_time(SERVER_CORE)?, start.elapsed().as_secs_f64());
    drop(hold);
    if contestant.has_backlog {
        contestant.server.pause()?;
    }
    let counted = counted?;
    ensure!(counted.answers > 0, "{} answered nothing", contestant.name);
    let used = cpu_after - cpu;
    let others = (core_after.0 - core.0 - used).max(0.0) + core_after.1 - core.1;
    Ok(Round {
        counted,
        cpu_each: (serving_after - serving) * 1e6 / number(counted.answers),
        busy: used / time,
        others: others / time,
    })
}

impl Outcome {
    fn new(contestant: &Contestant<'_>) -> Self {
        let load = typed(&(contestant.load)(1).command(1)).replacen(" -d1s", " -d{seconds}s", 1).replacen(
            "--seconds 1 ",
            "--seconds {seconds} ",
            1,
        );
        Self {
            name: contestant.name,
            typed: vec![contestant.server.typed.clone(), load],
            rounds: Vec::new(),
            answers: 0,
            in_flight: 0,
        }
    }

    pub fn median(&self, of: impl Fn(&Round) -> f64) -> f64 {
        median(self.rounds.iter().map(of).collect())
    }

    pub fn rate(&self) -> f64 {
        self.median(|round| round.counted.per_second)
    }

    /// Whether the generator was the limit in most rounds.
    pub fn is_generators_limit(&self) -> bool {
        self.rounds.iter().filter(|round| round.counted.is_generators_limit).count() * 2 > self.rounds.len()
    }

    /// Ours to theirs by medians, and the least and most of single rounds.
    pub fn ratio(&self, other: &Self, of: impl Fn(&Round) -> f64 + Copy) -> Ratio {
        let each = self.rounds.iter().zip(&other.rounds).map(|(ours, theirs)| of(ours) / of(theirs));
        let (least, most) =
            each.fold((f64::INFINITY, 0.0_f64), |(least, most), ratio| (least.min(ratio), most.max(ratio)));
        Ratio { median: self.median(of) / other.median(of), least, most }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Ratio {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

impl std::fmt::Display for Ratio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} × ({:.2}–{:.2})", self.median, self.least, self.most)
    }
}

/// The middle one; of an even number, the mean of the two in the middle. NaN of none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.len(), values.get(middle)) {
        (length, Some(upper)) if length % 2 == 0 => f64::midpoint(values[middle - 1], *upper),
        (_, Some(value)) => *value,
        (_, None) => f64::NAN,
    }
}

/// A count to calculate with.
#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
pub fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn a_median_is_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(vec![]).is_nan());
    }
}
