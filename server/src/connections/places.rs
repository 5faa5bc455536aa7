//! How many connections there are, in all and of each address. Who has a [`Place`] gives it back by its end.

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::{IpAddr, Shutdown},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Instant,
};

use engine::network;

use super::{ConnectionsConfig, room};
use crate::client_ip::TrustedProxies;

/// Milliseconds between two lines of the log about connections that were refused.
const SAID_EVERY: u64 = 60_000;
/// What is read of a request that is refused unread: a connection that is closed with something unread is reset, and
/// its client may not see the answer.
const MOST_UNREAD: usize = 16 << 10;

#[derive(Debug)]
pub struct Places {
    most: usize,
    most_of_one: usize,
    taken: AtomicUsize,
    by_address: Mutex<HashMap<IpAddr, usize>>,
    /// They carry many clients' requests.
    exempt: Arc<TrustedProxies>,
    made: Instant,
    refused: AtomicU64,
    /// When that was last said, in milliseconds since `made`; 0: never.
    said: AtomicU64,
}

/// One connection's.
pub struct Place {
    places: Arc<Places>,
    /// Whom it is counted for.
    address: Option<IpAddr>,
}

/// Why there was no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    Full,
    /// The address has as many as one may have.
    TooMany,
}

impl Places {
    pub fn new(config: &ConnectionsConfig, exempt: Arc<TrustedProxies>) -> Arc<Self> {
        let (most, most_of_one) = config.most(room());
        tracing::debug!(most, most_of_one, "connections at a time");
        Arc::new(Self {
            most,
            most_of_one,
            taken: AtomicUsize::new(0),
            by_address: Mutex::default(),
            exempt,
            made: Instant::now(),
            refused: AtomicU64::new(0),
            said: AtomicU64::new(0),
        })
    }

    pub fn take(self: &Arc<Self>, peer: IpAddr) -> Result<Place, Refused> {
        // Made at once, so that every way out of here gives back what it counted.
        let mut place = Place { places: Arc::clone(self), address: None };
        if self.taken.fetch_add(1, Ordering::Relaxed) >= self.most {
            self.say();
            return Err(Refused::Full);
        }
        if self.most_of_one < self.most && !self.exempt.trusts(peer) {
            let address = network(peer);
            let mut by_address = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
            let count = by_address.entry(address).or_default();
            if *count >= self.most_of_one {
                drop(by_address);
                self.say();
                return Err(Refused::TooMany);
            }
            *count += 1;
            place.address = Some(address);
        }
        Ok(place)
    }

    /// Connections that there are.
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Connections that there may be.
    pub fn most(&self) -> usize {
        self.most
    }

    /// Connections that were refused since the start.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Nine of ten are taken: who does nothing has to go, so that shoppers find a place.
    pub fn are_short(&self) -> bool {
        self.taken() >= self.most - self.most / 10
    }

    /// Says it once a minute: whoever floods a server must not fill its disk as well.
    fn say(&self) {
        let refused = self.refused.fetch_add(1, Ordering::Relaxed) + 1;
        let now = u64::try_from(self.made.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        let said = self.said.load(Ordering::Relaxed);
        let is_due = said == 0 || now.saturating_sub(said) >= SAID_EVERY;
        if is_due && self.said.compare_exchange(said, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            let (taken, most, of_one) = (self.taken(), self.most, self.most_of_one);
            tracing::warn!(taken, most, of_one, refused, "there are too many connections; some are refused");
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken.fetch_sub(1, Ordering::Relaxed);
        let Some(address) = self.address else { return };
        let mut by_address = self.places.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&address);
            }
        }
    }
}

impl Refused {
    /// Tells whoever came, as far as that goes without waiting, and closes.
    pub fn tell(self, mut stream: impl Read + Write, shutdown: impl FnOnce(Shutdown)) {
        let answer: &[u8] = match self {
            Self::Full => {
                b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-type: text/plain; charset=utf-8\r\n\
                  connection: close\r\ncontent-length: 43\r\n\r\nToo many connections. Try again in a second"
            }
            Self::TooMany => {
                b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-type: text/plain; charset=utf-8\r\n\
                  connection: close\r\ncontent-length: 42\r\n\r\nYour address has too many open connections"
            }
        };
        let _ = stream.write(answer);
        shutdown(Shutdown::Write);
        let mut unread = [0; 2048];
        let mut seen = 0;
        while seen < MOST_UNREAD {
            match stream.read(&mut unread) {
                Ok(length) if length > 0 => seen += length,
                _ => break,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(most: u32, of_one: u32, exempt: &str) -> Arc<Places> {
        let config = ConnectionsConfig {
            max_connections: Some(most),
            max_connections_per_address: Some(of_one),
            ..ConnectionsConfig::default()
        };
        Places::new(&config, Arc::new(exempt.parse().unwrap()))
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn who_comes_beyond_the_last_place_is_refused_until_one_is_given_back() {
        let places = places(3, 0, "");
        let mut held: Vec<Place> = (0..3).map(|_| places.take(ip("192.0.2.1")).unwrap_or_else(|_| panic!())).collect();
        assert_eq!(places.take(ip("192.0.2.2")).err(), Some(Refused::Full));
        assert_eq!((places.taken(), places.refused()), (3, 1), "who was refused has none");
        held.pop();
        assert!(places.take(ip("192.0.2.2")).is_ok());
    }

    #[test]
    fn an_address_has_its_share_and_leaves_the_rest_to_others() {
        let places = places(10, 2, "10.0.0.0/8");
        let take = |text: &str| places.take(ip(text));
        let held = [take("192.0.2.1"), take("192.0.2.1"), take("2001:db8::1"), take("2001:db8::2")];
        assert!(held.iter().all(Result::is_ok));
        assert_eq!(take("192.0.2.1").err(), Some(Refused::TooMany));
        assert_eq!(
            take("::ffff:192.0.2.1").err(),
            Some(Refused::TooMany),
            "the same, as a socket of both kinds says it"
        );
        assert_eq!(take("2001:db8::3").err(), Some(Refused::TooMany), "of one /64");
        let others = [take("192.0.2.2"), take("2001:db8:0:1::1"), take("10.1.1.1"), take("10.1.1.1"), take("10.1.1.1")];
        assert!(others.iter().all(Result::is_ok), "other addresses, and a proxy that is trusted");
        assert!(places.are_short(), "nine of ten are taken");
        drop((held, others));
        assert_eq!(places.taken(), 0);
        assert!(places.by_address.lock().unwrap().is_empty(), "nobody who is gone is remembered");
        assert!(take("192.0.2.1").is_ok());
    }

    #[test]
    fn who_is_refused_reads_why() {
        for refused in [Refused::Full, Refused::TooMany] {
            let mut told = std::io::Cursor::new(Vec::new());
            refused.tell(&mut told, |_| {});
            let told = String::from_utf8(told.into_inner()).unwrap();
            let (head, body) = told.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("content-length: {}", body.len())), "{told}");
        }
    }
}
