//! The first words with the database: its schema, whose it is, and all that the catalog has to know.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{
    catalog::Catalog,
    db::{self, Db},
    error::{Error, Result},
};

/// A connection may die without a word. A migration that sums up years of clicks may take many minutes.
const MOST_TRY: Duration = Duration::from_secs(3600);
const BETWEEN_TRIES: Duration = Duration::from_millis(500);

pub struct Start {
    pub db: Db,
    pub catalog: Arc<Catalog>,
    pub fingerprint: [u8; 32],
}

impl Start {
    /// Tries until the database is ready. Only what no waiting helps against is an error.
    pub async fn until_ready(self, ready: watch::Sender<bool>, mut stop: watch::Receiver<bool>) -> Result<()> {
        let mut is_away = false;
        while !*stop.borrow() {
            let tried = tokio::select! {
                tried = self.prepare() => tried,
                () = tokio::time::sleep(MOST_TRY) => Err(Error::unavailable("it hangs")),
                () = self.db.returned() => Err(Error::unavailable("it was away meanwhile")),
            };
            match tried {
                Ok(()) => {
                    if is_away {
                        tracing::info!("the database answers; everything is served");
                    }
                    ready.send_replace(true);
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
