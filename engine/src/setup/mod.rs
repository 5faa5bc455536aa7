//! What an admin sets up: each function writes one transaction and makes the change known in memory at once.

mod advertisers;
mod campaigns;
mod codes;
mod coupons;
mod influencers;
mod keys;
mod links;

pub use self::codes::password as random_password;

use crate::{
    Engine,
    db::{self, Conn},
    error::Result,
};

impl Engine {
    /// Opens a transaction that will change the catalog, with the version its rows get.
    async fn begin_change(&self) -> Result<(Conn, i64)> {
        let mut conn = self.db.begin().await?;
        let version = db::installation::raise_version(&mut conn).await?;
        Ok((conn, version))
    }

    /// Commits, then reads the change into memory. Where that read fails, the poll a second later has it.
    async fn commit_change(&self, conn: Conn) -> Result<()> {
        conn.commit().await?;
        if let Err(error) = self.catalog.refresh(&self.db).await {
            tracing::warn!(%error, "a change is stored, but not known in memory yet");
        }
        Ok(())
    }
}
