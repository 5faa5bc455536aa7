//! Followed links, counted by whoever answers them: each thread of the front for itself, the router for the rest.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// All that were counted.
#[derive(Debug, Default)]
pub struct Follows {
    threads: Mutex<Vec<Arc<FollowCounts>>>,
    pub router: RouterFollows,
}

/// What one thread of the front has done. It alone writes them, once a round, so they cost it no more than a store each;
/// a cache line holds those of no other thread.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct FollowCounts {
    pub redirected: AtomicU64,
    pub handed_over: AtomicU64,
    pub accepted: AtomicU64,
    /// Connections that it holds now.
    pub open: AtomicU64,
}

/// What the router answered of `/r/`.
#[derive(Debug, Default)]
pub struct RouterFollows {
    redirected: AtomicU64,
    not_found: AtomicU64,
    gone: AtomicU64,
}

/// How a followed link ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    Redirected,
    NotFound,
    Gone,
}

/// Sums over all threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FollowNumbers {
    pub redirected: u64,
    pub not_found: u64,
    pub gone: u64,
    pub handed_over: u64,
    pub accepted: u64,
    pub open: u64,
}

impl Follows {
    /// A new thread's.
    pub fn of_thread(&self) -> Arc<FollowCounts> {
        let counts = Arc::new(FollowCounts::default());
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&counts));
        counts
    }

    pub fn get(&self) -> FollowNumbers {
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let mut sums = FollowNumbers {
            redirected: get(&self.router.redirected),
            not_found: get(&self.router.not_found),
            gone: get(&self.router.gone),
            ..FollowNumbers::default()
        };
        for thread in &*self.threads.lock().unwrap_or_else(PoisonError::into_inner) {
            sums.redirected += get(&thread.redirected);
            sums.handed_over += get(&thread.handed_over);
            sums.accepted += get(&thread.accepted);
            sums.open += get(&thread.open);
        }
        sums
    }
}

impl RouterFollows {
    pub fn note(&self, followed: Followed) {
        let count = match followed {
            Followed::Redirected => &self.redirected,
            Followed::NotFound => &self.not_found,
            Followed::Gone => &self.gone,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}
