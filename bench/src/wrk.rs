//! One round of load by `wrk`: 64 keep-alive connections, each sending its next request when answered.
//!
//! Its latencies are therefore those of a saturated server, not of requests at intended moments.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, Result, ensure};

use crate::{
    contest::number,
    load::Counted,
    process::{GENERATOR_CORE, pinned},
};

/// What a browser in a shopper's hands would send.
pub const USER_AGENT: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
pub const REFERRER: &str = "https://www.instagram.com/p/C9xYzAbCdEf/";

/// Above this part of its core wrk has no time to wait for answers.
const MOST_BUSY: f64 = 0.97;

pub struct Load {
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    /// A Lua script that makes each request, and its arguments.
    pub script: Option<(PathBuf, Vec<String>)>,
    pub connections: u64,
}

impl Load {
    pub fn command(&self, seconds: u64) -> Command {
        let mut wrk = pinned(GENERATOR_CORE, "KILL", "wrk");
        wrk.args(["-t1", &format!("-c{}", self.connections), &format!("-d{seconds}s"), "--latency"]);
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
}

/// Reads wrk's report. Refused or broken answers are an error: they must not count as work done.
/// `cpu`: the seconds wrk itself used.
pub fn parse(said: &str, cpu: f64) -> Result<Counted> {
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
    let percentile = |part: &str| {
        words().find_map(|line| match line[..] {
            [of, time] if of == part => milliseconds(time),
            _ => None,
        })
    };
    let answers = answers.context("wrk says no number of requests")?;
    let per_second = per_second.context("wrk says no rate")?;
    let generator = cpu * per_second / number(answers);
    Ok(Counted {
        answers,
        per_second,
        p50: percentile("50%").context("wrk says no latency")?,
        p99: percentile("99%").context("wrk says no latency")?,
        p999: f64::NAN,
        lag: f64::NAN,
        generator,
        is_generators_limit: generator > MOST_BUSY,
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
        let counted = parse(SAID, 0.55).unwrap();
        assert_eq!((counted.answers, counted.per_second), (180_309, 163_920.03));
        assert_eq!((counted.p50, counted.p99), (0.31, 1.25));
        assert!((0.49..0.51).contains(&counted.generator) && !counted.is_generators_limit);
    }

    #[test]
    fn refused_answers_are_no_result() {
        assert!(parse(&format!("{SAID}  Non-2xx or 3xx responses: 3\n"), 0.0).is_err());
        assert!(parse(&format!("{SAID}  Socket errors: connect 0, read 3, write 0, timeout 0\n"), 0.0).is_err());
    }

    #[test]
    fn times_come_in_three_units() {
        assert_eq!(["250.00us", "1.20ms", "1.50s", "1"].map(milliseconds), [Some(0.25), Some(1.2), Some(1500.0), None]);
    }
}
