//! What connections may take of the server: places, time, and room for what is asked.

mod bodies;
mod body;
mod descriptors;
mod head;
mod places;
mod turn;

use std::time::Duration;

use clap::Args;

use crate::bytes;

pub use self::{
    bodies::{Bodies, NoRoom, Room},
    body::TimedBody,
    descriptors::{raise_limit, room, say_not_accepted},
    head::{MOST_ADDRESS, MOST_BUFFERED, MOST_HEADERS, refuse},
    places::{Place, Places, Refused},
    turn::{Answering, Timed, Turn},
};

/// Bytes of bodies at a time where nothing is said.
const USUAL_BODY_BYTES: u64 = 64 << 20;
/// The longest body alone must find room.
const LEAST_BODY_BYTES: u64 = 1 << 20;
/// Connections at a time where nothing is said, and there are file descriptors for them.
const USUAL: usize = 10_000;

#[derive(Args, Clone, Debug)]
pub struct ConnectionsConfig {
    /// Connections at a time; who comes beyond is told 503. Default: 10,000, or as many as there are file descriptors
    /// for; 0: the latter.
    #[arg(long, env = "TRIBUTARY_MAX_CONNECTIONS")]
    pub max_connections: Option<u32>,
    /// How many of them one address (of IPv6 one /64) may have; trusted proxies as many as they like. 0: no limit.
    /// Default: a quarter of all.
    #[arg(long, env = "TRIBUTARY_MAX_CONNECTIONS_PER_ADDRESS")]
    pub max_connections_per_address: Option<u32>,
    /// Most bytes of requests' bodies that are in memory at once, such as `64MiB`; who sends beyond is told 503. Bodies of
    /// up to 16 KiB are not counted. 0: no limit.
    #[arg(long, env = "TRIBUTARY_MAX_BODY_BYTES", default_value = "64MiB", value_parser = body_bytes)]
    pub max_body_bytes: u64,
    /// How much of it one address (of IPv6 one /64) may take. 0: no limit. Default: half of all.
    #[arg(long, env = "TRIBUTARY_MAX_BODY_BYTES_PER_ADDRESS", value_parser = body_bytes)]
    pub max_body_bytes_per_address: Option<u64>,
    /// Seconds a connection may wait for its next request. More than a proxy in front keeps its own open.
    #[arg(long, env = "TRIBUTARY_IDLE_SECONDS", default_value_t = 75, value_parser = clap::value_parser!(u32).range(1..))]
    pub idle_seconds: u32,
    /// Seconds that a request's head may take to arrive, a TLS handshake to be done, a body to go on.
    #[arg(long, env = "TRIBUTARY_SLOW_SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..))]
    pub slow_seconds: u32,
    /// Milliseconds that a server which was told to stop goes on for, so that clients and balancers hear of it in time:
    /// each answer says that it is the connection's last, and `/readyz` is 503.
    #[arg(long, env = "TRIBUTARY_LINGER_MS", default_value_t = 500)]
    pub linger_ms: u32,
}

impl Default for ConnectionsConfig {
    fn default() -> Self {
        Self {
            max_connections: None,
            max_connections_per_address: None,
            max_body_bytes: USUAL_BODY_BYTES,
            max_body_bytes_per_address: None,
            idle_seconds: 75,
            slow_seconds: 15,
            linger_ms: 500,
        }
    }
}

impl ConnectionsConfig {
    pub fn times(&self) -> Times {
        Times { idle: seconds(self.idle_seconds), slow: seconds(self.slow_seconds) }
    }

    pub fn linger(&self) -> Duration {
        Duration::from_millis(self.linger_ms.into())
    }

    /// How many connections there may be, and how many of one address. `room`: what file descriptors there are for.
    fn most(&self, room: usize) -> (usize, usize) {
        let most = match self.max_connections.map(count) {
            None => USUAL.min(room),
            Some(0) => room,
            Some(most) if most > room => {
                tracing::warn!(
                    wanted = most,
                    possible = room,
                    "there are not enough file descriptors for --max-connections; raise the process's limit (ulimit -n)"
                );
                room
            }
            Some(most) => most,
        };
        let of_one = match self.max_connections_per_address.map(count) {
            None => most.div_ceil(4),
            Some(0) => usize::MAX,
            Some(most) => most,
        };
        (most, of_one)
    }

    /// How many bytes of bodies there may be, and how many of one address.
    fn most_of_bodies(&self) -> (usize, usize) {
        let limit = |bytes: u64| match bytes {
            0 => usize::MAX,
            bytes => usize::try_from(bytes).unwrap_or(usize::MAX),
        };
        let most = limit(self.max_body_bytes);
        let of_one = match self.max_body_bytes_per_address {
            Some(of_one) => limit(of_one),
            None if most == usize::MAX => usize::MAX,
            None => (most / 2).max(limit(LEAST_BODY_BYTES)),
        };
        (most, of_one)
    }
}

/// An amount that the longest body has room in, or 0.
fn body_bytes(text: &str) -> Result<u64, String> {
    match bytes::parse(text)? {
        1..LEAST_BODY_BYTES => Err("must be 0 (no limit) or at least 1MiB".into()),
        bytes => Ok(bytes),
    }
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn seconds(number: u32) -> Duration {
    Duration::from_secs(number.into())
}

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// For its next request.
    pub idle: Duration,
    /// For a request's head, a handshake, the next part of a body.
    pub slow: Duration,
}

impl Times {
    /// For a body as a whole.
    pub fn body(self) -> Duration {
        self.slow * 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_many_there_may_be_follows_from_flags_and_file_descriptors() {
        let most = |most, of_one, room| {
            let config = ConnectionsConfig {
                max_connections: most,
                max_connections_per_address: of_one,
                ..ConnectionsConfig::default()
            };
            config.most(room)
        };
        assert_eq!(most(None, None, 1_000_000), (10_000, 2_500));
        assert_eq!(most(None, None, 768), (768, 192));
        assert_eq!(most(Some(0), Some(0), 50_000), (50_000, usize::MAX));
        assert_eq!(most(Some(20), Some(3), 768), (20, 3));
        assert_eq!(most(Some(1000), None, 768), (768, 192), "more than there are descriptors for");
    }

    #[test]
    fn how_much_of_bodies_there_may_be_follows_from_flags() {
        let most = |max_body_bytes, max_body_bytes_per_address| {
            let config =
                ConnectionsConfig { max_body_bytes, max_body_bytes_per_address, ..ConnectionsConfig::default() };
            config.most_of_bodies()
        };
        assert_eq!(most(USUAL_BODY_BYTES, None), (64 << 20, 32 << 20));
        assert_eq!(most(1 << 20, None), (1 << 20, 1 << 20), "one batch has room");
        assert_eq!(most(8 << 20, Some(0)), (8 << 20, usize::MAX));
        assert_eq!(most(0, None), (usize::MAX, usize::MAX));
        assert_eq!(most(0, Some(2 << 20)), (usize::MAX, 2 << 20));
        assert_eq!((body_bytes("0"), body_bytes("64MiB")), (Ok(0), Ok(64 << 20)));
        assert!(body_bytes("1000kB").is_err(), "less than a batch");
    }
}
