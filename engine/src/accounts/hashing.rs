//! Turns at hashing passwords: two at a time, off the threads that answer requests, as each takes 19 MiB and some 20 ms.
//! So many may wait for theirs, a second or so; whoever comes then is told to come again: a crowd at the door must not
//! grow without end.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, Result};

const AT_ONCE: usize = 2;
const MOST_WAITING: usize = 62;

pub struct HashTurns {
    turns: Arc<Semaphore>,
    /// For those at work and those who wait.
    places: Arc<Semaphore>,
}

/// Somebody's turn: it ends with the work.
pub struct Turn {
    _turn: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

impl Default for HashTurns {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), places: Arc::new(Semaphore::new(AT_ONCE + MOST_WAITING)) }
    }
}

impl HashTurns {
    pub async fn next(&self) -> Result<Turn> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| Error::Busy("Too many passwords are being checked; try again in a moment."))?;
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_| Error::Internal("the hashing semaphore is never closed".into()))?;
        Ok(Turn { _turn: turn, _place: place })
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
    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn two_hash_some_wait_and_the_rest_are_told_to_come_again() {
        let turns = HashTurns::default();
        let (first, second) = (turns.next().await.unwrap(), turns.next().await.unwrap());
        let mut waiting: Vec<_> = (0..MOST_WAITING).map(|_| Box::pin(turns.next())).collect();
        for turn in &mut waiting {
            assert!(futures_util::poll!(turn.as_mut()).is_pending());
        }
        assert!(matches!(turns.next().await, Err(Error::Busy(_))));
        drop((first, second));
        // Each lets the next one in as it ends.
        let done = join_all(waiting.into_iter().map(async |turn| turn.await.unwrap().hash(|| 1).await.unwrap())).await;
        assert_eq!(done.len(), MOST_WAITING);
        assert!(turns.next().await.is_ok());
    }

    #[tokio::test]
    async fn whoever_stops_waiting_leaves_the_place_to_others() {
        let turns = HashTurns::default();
        let held = (turns.next().await.unwrap(), turns.next().await.unwrap());
        for _ in 0..1000 {
            let mut waiting = Box::pin(turns.next());
            assert!(futures_util::poll!(waiting.as_mut()).is_pending());
        }
        drop(held);
        assert!(turns.next().await.is_ok());
    }
}
