//! How far the clicks that were written down have come.

use std::sync::Arc;

use tokio::sync::watch;

use super::spool::Spool;
use crate::{
    db::clicks::Position,
    error::{Error, Result},
};

#[derive(Clone)]
pub struct Drained {
    pub spool: Arc<Spool>,
    /// Everything before is in the database; None until that has answered once.
    pub position: watch::Receiver<Option<Position>>,
}

impl Drained {
    pub fn position(&self) -> Option<Position> {
        *self.position.borrow()
    }

    /// Waits until every click written down by now is in the database.
    pub async fn all(&self) -> Result<()> {
        let tail = self.spool.tail();
        // A tail at the start of a segment that is not begun yet is reached at the end of the one before.
        let reached = |at: &Option<Position>| {
            at.is_some_and(|at| at >= tail)
                || self.spool.waiting_bytes(at.unwrap_or_default()).is_ok_and(|bytes| bytes == 0)
        };
        let mut position = self.position.clone();
        position.wait_for(reached).await.map(drop).map_err(|_| Error::unavailable("the drain has stopped"))
    }
}
