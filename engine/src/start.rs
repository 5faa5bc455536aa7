//! The first words with the database: its schema, whose it is, and all that the catalog has to know.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{
    catalog::{Catalog, held_facts::FactsFile},
    db::{self, Db},
    error::{Error, Result},
};

/// A connection may die without a word. Many accounts, codes and keys take their time over a slow way.
const MOST_TRY: Duration = Duration::from_secs(600);
const BETWEEN_TRIES: Duration = Duration::from_millis(500);

pub struct Start {
    pub db: Db,
    pub catalog: Arc<Catalog>,
    pub fingerprint: [u8; 32],
}

/// Says how far the start has come.
#[derive(Clone)]
pub struct Readiness {
    /// Events' keys and credits are known: they can be taken in.
    pub knows: watch::Sender<bool>,
    /// The database has answered.
    pub ready: watch::Sender<bool>,
}

impl Readiness {
    pub fn is_reached(&self) {
        self.ready.send_replace(true);
        self.knows.send_replace(true);
    }
}

impl Start {
    /// Tries until the database is ready. Only what no waiting helps against is an error.
    pub async fn until_ready(
        self,
        last_run: FactsFile,
        readiness: Readiness,
        mut stop: watch::Receiver<bool>,
    ) -> Result<()> {
        let mut is_away = false;
        if self.hold_facts(last_run).await {
            readiness.knows.send_replace(true);
        }
        while !*stop.borrow() {
            let is_pending = tokio::select! {
                schema = self.db.schema() => schema.map(|schema| !schema.pending.is_empty()),
                () = tokio::time::sleep(MOST_TRY) => Err(Error::unavailable("it hangs")),
                () = self.db.returned() => Err(Error::unavailable("it was away meanwhile")),
            };
            // A change of the schema is never broken off: MySQL could not take back what is done of it.
            let migrated = match is_pending {
                Ok(true) => self.db.migrate().await,
                looked => looked.map(drop),
            };
            let prepared = async {
                migrated?;
                self.prepare().await
            };
            let tried = tokio::select! {
                tried = prepared => tried,
                () = tokio::time::sleep(MOST_TRY) => Err(Error::unavailable("it hangs")),
                () = self.db.returned() => Err(Error::unavailable("it was away meanwhile")),
            };
            match tried {
                Ok(()) => {
                    if is_away {
                        tracing::info!("the database answers; everything is served");
                    }
                    readiness.is_reached();
                    until_stopped(stop).await?;
                    return Ok(());
                }
                Err(error @ Error::Unavailable(_)) => {
                    // Once, not with every try.
                    if !is_away {
                        tracing::error!(%error, "the database does not answer; links redirect as they did last");
                    }
                    is_away = true;
                }
                Err(error) => return Err(error),
            }
            tokio::select! {
                () = tokio::time::sleep(BETWEEN_TRIES) => {}
                () = self.db.returned() => {}
                _ = stop.changed() => {}
            }
        }
        Ok(())
    }

    /// Takes over what is known of the last run, before anything newer is. Events wait for the database where nothing is.
    async fn hold_facts(&self, last_run: FactsFile) -> bool {
        let read = tokio::task::spawn_blocking(move || last_run.read()).await;
        match read.unwrap_or_else(|error| Err(std::io::Error::other(error))) {
            Ok(held) => held.map(|held| self.catalog.hold_facts(held)).is_some(),
            Err(error) => {
                tracing::warn!(%error, "the snapshot of the catalog cannot be read; events wait for the database");
                false
            }
        }
    }

    pub async fn prepare(&self) -> Result<()> {
        self.db.migrate().await?;
        self.check_secret().await?;
        self.catalog.refresh(&self.db).await
    }

    /// A node with another secret could read no token and would hash customers differently: it must not start.
    async fn check_secret(&self) -> Result<()> {
        let mut conn = self.db.begin().await?;
        let stored = db::installation::secret_fingerprint(&mut conn, &self.fingerprint).await?;
        conn.commit().await?;
        if stored == self.fingerprint {
            return Ok(());
        }
        Err(Error::Internal(
            "this database was made with another secret key; start with that --secret-key-file (nodes share one)"
                .into(),
        ))
    }
}

pub async fn until_stopped(mut stop: watch::Receiver<bool>) -> Result<()> {
    let _ = stop.wait_for(|stop| *stop).await;
    Ok(())
}
