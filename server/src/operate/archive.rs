//! `tributary archive`: clicks and events of closed days, as they are stored, into an S3-compatible storage or a folder.

use std::io::{self, IsTerminal, Write};

use clap::Args;
use engine::{Archive, Target};
use model::{Timestamp, time::HOUR};

use crate::{
    bytes,
    cli::{self, DataConfig},
};

/// A click of a day's last second may reach the database a little later.
const AFTER_MIDNIGHT: i64 = HOUR;

#[derive(Args, Clone, Debug)]
pub struct ArchiveConfig {
    /// `s3://BUCKET/PREFIX`, or `file:///FOLDER`. Who it is that writes to a bucket is told as to Amazon's own tools:
    /// `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or the machine's role.
    #[arg(long, env = "TRIBUTARY_ARCHIVE_TO")]
    pub to: Target,
    /// Days before this one (UTC). Default: all that are over.
    #[arg(long, value_parser = cli::moment)]
    pub before: Option<Timestamp>,
    /// Days from this one on. Default: from the first that is in the database; those that are there already and have not
    /// changed are left alone.
    #[arg(long, value_parser = cli::moment)]
    pub since: Option<Timestamp>,
    /// The address of another storage than Amazon's, such as https://s3.example:9000. Also `AWS_ENDPOINT_URL`.
    #[arg(long, env = "TRIBUTARY_ARCHIVE_ENDPOINT")]
    pub endpoint: Option<String>,
    /// The bucket's region. Also `AWS_REGION`.
    #[arg(long, env = "TRIBUTARY_ARCHIVE_REGION")]
    pub region: Option<String>,
    /// Bytes that are sent to the storage at once.
    #[arg(long, hide = true, value_parser = part)]
    pub part: Option<usize>,
    #[command(flatten)]
    pub data: DataConfig,
}

fn part(text: &str) -> Result<usize, String> {
    usize::try_from(bytes::parse(text)?).map_err(|_| "is too large".to_owned())
}

pub async fn run(config: ArchiveConfig) -> anyhow::Result<()> {
    // What it writes into a folder is nobody else's to read.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let options = config.data.options();
    let over = Timestamp(options.clock.now().0 - AFTER_MIDNIGHT);
    let mut to = config.to;
    to.endpoint = config.endpoint.or_else(|| std::env::var("AWS_ENDPOINT_URL").ok());
    to.region = config.region.or_else(|| std::env::var("AWS_REGION").ok());
    to.part_bytes = config.part.unwrap_or(to.part_bytes);
    let archive = Archive { to, since: config.since, before: config.before.unwrap_or(over.start_of_utc_day()) };
    let is_watched = io::stderr().is_terminal();
    let done = archive.run(&options, |day, so_far| {
        if is_watched {
            let clicks = so_far.clicks;
            eprint!("\r  {}  {} days written, {clicks} clicks    ", &day.to_string()[..10], so_far.days);
        }
    });
    let done = done.await;
    if is_watched {
        eprintln!();
    }
    let done = done.map_err(|error| match error {
        engine::Error::Invalid(errors) => {
            let errors: Vec<String> =
                errors.iter().map(|error| format!("--{} {}", error.field, error.message)).collect();
            anyhow::anyhow!(errors.join("; "))
        }
        error => error.into(),
    })?;
    writeln!(
        io::stdout(),
        "{} days written: {} clicks, {} events, {}; {} days were there already.",
        done.days,
        done.clicks,
        done.events,
        bytes::show(done.bytes),
        done.left
    )?;
    Ok(())
}
