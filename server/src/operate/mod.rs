//! What operators do from the command line, beside a running server or without one. Each command has its flags beside it.

pub mod admin;
pub mod archive;
pub mod backup;
pub mod check;
pub mod erase;
pub mod migrate;

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::ensure;

/// Asks a person. Where none is there, `flag` is what says yes.
fn confirmed(question: &str, flag: &str) -> anyhow::Result<bool> {
    ensure!(io::stdin().is_terminal(), "nobody is there to confirm: give {flag}, or --dry-run to look");
    let mut out = io::stdout();
    write!(out, "{question} [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// The first line of standard input: what must not stand among a process's arguments, which others can read.
fn line_of_input() -> anyhow::Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
