//! What systemd is told, where it asks (`Type=notify`): that the server serves, that it stops, that it is alive.

use sd_notify::NotifyState;

pub fn ready() {
    tell(&[NotifyState::Ready]);
}

pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Says twice in each `WatchdogSec` that tasks still run. Ends at once where there is none.
pub async fn keep_alive() {
    let Some(within) = sd_notify::watchdog_enabled() else { return };
    loop {
        tell(&[NotifyState::Watchdog]);
        tokio::time::sleep(within / 2).await;
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "systemd could not be told how the server is");
    }
}
