//! What is printed at the end: ratios first, bare figures only beside them.

use std::{fmt::Write as _, io::Write as _};

use anyhow::Result;

use crate::contest::{Outcome, number};

#[derive(Default)]
pub struct Report {
    ratios: Vec<(String, String, String)>,
    details: Vec<String>,
    commands: Vec<String>,
    /// The most that other programs took of the servers' core in any round, 0 to 1.
    noise: f64,
    /// What did not come out as it must for the figures to mean anything.
    pub broken: Vec<String>,
}

impl Report {
    /// A ratio, and what it should be.
    pub fn ratio(&mut self, what: impl Into<String>, ratio: impl ToString, target: impl Into<String>) {
        self.ratios.push((what.into(), ratio.to_string(), target.into()));
    }

    pub fn detail(&mut self, line: impl Into<String>) {
        self.details.push(line.into());
    }

    /// The rates behind the ratios, and how they were measured.
    pub fn outcomes(&mut self, outcomes: &[Outcome]) {
        self.details.push(format!(
            "{:<28} {:>10} {:>12} {:>10} {:>12} {:>9}",
            "medians", "answers/s", "CPU/answer", "p99", "of its core", "wrk's CPU"
        ));
        for outcome in outcomes {
            self.details.push(format!(
                "{:<28} {:>10.0} {:>9.2} µs {:>7.2} ms {:>10.0} % {:>7.0} %",
                outcome.name,
                outcome.rate(),
                outcome.median(|round| round.cpu_each),
                outcome.median(|round| round.counted.p99),
                outcome.median(|round| round.busy) * 100.0,
                outcome.median(|round| round.counted.cpu * round.counted.per_second / number(round.counted.answers))
                    * 100.0,
            ));
            self.commands.extend(
                outcome.typed.iter().filter(|typed| !self.commands.contains(typed)).cloned().collect::<Vec<_>>(),
            );
            self.noise = outcome.rounds.iter().map(|round| round.others).fold(self.noise, f64::max);
        }
    }

    /// As many were recorded as were answered, give or take what was under way when wrk hung up.
    pub fn check_count(&mut self, what: &str, recorded: u64, outcome: &Outcome) {
        let (least, most) = (outcome.answers, outcome.answers + outcome.in_flight);
        let holds = (least..=most).contains(&recorded);
        self.detail(format!(
            "{what}: {recorded} recorded of {least} answered (up to {} more were under way): {}",
            outcome.in_flight,
            if holds { "complete" } else { "WRONG" }
        ));
        if !holds {
            self.broken.push(format!("{what}: {recorded} recorded, {least} to {most} expected"));
        }
    }

    pub fn print(&self) -> Result<()> {
        let mut text = String::from("\n");
        for (what, ratio, target) in &self.ratios {
            writeln!(text, "{what:<62} {ratio:<26} {target}")?;
        }
        writeln!(text, "\nBehind them:")?;
        for line in &self.details {
            writeln!(text, "  {line}")?;
        }
        writeln!(text, "\nCommands:")?;
        for line in &self.commands {
            writeln!(text, "  {line}")?;
        }
        if self.noise > 0.0 {
            let verdict = if self.noise > 0.03 {
                "NOT a quiet machine; believe the CPU ratios at most, and repeat"
            } else {
                "quiet"
            };
            writeln!(
                text,
                "\nOther programs on the servers' core took up to {:.0} % in a round: {verdict}.",
                self.noise * 100.0
            )?;
        }
        for line in &self.broken {
            writeln!(text, "WRONG: {line}")?;
        }
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes())?;
        Ok(out.flush()?)
    }
}
