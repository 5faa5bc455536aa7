//! `bench flood` and `bench check`: the generator and its ledger by hand, and for tests.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use bench::{
    flood::{self, Lists, Pace, Plan, Target},
    ledger::{Ledger, check},
};
use clap::Args;

/// Sends requests at intended moments and says how long each took from then.
#[derive(Args)]
pub struct Flood {
    /// Where to, on this machine: `http://127.0.0.1:3000/r/CODE`, or with `{code}` for one of --codes.
    #[arg(long)]
    url: String,
    /// Requests a second; without it each connection sends its next when answered.
    #[arg(long, value_parser = rate)]
    rate: Option<f64>,
    /// At random moments, as many on average (a Poisson process), instead of evenly.
    #[arg(long, requires = "rate")]
    poisson: bool,
    #[arg(long, default_value_t = 4.0, value_parser = rate)]
    seconds: f64,
    /// How many connections there are at most; each carries one request at a time.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
    /// A new connection for each request, with `Connection: close`.
    #[arg(long)]
    close: bool,
    /// Codes that `{code}` is drawn from, one a line.
    #[arg(long, value_name = "FILE")]
    codes: Option<PathBuf>,
    /// User agents to draw from, one a line, instead of those built in.
    #[arg(long, value_name = "FILE")]
    agents: Option<PathBuf>,
    /// Referers to draw from, one a line, instead of those built in.
    #[arg(long, value_name = "FILE", conflicts_with = "ledger")]
    referers: Option<PathBuf>,
    /// Gives each request a Referer of its own and writes here what became of it.
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// Gives an answer up after so many milliseconds: unknown.
    #[arg(long, default_value_t = 10_000)]
    timeout: u64,
    /// Never sleeps: exact to microseconds, at the cost of a whole core.
    #[arg(long)]
    spin: bool,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Prints one line of JSON.
    #[arg(long)]
    json: bool,
}

/// Compares ledgers with the database; fails where they differ.
#[derive(Args)]
pub struct Check {
    #[arg(long, required = true, value_name = "FILE")]
    ledger: Vec<PathBuf>,
    /// `mysql://…`, `sqlite://FILE`, or a file.
    #[arg(long, value_name = "URL")]
    database: String,
    /// Looks again for up to so many seconds while answered clicks are missing.
    #[arg(long, default_value_t = 0)]
    wait: u64,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().map_err(|_| "must be a number".to_owned())?;
    if (0.001..=10_000_000.0).contains(&rate) { Ok(rate) } else { Err("must be above 0 and of this world".into()) }
}

fn lines(file: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let lines: Vec<String> = text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    ensure!(!lines.is_empty(), "{} is empty", file.display());
    Ok(lines)
}

impl Flood {
    fn plan(&self) -> Result<Plan> {
        let mut lists = Lists::default();
        for (file, list) in
            [(&self.codes, &mut lists.codes), (&self.agents, &mut lists.agents), (&self.referers, &mut lists.referers)]
        {
            if let Some(file) = file {
                *list = lines(file)?;
            }
        }
        Ok(Plan {
            lists,
            pace: match self.rate {
                None => Pace::Closed,
                Some(rate) if self.poisson => Pace::Poisson(rate),
                Some(rate) => Pace::Constant(rate),
            },
            time: Duration::from_secs_f64(self.seconds),
            connections: self.connections.into(),
            close: self.close,
            timeout: Duration::from_millis(self.timeout),
            spin: self.spin,
            ledger: self.ledger.is_some(),
            seed: self.seed,
            ..Plan::new(Target::parse(&self.url)?)
        })
    }

    #[expect(clippy::print_stdout, reason = "what was asked for")]
    pub fn run(&self) -> Result<()> {
        let outcome = flood::run(&self.plan()?, &AtomicBool::new(false))?;
        if let (Some(file), Some(ledger)) = (&self.ledger, &outcome.ledger) {
            ledger.save(file)?;
        }
        let summary = outcome.summary();
        if self.json {
            println!("{}", serde_json::to_string(&summary)?);
        } else {
            println!("{summary}");
        }
        Ok(())
    }
}

impl Check {
    #[expect(clippy::print_stdout, reason = "what was asked for")]
    pub async fn run(&self) -> Result<()> {
        let ledgers = self.ledger.iter().map(|file| Ledger::load(file)).collect::<Result<_>>()?;
        let found = check::check_within(ledgers, &self.database, Duration::from_secs(self.wait)).await?;
        for found in &found {
            println!("{found}");
        }
        ensure!(found.iter().all(check::Findings::holds), "ledger and database differ");
        Ok(())
    }
}
