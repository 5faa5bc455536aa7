//! The database is stopped, in good order or not, and started again.

use std::time::Instant;

use rustix::process::Signal;

use super::support::Trial;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_go_on_while_the_database_is_stopped_and_are_counted_once_it_is_back() {
    stop_and_start(Signal::TERM, "database stopped").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_go_on_while_the_database_is_killed_and_are_counted_once_it_is_back() {
    stop_and_start(Signal::KILL, "database killed").await;
}

async fn stop_and_start(signal: Signal, fault: &str) {
    let mut trial = Trial::direct().await;
    trial.database.stop(signal);
    trial.outage().await;
    trial.database.start_again().await;
    let in_use = trial.until_in_use(Instant::now()).await;
    trial.finish(fault, in_use).await;
}
