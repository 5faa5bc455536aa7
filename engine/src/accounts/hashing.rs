//! Turns at hashing passwords: two at a time, off the threads that answer requests, as each takes 19 MiB and some 20 ms.
//! So many may wait for theirs, a second or so; whoever comes then is told to come again: a crowd at the door must not
//! grow without end. Nor may one account, or one address, fill the room: each has an eighth of the places.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::throttle::name;
use crate::{
    error::{Error, Result},
    network::network,
};

const AT_ONCE: usize = 2;
const MOST_WAITING: usize = 62;
/// Places of one account or one address, at work and waiting.
const MOST_OF_ONE: usize = (AT_ONCE + MOST_WAITING) / 8;

pub struct HashTurns {
    turns: Arc<Semaphore>,
    places: Arc<Places>,
}

/// Whom a place is taken for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Holder {
    Anybody,
    /// By what somebody says their name is: whether there is such an account makes no difference.
    Account(String),
    Network(IpAddr),
}

/// Places that are taken, for those at work and those who wait.
#[derive(Default)]
struct Places(Mutex<HashMap<Holder, usize>>);

/// Somebody's place, counted for each of these.
struct Place {
    places: Arc<Places>,
    holders: Vec<Holder>,
}

/// Somebody's turn: it ends with the work.
pub struct Turn {
    _turn: OwnedSemaphorePermit,
    _place: Place,
}

impl Default for HashTurns {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), places: Arc::default() }
    }
}

impl HashTurns {
    /// `account`: whose password it is, or is said to be. `from`: the client's address. None where there is none, as
    /// while an installation is made.
    pub async fn next(&self, account: Option<&str>, from: Option<IpAddr>) -> Result<Turn> {
        let account = account.map(|account| Holder::Account(name(account)));
        let network = from.map(|from| Holder::Network(network(from)));
        let place = self.places.take([Some(Holder::Anybody), account, network].into_iter().flatten().collect())?;
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_| Error::Internal("the hashing semaphore is never closed".into()))?;
        Ok(Turn { _turn: turn, _place: place })
    }
}

impl Holder {
    fn most(&self) -> usize {
        match self {
            Self::Anybody => AT_ONCE + MOST_WAITING,
            Self::Account(_) | Self::Network(_) => MOST_OF_ONE,
        }
    }
}

impl Places {
    fn take(self: &Arc<Self>, holders: Vec<Holder>) -> Result<Place> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if holders.iter().any(|holder| taken.get(holder).is_some_and(|count| *count >= holder.most())) {
            return Err(Error::Busy("Too many passwords are being checked; try again in a moment."));
        }
        for holder in &holders {
            *taken.entry(holder.clone()).or_default() += 1;
        }
        Ok(Place { places: Arc::clone(self), holders })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        for holder in &self.holders {
            if let Some(count) = taken.get_mut(holder) {
                *count -= 1;
                if *count == 0 {
                    taken.remove(holder);
                }
            }
        }
    }
}

impl Turn {
    /// The turn ends with the work, also where the caller has hung up meanwhile.
    pub async fn hash<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let work = move || {
            let done = work();
            drop(self);
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(format!("hashing: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use futures_util::future::join_all;

    use super::*;

    type Waiting<'a> = Pin<Box<dyn Future<Output = Result<Turn>> + 'a>>;

    async fn wait<'a>(turns: &'a HashTurns, account: Option<&'a str>, from: Option<&str>) -> Waiting<'a> {
        let mut waiting: Waiting<'a> = Box::pin(turns.next(account, from.map(|ip| ip.parse().unwrap())));
        assert!(futures_util::poll!(waiting.as_mut()).is_pending());
        waiting
    }

    async fn is_refused(turns: &HashTurns, account: &str, from: &str) -> bool {
        let mut next = Box::pin(turns.next(Some(account), Some(from.parse().unwrap())));
        matches!(futures_util::poll!(next.as_mut()), std::task::Poll::Ready(Err(Error::Busy(_))))
    }

    #[tokio::test]
    async fn two_hash_some_wait_and_the_rest_are_told_to_come_again() {
        let turns = HashTurns::default();
        let (first, second) = (turns.next(None, None).await.unwrap(), turns.next(None, None).await.unwrap());
        let mut waiting = Vec::new();
        for _ in 0..MOST_WAITING {
            waiting.push(wait(&turns, None, None).await);
        }
        assert!(matches!(turns.next(None, None).await, Err(Error::Busy(_))));
        drop((first, second));
        // Each lets the next one in as it ends.
        let done = join_all(waiting.into_iter().map(async |turn| turn.await.unwrap().hash(|| 1).await.unwrap())).await;
        assert_eq!(done.len(), MOST_WAITING);
        assert!(turns.next(None, None).await.is_ok());
    }

    #[tokio::test]
    async fn whoever_stops_waiting_leaves_the_place_to_others() {
        let turns = HashTurns::default();
        let held = (turns.next(None, None).await.unwrap(), turns.next(None, None).await.unwrap());
        for _ in 0..1000 {
            drop(wait(&turns, Some("anna@shop.example"), Some("192.0.2.1")).await);
        }
        drop(held);
        assert!(turns.next(None, None).await.is_ok());
        assert!(turns.places.0.lock().unwrap().is_empty(), "nobody who is gone is remembered");
    }

    #[tokio::test]
    async fn one_account_or_one_address_has_an_eighth_and_leaves_the_rest_to_others() {
        let turns = HashTurns::default();
        let _held = (turns.next(None, None).await.unwrap(), turns.next(None, None).await.unwrap());
        let mut of_account = Vec::new();
        for n in 0..8 {
            of_account.push(wait(&turns, Some("anna@shop.example"), Some(&format!("192.0.2.{n}"))).await);
        }
        assert!(is_refused(&turns, " Anna@Shop.example", "192.0.2.99").await, "from wherever, however it is written");
        let names: Vec<String> = (0..8).map(|n| format!("{n}@shop.example")).collect();
        let mut of_address = Vec::new();
        for (n, name) in names.iter().enumerate() {
            of_address.push(wait(&turns, Some(name), Some(&format!("2001:db8:0:1::{n}"))).await);
        }
        assert!(is_refused(&turns, "other", "2001:db8:0:1:ffff::1").await, "whatever the account, of one /64");
        let _others = [
            wait(&turns, Some("other"), Some("2001:db8:0:2::1")).await,
            wait(&turns, Some("other"), Some("198.51.100.1")).await,
        ];
        of_account.pop();
        assert!(!is_refused(&turns, "anna@shop.example", "192.0.2.99").await, "a place that was given back");
    }
}
