//! An open-loop HTTP/1.1 generator: each request has a moment at which it is meant to leave, and its latency counts
//! from then, however late a free connection or an answer comes. One thread; survives the server's end and return.
//!
//! In order: [`schedule`] says when, `request` says what, `connection` carries it, `answer` reads what comes back,
//! `generator` drives them all, [`outcome`] says what came of it.

mod answer;
mod connection;
mod generator;
pub mod outcome;
mod request;
pub mod schedule;

use std::{
    net::{SocketAddr, ToSocketAddrs},
    sync::atomic::AtomicBool,
    time::Duration,
};

use anyhow::{Context, Result, ensure};

pub use outcome::Outcome;
pub use request::Lists;
pub use schedule::Pace;

/// What is to be sent, how often, and over what.
#[derive(Clone, Debug)]
pub struct Plan {
    pub target: Target,
    pub lists: Lists,
    pub pace: Pace,
    /// How long requests are meant to leave; answers may come for up to `timeout` more.
    pub time: Duration,
    /// How many connections there are at most; each carries one request at a time.
    pub connections: usize,
    /// A new connection for each request, with `Connection: close`.
    pub close: bool,
    /// An answer that takes longer is given up; whether it was recorded is unknown.
    pub timeout: Duration,
    /// Never sleeps, so that it is exact to microseconds; without it, to about a millisecond.
    pub spin: bool,
    /// Gives each request a `Referer` of its own and notes what became of it.
    pub ledger: bool,
    /// Equal seeds draw equally from the lists.
    pub seed: u64,
}

impl Plan {
    /// One second of closed loop on 64 keep-alive connections, with the lists that are built in.
    pub fn new(target: Target) -> Self {
        Self {
            target,
            lists: Lists::default(),
            pace: Pace::Closed,
            time: Duration::from_secs(1),
            connections: 64,
            close: false,
            timeout: Duration::from_secs(10),
            spin: false,
            ledger: false,
            seed: 1,
        }
    }
}

/// Where requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub address: SocketAddr,
    pub host: String,
    /// `{code}` in it is replaced by one of the list.
    pub path: String,
}

impl Target {
    /// Reads `http://HOST:PORT/PATH`. Loopback only: this is no tool to load other people's machines with.
    pub fn parse(url: &str) -> Result<Self> {
        let rest = url.strip_prefix("http://").with_context(|| format!("{url}: must begin with http://"))?;
        let (host, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        ensure!(path.bytes().all(|byte| byte.is_ascii_graphic()), "{url}: the path must be visible ASCII");
        let with_port = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
        let address = with_port.to_socket_addrs().with_context(|| url.to_owned())?.next().context("no address")?;
        ensure!(address.ip().is_loopback(), "{url}: only this machine itself may be flooded");
        Ok(Self { address, host: host.to_owned(), path: path.to_owned() })
    }
}

/// Sends what is planned, or until `stop` is set. Blocks; fails only where nothing answers at the very start.
pub fn run(plan: &Plan, stop: &AtomicBool) -> Result<Outcome> {
    generator::run(plan, stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_may_be_flooded() {
        let target = Target::parse("http://127.0.0.1:3000/r/{code}").unwrap();
        assert_eq!((target.host.as_str(), target.path.as_str()), ("127.0.0.1:3000", "/r/{code}"));
        assert_eq!(Target::parse("http://127.0.0.1").unwrap().path, "/");
        assert!(Target::parse("http://192.0.2.1/").is_err());
        assert!(Target::parse("https://127.0.0.1/").is_err());
    }
}
