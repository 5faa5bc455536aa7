//! How much of requests' bodies there is in memory at once, in all and of each address: each connection may send a
//! batch of a megabyte, and there may be thousands.
//!
//! Small bodies, as nearly all are, are not counted: connections bound them, and single events pass nothing that they
//! all share.

use std::{
    collections::HashMap,
    fmt,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use axum::http::{HeaderValue, Request};
use engine::network;
use http_body::Body;

use super::ConnectionsConfig;
use crate::{
    client_ip::{TrustedProxies, client_ip},
    metrics::{Limit, rate_limited},
};

/// Bytes of a body that is not counted.
const SMALL: u64 = 16 << 10;
/// As much as is kept of any body: of a longer one the rest is thrown away as it comes.
const MOST_KEPT: usize = 1 << 20;

#[derive(Debug)]
pub struct Bodies {
    most: usize,
    most_of_one: usize,
    taken: AtomicUsize,
    by_address: Mutex<HashMap<IpAddr, usize>>,
    /// Their clients are counted, not they.
    proxies: Arc<TrustedProxies>,
}

/// What one body takes, given back once it is answered.
#[derive(Debug)]
pub struct Room {
    bodies: Arc<Bodies>,
    /// Whom it is counted for.
    address: Option<IpAddr>,
    taken: AtomicUsize,
    is_refused: AtomicBool,
}

/// There was no room for a body.
#[derive(Clone, Copy, Debug)]
pub struct NoRoom;

impl Bodies {
    pub fn new(config: &ConnectionsConfig, proxies: Arc<TrustedProxies>) -> Arc<Self> {
        let (most, most_of_one) = config.most_of_bodies();
        Arc::new(Self { most, most_of_one, taken: AtomicUsize::new(0), by_address: Mutex::default(), proxies })
    }

    /// Where a request's body is to take its room; None where it is small.
    pub fn room<B: Body>(self: &Arc<Self>, request: &Request<B>, peer: IpAddr) -> Option<Arc<Room>> {
        if request.body().size_hint().upper().is_some_and(|most| most <= SMALL) {
            return None;
        }
        let lines = |name| request.headers().get_all(name).into_iter().map(HeaderValue::as_bytes);
        let from = client_ip(&self.proxies, peer, lines("x-forwarded-for"), lines("forwarded"));
        let is_counted = self.most_of_one < self.most && !self.proxies.trusts(from);
        Some(Arc::new(Room {
            bodies: Arc::clone(self),
            address: is_counted.then(|| network(from)),
            taken: AtomicUsize::new(0),
            is_refused: AtomicBool::new(false),
        }))
    }

    /// Bytes that are taken.
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    fn take(&self, address: Option<IpAddr>, bytes: usize) -> bool {
        if self.taken.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) > self.most {
            self.taken.fetch_sub(bytes, Ordering::Relaxed);
            return false;
        }
        let Some(address) = address else { return true };
        let mut by_address = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = by_address.get(&address).copied().unwrap_or_default() + bytes;
        if of_one > self.most_of_one {
            self.taken.fetch_sub(bytes, Ordering::Relaxed);
            return false;
        }
        by_address.insert(address, of_one);
        true
    }

    fn give_back(&self, address: Option<IpAddr>, bytes: usize) {
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
        let Some(address) = address else { return };
        let mut by_address = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_one) = by_address.get_mut(&address) {
            *of_one -= bytes;
            if *of_one == 0 {
                by_address.remove(&address);
            }
        }
    }
}

impl Room {
    /// Takes room for a part that has come. Once there was none, there is none for the rest.
    pub fn take(&self, part: usize) -> bool {
        if self.is_refused() {
            return false;
        }
        let bytes = part.min(MOST_KEPT - self.taken.load(Ordering::Relaxed));
        if bytes == 0 || self.bodies.take(self.address, bytes) {
            self.taken.fetch_add(bytes, Ordering::Relaxed);
            return true;
        }
        self.is_refused.store(true, Ordering::Relaxed);
        rate_limited(Limit::Bodies);
        false
    }

    /// Whether there was no room for some of the body, so that whoever was to read it did not get all of it.
    pub fn is_refused(&self) -> bool {
        self.is_refused.load(Ordering::Relaxed)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        match *self.taken.get_mut() {
            0 => {}
            bytes => self.bodies.give_back(self.address, bytes),
        }
    }
}

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there are too many bodies at once")
    }
}

impl std::error::Error for NoRoom {}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    const KIB: usize = 1 << 10;

    fn bodies(most: usize, most_of_one: usize, proxies: &str) -> Arc<Bodies> {
        let config = ConnectionsConfig {
            max_body_bytes: most as u64,
            max_body_bytes_per_address: Some(most_of_one as u64),
            ..ConnectionsConfig::default()
        };
        Bodies::new(&config, Arc::new(proxies.parse().unwrap()))
    }

    fn room(bodies: &Arc<Bodies>, length: usize, peer: &str, forwarded_for: &str) -> Option<Arc<Room>> {
        let request = Request::builder().header("x-forwarded-for", forwarded_for).body(Body::from(vec![0; length]));
        bodies.room(&request.unwrap(), peer.parse().unwrap())
    }

    #[test]
    fn small_bodies_take_no_room_and_others_as_much_as_has_come() {
        let bodies = bodies(2048 * KIB, 0, "");
        assert!(room(&bodies, 16 * KIB, "192.0.2.1", "").is_none());
        let one = room(&bodies, 64 * KIB, "192.0.2.1", "").unwrap();
        assert_eq!(bodies.taken(), 0, "nothing has come of it");
        assert!(one.take(10 * KIB) && one.take(10 * KIB));
        assert_eq!(bodies.taken(), 20 * KIB);
        let endless = room(&bodies, 10 * KIB * KIB, "192.0.2.2", "").unwrap();
        assert!((0..100).all(|_| endless.take(64 * KIB)), "more than a megabyte is thrown away");
        assert_eq!(bodies.taken(), (20 + 1024) * KIB);
        let third = room(&bodies, 10 * KIB * KIB, "192.0.2.3", "").unwrap();
        assert!(third.take(1000 * KIB) && !third.take(10 * KIB) && third.is_refused());
        assert!(!third.take(1), "what has a hole is no body");
        drop((one, endless));
        assert_eq!(bodies.taken(), 1000 * KIB);
        drop(third);
        assert_eq!(bodies.taken(), 0);
    }

    #[test]
    fn an_address_has_its_share_behind_a_proxy_too() {
        let bodies = bodies(4096 * KIB, 1024 * KIB, "10.0.0.0/8");
        let take = |peer: &str, forwarded_for: &str| {
            let room = room(&bodies, 1024 * KIB, peer, forwarded_for).unwrap();
            (room.take(600 * KIB), room)
        };
        let held = [take("192.0.2.1", ""), take("10.0.0.1", "2001:db8:0:1::1"), take("10.0.0.1", "")];
        assert!(held.iter().all(|(is_taken, _)| *is_taken));
        assert!(!take("192.0.2.1", "198.51.100.1").0, "what is made up is no other address");
        assert!(!take("10.0.0.1", "2001:db8:0:1:ffff::1").0, "of one /64");
        assert!(take("10.0.0.1", "2001:db8:0:2::1").0 && take("10.0.0.1", "").0, "others, and the proxy itself");
        drop(held);
        assert!(bodies.by_address.lock().unwrap().is_empty(), "nobody who is gone is remembered");
        assert!(take("192.0.2.1", "").0);
    }
}
