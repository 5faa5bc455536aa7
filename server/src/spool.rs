//! `tributary spool`: looks after click logs.

use std::{
    io::{IsTerminal, Write},
    time::Duration,
};

use anyhow::Context;
use engine::{Import, Imported};

use crate::{
    bytes,
    cli::{ImportConfig, SpoolCommand},
};

/// How long an import waits for a database that went away.
const PATIENCE: Duration = Duration::from_secs(60);

pub async fn run(command: SpoolCommand) -> anyhow::Result<()> {
    match command {
        SpoolCommand::Import(config) => import(config).await,
    }
}

async fn import(config: ImportConfig) -> anyhow::Result<()> {
    let options = config.data.options();
    let import = Import {
        folder: config.folder.clone(),
        database_url: options.database_url,
        secret_key_file: options.secret_key_file,
        ip_storage: options.ip_storage,
        country_file: options.country_file,
        clock: options.clock,
        takes_incomplete: config.incomplete,
        patience: PATIENCE,
    };
    let is_watched = std::io::stderr().is_terminal();
    let done = import.run(|so_far| {
        if is_watched {
            print_progress(so_far);
        }
    });
    let done = done.await;
    if is_watched {
        let _ = writeln!(std::io::stderr());
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", summary(&done?)).context("standard output")
}

fn print_progress(so_far: &Imported) {
    let mut out = std::io::stderr().lock();
    let waiting = bytes::show(so_far.waiting_bytes);
    // Whoever cannot be told how far it is gets the clicks imported all the same.
    let _ = write!(out, "\r  {} clicks read, {} new; {waiting} to go      ", so_far.clicks, so_far.new);
    let _ = out.flush();
}

fn summary(done: &Imported) -> String {
    let mut text = if done.clicks == 0 {
        "Nothing to import: the database has read this click log to its end".to_owned()
    } else {
        format!(
            "{} clicks read: {} new, {} were in the database already",
            done.clicks,
            done.new,
            done.clicks - done.refused - done.new
        )
    };
    if done.refused > 0 {
        text += &format!("; {} that the database does not take are skipped", done.refused);
    }
    text += &match done.damaged_bytes {
        0 => "; nothing is damaged".to_owned(),
        damaged => format!("; {damaged} bytes are damaged and were skipped"),
    };
    if done.torn_bytes > 0 {
        text += &format!("; {} bytes of a half-written click at the end were cut", done.torn_bytes);
    }
    text + "."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_says_what_was_read_what_is_new_and_what_is_damaged() {
        assert_eq!(
            summary(&Imported { clicks: 10, new: 7, ..Imported::default() }),
            "10 clicks read: 7 new, 3 were in the database already; nothing is damaged."
        );
        assert_eq!(
            summary(&Imported { clicks: 9, new: 8, refused: 1, damaged_bytes: 250, torn_bytes: 3, waiting_bytes: 0 }),
            "9 clicks read: 8 new, 0 were in the database already; 1 that the database does not take are skipped; \
             250 bytes are damaged and were skipped; 3 bytes of a half-written click at the end were cut."
        );
        assert_eq!(
            summary(&Imported::default()),
            "Nothing to import: the database has read this click log to its end; nothing is damaged."
        );
    }
}
