//! When to stop: SIGTERM from the system, or Ctrl-C.

use tokio::signal::unix::{SignalKind, signal as on};

pub async fn signal() {
    let mut terminate = match on(SignalKind::terminate()) {
        Ok(terminate) => terminate,
        Err(error) => {
            tracing::error!(%error, "SIGTERM cannot be caught; Ctrl-C stops the server");
            let _ = tokio::signal::ctrl_c().await;
            return;
        }
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
