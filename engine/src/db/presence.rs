//! Whether a database across a network answers: asked once a second over a connection of its own.
//!
//! A statement has no time limit, and a connection may die without a word. So whoever waits for the database
//! listens here too, asks nothing while it is away, and trusts no connection from before it was.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sqlx::{ConnectOptions, Connection, MySqlConnection, mysql::MySqlConnectOptions};
use tokio::{sync::watch, task::JoinSet, time::timeout};

use crate::error::{Error, Result};

/// How often it is asked, how soon it is asked over another connection, and how often while it is away.
const PULSE: Duration = Duration::from_secs(1);
/// What takes longer to answer hangs.
const PATIENCE: Duration = Duration::from_secs(3);
/// A connection that is not made by then is given up. Later tries do not wait for it.
const MOST_CONNECTING: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub struct Presence(Arc<watch::Sender<State>>);

#[derive(Clone, Copy, Debug)]
enum State {
    /// Connections from before this moment may be dead.
    Here(Instant),
    Away,
}

impl State {
    fn is_away(self) -> bool {
        matches!(self, Self::Away)
    }
}

impl Presence {
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(State::Here(Instant::now()))))
    }

    /// An error while it is known to be away.
    pub(super) fn check(&self) -> Result<()> {
        if self.is_away() { Err(Error::unavailable("it does not answer")) } else { Ok(()) }
    }

    pub(super) fn is_away(&self) -> bool {
        self.0.borrow().is_away()
    }

    /// Whether a connection of this age was made since the database was away last.
    pub(super) fn trusts(&self, age: Duration) -> bool {
        match *self.0.borrow() {
            State::Here(since) => age <= since.elapsed(),
            State::Away => false,
        }
    }

    /// Waits until it goes away, or until it is here after it did not answer.
    pub(super) async fn turns(&self, to_away: bool) {
        let mut state = self.0.subscribe();
        // The sender is held here: there is always a next change to wait for.
        while state.changed().await.is_ok() && state.borrow_and_update().is_away() != to_away {}
    }

    /// Asks until it is dropped.
    pub(super) async fn follow(&self, options: &MySqlConnectOptions) {
        let mut connection = self.connect(options).await;
        loop {
            while let Ok(Ok(())) = timeout(PULSE, connection.ping()).await {
                tokio::time::sleep(PULSE).await;
            }
            connection = self.connect(options).await;
            // What this connection died of, others may have died of too, however short it was.
            self.0.send_replace(State::Here(Instant::now()));
        }
    }

    /// Tries again and again, each try beside those that still hang. The first that succeeds is used.
    async fn connect(&self, options: &MySqlConnectOptions) -> MySqlConnection {
        let begun = Instant::now();
        let mut answered = begun;
        let mut tries = JoinSet::new();
        let mut next = tokio::time::interval(PULSE);
        loop {
            tokio::select! {
                _ = next.tick() => {
                    if answered.elapsed() > PATIENCE {
                        self.is_gone(&"it hangs");
                    }
                    let options = options.clone();
                    tries.spawn(async move { timeout(MOST_CONNECTING, options.connect()).await });
                }
                Some(tried) = tries.join_next() => match tried {
                    Ok(Ok(Ok(connection))) => {
                        self.is_back(begun);
                        return connection;
                    }
                    // It refuses this connection, perhaps for having too many: others may serve.
                    Ok(Ok(Err(sqlx::Error::Database(_)))) => answered = Instant::now(),
                    Ok(Ok(Err(error))) => self.is_gone(&error),
                    Ok(Err(_)) | Err(_) => {}
                },
            }
        }
    }

    fn is_gone(&self, reason: &dyn std::fmt::Display) {
        // Once, not with every try.
        if !self.is_away() {
            tracing::error!(%reason, "the database does not answer; redirects go on, clicks wait in the log");
            self.0.send_replace(State::Away);
        }
    }

    fn is_back(&self, since: Instant) {
        if self.is_away() {
            tracing::warn!(seconds = since.elapsed().as_secs(), "the database answers again");
            self.0.send_replace(State::Here(Instant::now()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_connection_from_before_an_outage_is_trusted() {
        let presence = Presence::new();
        assert!(presence.check().is_ok() && presence.trusts(Duration::ZERO));
        presence.is_gone(&"a test");
        assert!(presence.check().is_err() && !presence.trusts(Duration::ZERO));
        presence.is_back(Instant::now());
        assert!(presence.check().is_ok() && presence.trusts(Duration::ZERO));
        assert!(!presence.trusts(Duration::from_secs(1)));
    }

    #[tokio::test]
    async fn whoever_waits_hears_of_the_turn_alone() {
        let presence = Presence::new();
        let (away, back) = (presence.turns(true), presence.turns(false));
        tokio::pin!(away, back);
        let now = Duration::from_millis(1);
        assert!(timeout(now, &mut away).await.is_err());
        assert!(timeout(now, &mut back).await.is_err(), "it is here, and has not been away");
        presence.is_gone(&"a test");
        away.await;
        assert!(timeout(now, &mut back).await.is_err());
        presence.is_back(Instant::now());
        back.await;
    }
}
