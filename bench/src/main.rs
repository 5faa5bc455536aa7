//! `make bench`: Tributary beside yardsticks, interleaved in one run on one machine. Prints ratios, then what is behind them.
//!
//! Servers run on core 0, the load generator on core 1; everything talks to 127.0.0.1 and ends with the bench.

mod batches;
mod bytes;
mod commands;
mod contest;
mod events;
mod exports;
mod figures;
mod flood_round;
mod hold;
mod links;
mod lists;
mod load;
mod mariadb;
mod nginx;
mod process;
mod redirect;
mod report;
mod start;
mod tributary;
mod wait;
mod wrk;
mod yardstick;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand, ValueEnum};

use crate::report::Report;

#[derive(Parser)]
#[command(about = "Measures Tributary against yardsticks and prints ratios")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Seconds of a round.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Rounds of each contestant.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=50))]
    rounds: u8,
    /// What to measure; everything, where nothing is named.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Stage>,
    /// Millions of clicks and events that figures are read over, and of events that are exported.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    millions: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Stage {
    Redirect,
    Events,
    Lists,
    Exports,
    Figures,
    Start,
    Bytes,
}

/// The parts of the bench by themselves.
#[derive(Subcommand)]
enum Command {
    Flood(commands::Flood),
    Check(commands::Check),
    /// Answers every redirect alike, and records nothing.
    BareAxum {
        port: u16,
    },
    /// Inserts each event's bare row durably.
    BareEvents {
        port: u16,
        /// A file, or a MySQL database's URL.
        database: String,
        #[arg(value_enum, default_value = "least")]
        table: yardstick::events::Table,
    },
    /// Inserts bare rows in batches, and prints how many a second.
    BareBatches {
        database: String,
        batch: usize,
        seconds: u64,
    },
}

#[derive(Clone, Copy)]
pub struct Scale {
    pub rounds: usize,
    pub seconds: u64,
}

impl Scale {
    /// Seconds of a round where many contestants take part, or where less is to be seen.
    fn short(self) -> u64 {
        (self.seconds / 2).max(1)
    }
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    match &cli.command {
        Some(Command::Flood(flood)) => flood.run(),
        Some(Command::Check(check)) => one_thread()?.block_on(check.run()),
        // The same runtime as Tributary's.
        Some(Command::BareAxum { port }) => many_threads()?.block_on(yardstick::redirect::serve(*port)),
        Some(Command::BareEvents { port, database, table }) => {
            many_threads()?.block_on(yardstick::events::serve(*port, database, *table))
        }
        Some(Command::BareBatches { database, batch, seconds }) => {
            one_thread()?.block_on(yardstick::batches::run(database, *batch, *seconds))
        }
        // One thread, which lives as long as the bench: the children are told when it is gone.
        None => one_thread()?.block_on(measure(&cli)),
    }
}

fn one_thread() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

fn many_threads() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

async fn measure(cli: &Cli) -> Result<()> {
    let scale = Scale { rounds: cli.rounds.into(), seconds: cli.seconds };
    let does = |stage| cli.only.is_empty() || cli.only.contains(&stage);
    for (program, package) in [
        ("wrk", "wrk"),
        (nginx::program(), "nginx-light"),
        ("taskset", "util-linux"),
        ("setpriv", "util-linux"),
        ("sqlite3", "sqlite3"),
        ("curl", "curl"),
    ] {
        let found = std::process::Command::new(program).arg("--version").output();
        found.with_context(|| format!("{program} is missing: install Debian's package {package}"))?;
    }
    let folder = Folder::take(&std::env::current_exe()?.with_file_name("bench-run"))?;
    let mut report = Report::default();
    let measured = measure_stages(&does, &folder, scale, cli.millions, &mut report).await;
    // What was measured before a failure is worth reading too.
    report.print()?;
    measured?;
    ensure!(report.broken.is_empty(), "what was answered and what was recorded differ");
    Ok(())
}

async fn measure_stages(
    does: &impl Fn(Stage) -> bool,
    folder: &Folder,
    scale: Scale,
    millions: u32,
    report: &mut Report,
) -> Result<()> {
    if does(Stage::Redirect) {
        redirect::measure(&folder.inside("redirect")?, scale, report).await?;
    }
    if does(Stage::Events) {
        events::measure(&folder.inside("events")?, scale, report).await?;
        batches::measure(&folder.inside("batches")?, scale, report).await?;
    }
    if does(Stage::Lists) {
        lists::measure(&folder.inside("lists")?, scale, report).await?;
    }
    if does(Stage::Exports) {
        exports::measure(&folder.inside("exports")?, u64::from(millions) * 1_000_000, scale, report).await?;
    }
    if does(Stage::Figures) {
        figures::measure(&folder.inside("figures")?, millions, report).await?;
    }
    if does(Stage::Start) {
        start::measure(&folder.inside("start")?, report).await?;
    }
    if does(Stage::Bytes) {
        bytes::measure(Path::new("target/site"), report)?;
    }
    Ok(())
}

/// The bench's working folder, on the disk the project is on: emptied before, gone after, one bench at a time.
struct Folder {
    path: PathBuf,
    _lock: fs::File,
}

impl Folder {
    fn take(path: &Path) -> Result<Self> {
        let lock = fs::File::create(path.with_extension("lock"))?;
        lock.try_lock().context("another bench is running here; both would measure each other")?;
        if path.exists() {
            fs::remove_dir_all(path)?;
        }
        fs::create_dir_all(path)?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    fn inside(&self, name: &str) -> Result<PathBuf> {
        let folder = self.path.join(name);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}
