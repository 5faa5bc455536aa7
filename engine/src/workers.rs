//! What works behind the engine's handle, and how it ends.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
};

use crate::{
    Engine,
    clicks::{disk::ClickDurability, spool::Spool},
    error::{Error, Result},
};

/// Clicks reach the disk itself at least this often; what was written survives the process at once.
const FLUSH: Duration = Duration::from_millis(100);

/// A database that is away must not keep the process from ending.
const MOST_STOPPING: Duration = Duration::from_millis(1500);
const MOST_CLOSING: Duration = Duration::from_millis(500);

/// What works behind the handle. [`Workers::stop`] ends it in order.
pub struct Workers {
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) drain: oneshot::Receiver<()>,
    pub(crate) writer: JoinHandle<()>,
    pub(crate) replay: JoinHandle<()>,
    pub(crate) flusher: JoinHandle<()>,
    pub(crate) poller: JoinHandle<()>,
    pub(crate) starter: JoinHandle<Result<()>>,
    pub(crate) keeper: JoinHandle<()>,
    /// Ends with the runtime: it has nothing to finish.
    pub(crate) follower: JoinHandle<()>,
}

impl Workers {
    /// Waits until a worker ends that should not, and says which. None ends by itself.
    pub async fn ended(&mut self) -> Error {
        let which = tokio::select! {
            _ = &mut self.drain => "the drain of the click log",
            _ = &mut self.writer => "the writer of events",
            _ = &mut self.replay => "the recording of events that were put aside",
            _ = &mut self.flusher => "the flusher of the click log",
            _ = &mut self.keeper => "the keeper of failed events",
            _ = &mut self.poller => "the poller of the catalog",
            _ = &mut self.follower => "the follower of the database",
            ended = &mut self.starter => match ended {
                Ok(Err(error)) => return error,
                _ => "the start of the database",
            },
        };
        Error::Internal(format!("{which} has ended, which it never should; see the log"))
    }

    /// Ends the work: what was taken is written, the click log is flushed. False where the database did not
    /// take everything in time; the clicks among it wait in the log.
    pub async fn stop(self, engine: Engine) -> io::Result<bool> {
        self.stop.send_replace(true);
        self.follower.abort();
        let ended = async {
            for worker in [self.writer, self.replay, self.keeper, self.flusher, self.poller] {
                if let Err(error) = worker.await {
                    tracing::error!(%error, "a worker ended with a fault");
                }
            }
            let _ = self.starter.await;
            if self.drain.await.is_err() {
                tracing::error!("the drain of the click log ended with a fault");
            }
        };
        let in_time = tokio::time::timeout(MOST_STOPPING, ended).await.is_ok();
        engine.flush_clicks()?;
        let _ = tokio::time::timeout(MOST_CLOSING, engine.db.close()).await;
        Ok(in_time)
    }
}

/// Has what was written reach the disk.
pub(crate) async fn flush_regularly(spool: Arc<Spool>, mut stop: watch::Receiver<bool>) {
    if spool.durability() == ClickDurability::Process {
        let _ = stop.wait_for(|stop| *stop).await;
        return;
    }
    while !*stop.borrow() {
        tokio::select! {
            () = tokio::time::sleep(FLUSH) => {}
            _ = stop.changed() => {}
        }
        let spool = Arc::clone(&spool);
        // Its fault is logged where it happens.
        let _ = tokio::task::spawn_blocking(move || spool.flush()).await;
    }
}
