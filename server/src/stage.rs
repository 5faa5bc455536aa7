//! How far the server's end has come. Everybody who answers asks.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;

const SERVING: u8 = 0;
const LEAVING: u8 = 1;
const ENDING: u8 = 2;

/// How long a connection that has not asked anything yet is waited for at the end: its request may be on the way.
pub const FIRST_REQUEST: Duration = Duration::from_secs(1);

pub struct Stage {
    now: AtomicU8,
    told: watch::Sender<u8>,
}

impl Stage {
    pub fn serving() -> Arc<Self> {
        Arc::new(Self { now: AtomicU8::new(SERVING), told: watch::Sender::new(SERVING) })
    }

    /// From now on every answer says that it is the last on its connection; new connections are still taken.
    pub fn leave(&self) {
        self.reach(LEAVING);
    }

    /// From now on no connection is taken, and whoever waits for nothing is let go.
    pub fn end(&self) {
        self.reach(ENDING);
    }

    pub fn is_leaving(&self) -> bool {
        self.now.load(Ordering::Acquire) >= LEAVING
    }

    pub fn is_ending(&self) -> bool {
        self.now.load(Ordering::Acquire) >= ENDING
    }

    pub async fn ending(&self) {
        // Closed with this, whose borrow lasts.
        let _ = self.told.subscribe().wait_for(|stage| *stage >= ENDING).await;
    }

    fn reach(&self, stage: u8) {
        self.now.store(stage, Ordering::Release);
        self.told.send_replace(stage);
    }
}
