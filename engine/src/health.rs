//! How things stand, for health checks and operators.

use std::sync::{Arc, atomic::Ordering};

use model::Timestamp;

use crate::{clicks::spool::SpoolRoom, engine::Shared};

/// How things stand, for health checks and operators.
#[derive(Clone, Debug)]
pub struct Health {
    pub database: bool,
    /// At most: before the database has answered once, nobody knows how much of it was read.
    pub spool_waiting_bytes: u64,
    /// Clicks answered but not written down, since the start.
    pub clicks_lost: u64,
    /// Another process drains this click log: nothing of it is counted here any more.
    pub is_displaced: bool,
}

pub(crate) struct SpoolHealth {
    pub waiting_bytes: u64,
    pub recorded: u64,
    pub lost: u64,
    pub is_displaced: bool,
    pub room: SpoolRoom,
}

impl Shared {
    pub async fn health(&self) -> Health {
        let database = self.is_ready() && self.db.answers().await;
        let spool = self.spool_health();
        Health {
            database,
            spool_waiting_bytes: spool.waiting_bytes,
            clicks_lost: spool.lost,
            is_displaced: spool.is_displaced,
        }
    }

    pub(crate) fn spool_health(&self) -> SpoolHealth {
        let position = self.drained.position();
        SpoolHealth {
            waiting_bytes: self.spool.waiting_bytes(position.unwrap_or_default()).unwrap_or_default(),
            recorded: self.spool.recorded(),
            lost: self.spool.lost(),
            is_displaced: self.is_displaced.load(Ordering::Relaxed),
            room: self.spool.room(),
        }
    }

    /// What the disk says that the click log is on.
    pub(crate) fn disk(&self) -> Option<rustix::fs::StatVfs> {
        rustix::fs::statvfs(self.spool.folder()).ok()
    }

    /// Whether the database has said up to where it has read the click log.
    pub(crate) fn is_drain_known(&self) -> bool {
        self.drained.position().is_some()
    }

    /// When the oldest click was recorded that is not in the database yet.
    pub(crate) async fn oldest_waiting(&self) -> Option<Timestamp> {
        let from = self.drained.position()?;
        let spool = Arc::clone(&self.spool);
        // Its folder is read, which may take a moment.
        tokio::task::spawn_blocking(move || spool.first_click_after(from)).await.ok().flatten()
    }
}
