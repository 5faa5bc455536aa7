//! `tributary check`: whether all is as it should be, a line for each thing looked at, and as the exit code.

use std::io::{self, IsTerminal, Write};

use anyhow::bail;
use clap::Args;
use engine::{Checkup, FiguresChecked, Finding, Options, State};
use serde_json::json;

use crate::cli::DataConfig;

/// Differences that are shown: a broken sum rarely comes alone.
const MOST_SHOWN: usize = 20;

#[derive(Args, Clone, Debug)]
pub struct CheckConfig {
    /// Compares every sum that figures are read from with clicks and events, too. This reads all of them.
    #[arg(long)]
    pub figures: bool,
    /// One JSON object a line: `check`, `state` (`ok`, `warning`, `failed`) and `detail`.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub data: DataConfig,
}

pub async fn run(config: CheckConfig) -> anyhow::Result<()> {
    let options = config.data.options();
    let mut findings = Checkup::of(&options).await;
    show(&findings, config.json)?;
    // Without a database that can be read there is nothing to compare.
    let is_readable = findings.iter().any(|finding| finding.of == "database" && finding.state == State::Ok);
    if config.figures && is_readable {
        let compared = figures(&options).await;
        show(&compared, config.json)?;
        findings.extend(compared);
    }
    let failed = findings.iter().filter(|finding| finding.state == State::Failed).count();
    if failed > 0 {
        bail!("{failed} of these must be mended");
    }
    Ok(())
}

fn show(findings: &[Finding], as_json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    findings.iter().try_for_each(|Finding { of, state, text }| {
        let word = match state {
            State::Ok => "ok",
            State::Warning => "warning",
            State::Failed => "FAILED",
        };
        if as_json {
            writeln!(out, "{}", json!({ "check": of, "state": word.to_lowercase(), "detail": text }))
        } else {
            writeln!(out, "{:<15} {word:<8} {text}", format!("{of}:"))
        }
    })
}

async fn figures(options: &Options) -> Vec<Finding> {
    let is_watched = io::stderr().is_terminal();
    let checked = engine::check_figures(options, MOST_SHOWN, |done, of| {
        if is_watched {
            eprint!("\r{done} of {of} advertisers compared");
        }
    });
    let checked = checked.await;
    if is_watched {
        eprintln!();
    }
    let finding = |state, text: String| Finding { of: "figures", state, text };
    match checked {
        Err(error) => vec![finding(State::Failed, format!("could not be compared: {error}"))],
        Ok(checked) if checked.is_right() => {
            vec![finding(State::Ok, "every sum is what clicks and events come to".to_owned())]
        }
        Ok(checked) => differences(&checked).into_iter().map(|text| finding(State::Failed, text)).collect(),
    }
}

fn differences(checked: &FiguresChecked) -> Vec<String> {
    let mut texts: Vec<String> = checked.differences.iter().map(ToString::to_string).collect();
    if checked.differences.len() == MOST_SHOWN {
        texts.push(format!("only the first {MOST_SHOWN} differences are shown"));
    }
    if checked.strays > 0 {
        texts.push(format!("{} sums belong to no advertiser and no campaign", checked.strays));
    }
    texts
}
