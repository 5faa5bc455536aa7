//! `tributary check`: whether all is as it should be, in words, and as the exit code.

use std::io::{self, IsTerminal, Write};

use anyhow::{Context, bail};
use engine::FiguresChecked;

use crate::cli::CheckConfig;

/// Differences that are shown: a broken sum rarely comes alone.
const MOST_SHOWN: usize = 20;

pub async fn run(config: CheckConfig) -> anyhow::Result<()> {
    let options = config.data.options();
    let held = engine::count_written(&options).await.context("the database")?;
    writeln!(io::stdout(), "database: {} clicks, {} events", held.clicks, held.events)?;
    if config.figures {
        let is_watched = io::stderr().is_terminal();
        let checked = engine::check_figures(&options, MOST_SHOWN, |done, of| {
            if is_watched {
                eprint!("\r{done} of {of} advertisers compared");
            }
        });
        let checked = checked.await.context("figures could not be compared")?;
        if is_watched {
            eprintln!();
        }
        show(&mut io::stdout().lock(), &checked)?;
        if !checked.is_right() {
            bail!("figures are not what clicks and events come to");
        }
    }
    Ok(())
}

fn show(out: &mut impl Write, checked: &FiguresChecked) -> io::Result<()> {
    if checked.is_right() {
        return writeln!(out, "figures: every sum is what clicks and events come to");
    }
    for difference in &checked.differences {
        writeln!(out, "figures: {difference}")?;
    }
    if checked.differences.len() == MOST_SHOWN {
        writeln!(out, "figures: only the first {MOST_SHOWN} differences are shown")?;
    }
    if checked.strays > 0 {
        writeln!(out, "figures: {} sums belong to no advertiser and no campaign", checked.strays)?;
    }
    Ok(())
}
