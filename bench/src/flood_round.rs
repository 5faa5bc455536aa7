//! A round by our own generator, `bench flood`: for a fixed rate, new connections and codes of a list.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, Result, ensure};
use bench::flood::outcome::{Limit, Summary};

use crate::{
    load::{CONNECTIONS, Counted},
    process::{GENERATOR_CORE, pinned},
};

/// More connections than at the maximum: none should have to wait for one.
const OPEN_CONNECTIONS: u64 = 256;

pub struct Load {
    pub url: String,
    /// Requests a second; None for as many as are answered.
    pub rate: Option<f64>,
    /// A new connection for each request.
    pub close: bool,
    pub codes: Option<PathBuf>,
    pub ledger: Option<PathBuf>,
}

impl Load {
    /// As many as are answered, over connections that stay.
    pub fn new(url: String) -> Self {
        Self { url, rate: None, close: false, codes: None, ledger: None }
    }

    pub fn command(&self, seconds: u64) -> Command {
        let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("bench"));
        let mut flood = pinned(GENERATOR_CORE, "KILL", program);
        let connections = if self.rate.is_some() { OPEN_CONNECTIONS } else { CONNECTIONS };
        flood.args(["flood", "--spin", "--json", "--connections", &connections.to_string()]);
        flood.args(["--seconds", &seconds.to_string(), "--url", &self.url]);
        if let Some(rate) = self.rate {
            flood.args(["--rate", &format!("{rate:.0}")]);
        }
        if self.close {
            flood.arg("--close");
        }
        for (flag, file) in [("--codes", &self.codes), ("--ledger", &self.ledger)] {
            if let Some(file) = file {
                flood.arg(flag).arg(file);
            }
        }
        flood
    }
}

/// Reads its line of JSON. Refused or broken answers are an error: they must not count as work done. What a server
/// too slow for the rate has kept from being sent is in the latencies.
pub fn parse(said: &str) -> Result<Counted> {
    let summary: Summary = serde_json::from_str(said.trim()).context("no summary")?;
    let failed = summary.answers - summary.redirects + summary.unknown + summary.refused;
    ensure!(failed == 0, "{failed} requests were not redirected");
    Ok(Counted {
        answers: summary.answers,
        per_second: summary.per_second,
        p50: summary.p50 / 1000.0,
        p99: summary.p99 / 1000.0,
        p999: summary.p999 / 1000.0,
        lag: summary.lag / 1000.0,
        generator: summary.worked,
        is_generators_limit: summary.limit == Some(Limit::Generator),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(refused: u64) -> String {
        format!(
            r#"{{"seconds":2.0,"offered":500.0,"answers":1000,"redirects":1000,"statuses":{{"302":1000}},
            "per_second":500.0,"unknown":0,"refused":{refused},"unsent":0,"waited":3,"p50":100.0,"p99":250.0,
            "p999":1000.0,"most":2000.0,"lag":7.0,"worked":0.5,"limit":"Generator"}}"#
        )
    }

    #[test]
    fn a_summary_is_read() {
        let counted = parse(&said(0)).unwrap();
        assert_eq!((counted.answers, counted.per_second, counted.p99), (1000, 500.0, 0.25));
        assert!(counted.is_generators_limit);
    }

    #[test]
    fn refused_requests_are_no_result() {
        assert!(parse(&said(1)).is_err());
    }
}
