//! The database keeps its connections and answers nothing, or the way to it swallows all that is sent.

use std::time::Instant;

use super::support::{Trial, Way};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_go_on_while_the_database_hangs_and_are_counted_once_it_goes_on() {
    let mut trial = Trial::direct().await;
    trial.database.pause();
    trial.outage().await;
    trial.database.go_on();
    let in_use = trial.until_in_use(Instant::now()).await;
    trial.finish("database hanging", in_use).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_died_unnoticed_are_replaced_once_the_way_is_open_again() {
    let mut trial = Trial::through_proxy().await;
    trial.proxy.set(Way::Swallows);
    trial.outage().await;
    trial.proxy.set(Way::Open);
    let in_use = trial.until_in_use(Instant::now()).await;
    trial.finish("database swallowed", in_use).await;
}
