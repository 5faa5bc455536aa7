//! One round of load on one server: by `wrk`, or by our own generator.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::{
    flood_round,
    process::{self, typed},
    wrk,
};

/// As many as wrk and our own generator hold, and so the most that are under way when either hangs up.
pub const CONNECTIONS: u64 = 64;

pub enum Load {
    Wrk(wrk::Load),
    Flood(flood_round::Load),
}

/// What the generator counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counted {
    pub answers: u64,
    pub per_second: f64,
    /// Latencies in milliseconds; NaN where the generator does not say.
    pub p50: f64,
    pub p99: f64,
    pub p999: f64,
    /// 99th percentile of the generator's own delay, in milliseconds; it is in the latencies.
    pub lag: f64,
    /// The generator's part of its core that did work, 0 to 1.
    pub generator: f64,
    /// The generator, not the server, kept the rate down or the latency up.
    pub is_generators_limit: bool,
}

impl Load {
    pub fn command(&self, seconds: u64) -> Command {
        match self {
            Self::Wrk(load) => load.command(seconds),
            Self::Flood(load) => load.command(seconds),
        }
    }

    pub fn run(&self, seconds: u64) -> Result<Counted> {
        let mut command = self.command(seconds);
        let typed = typed(&command);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().with_context(|| format!("starting {typed}"))?;
        let mut said = String::new();
        let mut stdout = child.stdout.take().context("its output is piped above")?;
        let read = std::io::Read::read_to_string(&mut stdout, &mut said);
        // It has closed its output: it is ending, and its times can still be read until it is waited for.
        let cpu = process::cpu_of(child.id()).unwrap_or_default();
        let status = child.wait()?;
        read?;
        ensure!(status.success(), "it ended with {status}: {typed}\n{said}");
        let counted = match self {
            Self::Wrk(_) => wrk::parse(&said, cpu),
            Self::Flood(_) => flood_round::parse(&said),
        };
        counted.with_context(|| format!("{typed}\n{said}"))
    }
}
