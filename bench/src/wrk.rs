//! One round of load by `wrk`: 64 keep-alive connections, each sending its next request when answered.
//!
//! Its latencies are therefore those of a saturated server, not of requests at intended moments.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::process::{self, GENERATOR_CORE, pinned, typed};

pub const CONNECTIONS: u64 = 64;

/// What a browser in a shopper's hands would send.
pub const USER_AGENT: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
pub const REFERRER: &str = "https://www.instagram.com/p/C9xYzAbCdEf/";

pub struct Load {
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    /// A Lua script that makes each request, and its arguments.
    pub script: Option<(PathBuf, Vec<String>)>,
}

/// What wrk counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counted {
    pub answers: u64,
    pub per_second: f64,
    /// 99th percentile of the latency, in milliseconds.
    pub p99: f64,
    /// CPU time of wrk itself, in seconds.
    pub cpu: f64,
}

impl Load {
    pub fn command(&self, seconds: u64) -> Command {
        let mut wrk = pinned(GENERATOR_CORE, "KILL", "wrk");
        wrk.args(["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{seconds}s"), "--latency"]);
        for (name, value) in &self.headers {
            wrk.args(["-H", &format!("{name}: {value}")]);
        }
        if let Some((script, _)) = &self.script {
            wrk.arg("-s").arg(script);
        }
        wrk.arg(&self.url);
        if let Some((_, arguments)) = &self.script {
            wrk.arg("--").args(arguments);
        }
        wrk
    }

    pub fn run(&self, seconds: u64) -> Result<Counted> {
        let mut command = self.command(seconds);
        let mut wrk = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", typed(&command)))?;
        let mut said = String::new();
        let mut stdout = wrk.stdout.take().context("wrk's output is piped above")?;
        let read = std::io::Read::read_to_string(&mut stdout, &mut said);
        // It has closed its output: it is ending, and its times can still be read until it is waited for.
        let cpu = process::cpu_of(wrk.id()).unwrap_or_default();
        let status = wrk.wait()?;
        read?;
        ensure!(status.success(), "wrk ended with {status}: {}\n{said}", typed(&command));
        let counted = parse(&said).with_context(|| format!("{}\n{said}", typed(&command)))?;
        Ok(Counted { cpu, ..counted })
    }
}

/// Reads wrk's report. Refused or broken answers are an error: they must not count as work done.
fn parse(said: &str) -> Result<Counted> {
    for trouble in ["Non-2xx or 3xx responses", "Socket errors"] {
        ensure!(!said.contains(trouble), "wrk reports trouble: {trouble}");
    }
    let words = || said.lines().map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
    let answers = words().find_map(|line| match line[..] {
        [count, "requests", "in", ..] => count.parse().ok(),
        _ => None,
    });
    let per_second = words().find_map(|line| match line[..] {
        ["Requests/sec:", rate] => rate.parse().ok(),
        _ => None,
    });
    let p99 = words().find_map(|line| match line[..] {
        ["99%", time] => milliseconds(time),
        _ => None,
    });
    Ok(Counted {
        answers: answers.context("wrk says no number of requests")?,
        per_second: per_second.context("wrk says no rate")?,
        p99: p99.context("wrk says no latency")?,
        cpu: 0.0,
    })
}

/// `83.00us`, `1.20ms`, `1.02s`.
fn milliseconds(text: &str) -> Option<f64> {
    let (number, unit) = [("us", 0.001), ("ms", 1.0), ("s", 1000.0)]
        .into_iter()
        .find_map(|(unit, size)| Some((text.strip_suffix(unit)?, size)))?;
    Some(number.parse::<f64>().ok()? * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "Running 1s test @ http://127.0.0.1:8080/r/x
  1 threads and 64 connections
  Latency Distribution
     50%  310.00us
     99%    1.25ms
  180309 requests in 1.10s, 50.38MB read
Requests/sec: 163920.03
Transfer/sec:     45.80MB
";

    #[test]
    fn a_report_is_read() {
        let counted = parse(SAID).unwrap();
        assert_eq!((counted.answers, counted.per_second, counted.p99), (180_309, 163_920.03, 1.25));
    }

    #[test]
    fn refused_answers_are_no_result() {
        assert!(parse(&format!("{SAID}  Non-2xx or 3xx responses: 3\n")).is_err());
        assert!(parse(&format!("{SAID}  Socket errors: connect 0, read 3, write 0, timeout 0\n")).is_err());
    }

    #[test]
    fn times_come_in_three_units() {
        assert_eq!(["250.00us", "1.20ms", "1.50s", "1"].map(milliseconds), [Some(0.25), Some(1.2), Some(1500.0), None]);
    }
}
