//! Follows what other nodes change, once a second, and keeps on disk for the next start what that needs to know.

use std::{
    io,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use crate::{
    catalog::{Catalog, held_facts::FactsFile},
    db::Db,
    error::{Error, Result},
    setup::KeyUses,
};

/// How often other nodes' changes are looked for.
const POLL: Duration = Duration::from_secs(1);
/// Polls between two times that the last uses of API keys are written down.
const KEY_USES_EVERY: u32 = 5;
/// A database that hangs must not hold the next try.
const MOST_REFRESH: Duration = Duration::from_secs(5);
/// A snapshot is written at most for this part of the time.
const SNAPSHOT_SHARE: u32 = 20;

pub struct Poller {
    pub catalog: Arc<Catalog>,
    pub key_uses: Arc<KeyUses>,
    pub db: Db,
    pub links_path: PathBuf,
    pub fingerprint: [u8; 32],
    pub facts_file: FactsFile,
}

/// What was written last, and when there may be another.
struct Written {
    version: Option<i64>,
    next: Instant,
}

impl Written {
    fn nothing() -> Self {
        Self { version: None, next: Instant::now() }
    }

    /// Writes what has become of it, within a second of a change; less often where writing takes long.
    async fn keep(&mut self, version: i64, at_once: bool, write: impl FnOnce() -> io::Result<()> + Send + 'static) {
        if self.version == Some(version) || (Instant::now() < self.next && !at_once) {
            return;
        }
        let begun = Instant::now();
        let done = tokio::task::spawn_blocking(write).await;
        match done.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(()) => self.version = Some(version),
            Err(error) => tracing::error!(%error, "what the next start needs cannot be kept on disk"),
        }
        self.next = Instant::now() + begun.elapsed() * SNAPSHOT_SHARE;
    }
}

/// The two files, which a start reads one after the other: the links before all else.
struct Kept {
    links: Written,
    facts: Written,
}

impl Poller {
    pub async fn run(self, mut ready: watch::Receiver<bool>, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            _ = ready.wait_for(|ready| *ready) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let mut polls = 0_u32;
        let mut is_away = false;
        let mut kept = Kept { links: Written::nothing(), facts: Written::nothing() };
        loop {
            self.keep_snapshots(&mut kept, false).await;
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                _ = stop.changed() => {}
            }
            let stops = *stop.borrow();
            polls += 1;
            // What is not written down now is written with the next.
            if polls.is_multiple_of(KEY_USES_EVERY) || stops {
                let written = tokio::time::timeout(MOST_REFRESH, self.key_uses.write(&self.db)).await;
                if let Ok(Err(error)) = written {
                    tracing::debug!(%error, "the last uses of API keys could not be written down");
                }
            }
            if stops {
                self.keep_snapshots(&mut kept, true).await;
                return;
            }
            match self.refresh().await {
                Ok(()) => is_away = false,
                // Once, not every second.
                Err(error) if !is_away => {
                    is_away = true;
                    tracing::warn!(%error, "the database does not answer; redirects go on from memory");
                }
                Err(_) => {}
            }
        }
    }

    async fn refresh(&self) -> Result<()> {
        tokio::select! {
            refreshed = self.catalog.refresh(&self.db) => refreshed,
            () = tokio::time::sleep(MOST_REFRESH) => Err(Error::unavailable("it hangs")),
            () = self.db.returned() => Err(Error::unavailable("it was away meanwhile")),
        }
    }

    async fn keep_snapshots(&self, kept: &mut Kept, at_once: bool) {
        let (catalog, path, fingerprint) = (Arc::clone(&self.catalog), self.links_path.clone(), self.fingerprint);
        let links = move || catalog.write_snapshot(&path, &fingerprint);
        kept.links.keep(self.catalog.links_version(), at_once, links).await;
        let (catalog, file) = (Arc::clone(&self.catalog), self.facts_file.clone());
        let facts = move || file.write(&catalog.facts());
        kept.facts.keep(self.catalog.version(), at_once, facts).await;
    }
}
