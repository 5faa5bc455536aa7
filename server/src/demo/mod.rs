//! `tributary demo`: a year of believable history, made through the same functions that serve.
//!
//! [`cast`] says who plays, [`calendar`] how many of the clicks fall on each link and day, [`visits`] what a visitor
//! does. [`stage`] sets up what an admin would, and [`history`] lets the year pass at the engine's clock: every click
//! goes through the click log and the drain, every event through attribution. One seed makes one history; ids, codes
//! and passwords are new each time.

mod calendar;
mod cast;
mod history;
mod stage;
mod visits;

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, ensure};
use engine::{Clock, Engine};
use indicatif::{ProgressBar, ProgressStyle};
use model::{Timestamp, time::DAY};
use rand::{SeedableRng, rngs::StdRng};

use self::{
    calendar::{Calendar, DAYS},
    history::History,
    stage::{Login, Stage},
};
use crate::cli::DemoConfig;

/// Clicks that a shop's customers without a link are counted by.
const SCALE: f64 = 1_000_000.0;
/// How often what still waits is looked at.
const LOOK: Duration = Duration::from_millis(100);

pub async fn fill(config: DemoConfig) -> anyhow::Result<()> {
    let clock = Arc::new(AtomicI64::new(Clock::System.now().0));
    let mut options = config.data.options();
    options.clock = Clock::Set(Arc::clone(&clock));
    let (engine, workers) = Engine::open(options).await?;
    engine.ready().await?;
    if engine.has_admin().await? {
        println(format_args!("The demo is already there; its logins were printed when it was filled."))?;
        println(format_args!("To begin anew, delete {} and start again.", config.data.data_dir.display()))?;
        workers.stop(engine).await?;
        return Ok(());
    }
    let now = engine.now();
    let first = Timestamp((now.utc_day() - DAYS + 1) * DAY);
    clock.store(first.0, Ordering::Relaxed);
    let mut random = StdRng::seed_from_u64(config.seed);
    let calendar = Calendar::new(config.clicks, first, &mut random);
    let stage = Stage::set(&engine, &calendar.pairs).await?;

    let bar = bar(config.clicks, "{bar:40} {percent:>3} %  {pos} of {len} clicks, {msg}")?;
    let mut history = History::new(&engine, stage, &clock, calendar, (first, now), random);
    history.play(f64::from(config.clicks) / SCALE, &bar).await?;
    clock.store(now.0, Ordering::Relaxed);
    history.stage.close(&engine).await?;
    let History { clicks, events, stage, .. } = history;
    bar.finish_and_clear();
    settle(&engine).await?;
    ensure!(workers.stop(engine).await?, "the database did not take everything; start the server, and it will");
    println(format_args!("A year of {clicks} clicks and {events} events is there."))?;
    print(stage.logins)
}

/// Waits until the clicks are in the database too.
async fn settle(engine: &Engine) -> anyhow::Result<()> {
    let waiting = async || engine.health().await.spool_waiting_bytes;
    let bar = bar(u32::try_from(waiting().await).unwrap_or(u32::MAX), "{bar:40} {percent:>3} %  into the database")?;
    let looking = async {
        loop {
            bar.set_position(bar.length().unwrap_or_default().saturating_sub(waiting().await));
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        drained = engine.drained() => drained?,
        () = looking => {}
    }
    while engine.events_aside().events > 0 {
        tokio::time::sleep(LOOK).await;
    }
    bar.finish_and_clear();
    Ok(())
}

fn bar(length: u32, template: &str) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template(template)?;
    Ok(ProgressBar::new(length.into()).with_style(style))
}

fn print(mut logins: Vec<Login>) -> anyhow::Result<()> {
    logins.sort_by_key(|login| login.role);
    println(format_args!("\n  Logins (shown this once):"))?;
    for Login { role, who, email, password } in logins {
        println(format_args!("    {:<12}{email:<22}{password:<22}{who}", role.as_str()))?;
    }
    println(format_args!(""))
}

fn println(line: std::fmt::Arguments<'_>) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{line}").context("standard output")
}
