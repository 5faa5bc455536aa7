//! `tributary backup` and `tributary restore`: an SQLite database copied while a server works, and put back.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

use clap::Args;
use engine::BackupStep;
use url::Url;

use crate::{bytes, cli::DataConfig};

#[derive(Args, Clone, Debug)]
pub struct BackupConfig {
    /// The file to make, such as /backups/tributary-2026-01-31.db. Nothing is overwritten.
    pub target: PathBuf,
    #[command(flatten)]
    pub data: DataConfig,
}

#[derive(Args, Clone, Debug)]
pub struct RestoreConfig {
    /// A file that `tributary backup` made.
    pub backup: PathBuf,
    /// Where there is a database already, puts the backup in its place, and keeps it beside it.
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub data: DataConfig,
}

pub async fn backup(config: BackupConfig) -> anyhow::Result<()> {
    let options = config.data.options();
    if let Some(advice) = mysql(&options.database_url) {
        anyhow::bail!(
            "this database is MySQL's, whose own tools back it up while servers run:\n\n  mysqldump {advice} > tributary.sql\
             \n\n(--single-transaction is what makes it one state, --hex-blob what keeps ids whole; on Aurora or RDS take a \
             snapshot instead). Keep {} too: it is in neither",
            options.secret_key_file.display()
        );
    }
    let is_watched = io::stderr().is_terminal();
    let done = engine::backup(&options, &config.target, |step| {
        if is_watched {
            match step {
                BackupStep::Copied { bytes: written, of } => {
                    eprint!("\r  {} of at most {} copied    ", bytes::show(written), bytes::show(of));
                }
                BackupStep::Verifying => eprint!("\r  looking it through …              "),
            }
        }
    });
    let done = done.await;
    if is_watched {
        eprintln!();
    }
    let held = done?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{}: {} clicks, {} events, {}, schema {}; looked through, nothing is damaged.",
        config.target.display(),
        held.clicks,
        held.events,
        bytes::show(held.bytes),
        held.schema
    )?;
    writeln!(
        out,
        "Keep {} beside it, apart from the backups that others can read: without it logins, customers' hashes and \
         signing secrets are lost, and it is not in the backup.",
        options.secret_key_file.display()
    )?;
    Ok(())
}

pub async fn restore(config: RestoreConfig) -> anyhow::Result<()> {
    let options = config.data.options();
    if let Some(advice) = mysql(&options.database_url) {
        anyhow::bail!(
            "this database is MySQL's: stop all nodes, restore it by its own tools (`mysql {advice} < tributary.sql`, or a \
             snapshot), then start the nodes; docs/operations.md says what they catch up on by themselves"
        );
    }
    let done = engine::restore(&options, &config.backup, config.force).await?;
    let mut out = io::stdout().lock();
    let held = done.held;
    writeln!(
        out,
        "The database is as the backup had it: {} clicks, {} events, schema {}.",
        held.clicks, held.events, held.schema
    )?;
    if let Some(before) = done.before {
        writeln!(out, "What stood there before is {}.", before.display())?;
    }
    match done.waiting {
        0 => writeln!(out, "The click log holds no click that it lacks.")?,
        clicks => {
            writeln!(out, "{clicks} clicks in the click log came later: the next start takes them in by itself.")?
        }
    }
    writeln!(out, "Events that came after the backup are sent again by their shops; those that it has count once.")?;
    Ok(())
}

/// How the tools of MySQL are told of a database; the password they ask for. None where it is SQLite's.
fn mysql(url: &str) -> Option<String> {
    let url = url.strip_prefix("mysql:").map(|_| Url::parse(url))?.ok();
    let Some(url) = url else {
        return Some("--single-transaction --quick --hex-blob --no-tablespaces DATABASE".into());
    };
    let mut words = vec!["--single-transaction --quick --hex-blob --no-tablespaces".to_owned()];
    words.extend(url.host_str().map(|host| format!("--host={host}")));
    words.extend(url.port().map(|port| format!("--port={port}")));
    if !url.username().is_empty() {
        words.push(format!("--user={} --password", url.username()));
    }
    words.push(url.path().trim_start_matches('/').to_owned());
    Some(words.join(" "))
}
