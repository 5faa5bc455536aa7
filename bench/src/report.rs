//! What is printed at the end: ratios first, bare figures only beside them.

use std::{fmt::Write as _, io::Write as _};

use anyhow::Result;
use bench::ledger::check::Findings;

use crate::{contest::Outcome, load::Counted};

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

    /// A command that led to what is reported; each is shown once.
    pub fn command(&mut self, typed: &str) {
        if !self.commands.iter().any(|known| known == typed) {
            self.commands.push(typed.to_owned());
        }
    }

    /// The rates behind the ratios, and how they were measured.
    pub fn outcomes(&mut self, outcomes: &[Outcome]) {
        self.details.push(format!(
            "{:<28} {:>10} {:>11} {:>10} {:>10} {:>10} {:>12} {:>10}",
            "medians", "answers/s", "CPU/answer", "p50", "p99", "p99.9", "of its core", "generator"
        ));
        for outcome in outcomes {
            let milliseconds = |of: fn(&Counted) -> f64| match outcome.median(|round| of(&round.counted)) {
                time if time.is_nan() => "–".to_owned(),
                time => format!("{time:.2} ms"),
            };
            self.details.push(format!(
                "{:<28} {:>10.0} {:>8.2} µs {:>10} {:>10} {:>10} {:>10.0} % {:>8.0} %{}",
                outcome.name,
                outcome.rate(),
                outcome.median(|round| round.cpu_each),
                milliseconds(|counted| counted.p50),
                milliseconds(|counted| counted.p99),
                milliseconds(|counted| counted.p999),
                outcome.median(|round| round.busy) * 100.0,
                outcome.median(|round| round.counted.generator) * 100.0,
                if outcome.is_generators_limit() { "  the GENERATOR was the limit" } else { "" },
            ));
            outcome.typed.iter().for_each(|typed| self.command(typed));
            self.noise = outcome.rounds.iter().map(|round| round.others).fold(self.noise, f64::max);
        }
    }

    /// As many were recorded as were answered, give or take what was under way when generators hung up.
    pub fn check_count(&mut self, what: &str, recorded: u64, outcomes: &[&Outcome]) {
        let in_flight: u64 = outcomes.iter().map(|outcome| outcome.in_flight).sum();
        let least: u64 = outcomes.iter().map(|outcome| outcome.answers).sum();
        let most = least + in_flight;
        let holds = (least..=most).contains(&recorded);
        self.detail(format!(
            "{what}: {recorded} recorded of {least} answered (up to {in_flight} more were under way): {}",
            if holds { "complete" } else { "WRONG" }
        ));
        if !holds {
            self.broken.push(format!("{what}: {recorded} recorded, {least} to {most} expected"));
        }
    }

    /// What ledgers, which name each request, found in the database.
    pub fn check_ledgers(&mut self, what: &str, found: &[Findings]) {
        let sum = |of: fn(&Findings) -> u64| found.iter().map(of).sum::<u64>();
        let holds = found.iter().all(Findings::holds);
        self.detail(format!(
            "{what}, by name: {} answered, {} of them not recorded, {} recorded twice, {} recorded without reason: {}",
            sum(|found| found.answered),
            sum(|found| found.lost.count),
            sum(|found| found.twice.count),
            sum(|found| found.unfounded.count),
            if holds { "complete" } else { "WRONG" }
        ));
        for found in found.iter().filter(|found| !found.holds()) {
            self.broken.push(found.to_string());
        }
    }

    pub fn print(&self) -> Result<()> {
        let mut text = String::from("\n");
        for (what, ratio, target) in &self.ratios {
            writeln!(text, "{what:<74} {ratio:<26} {target}")?;
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
