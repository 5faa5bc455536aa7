//! A server is started while its database is away: it was there before, and has its links on disk.

use std::time::Instant;

use reqwest::StatusCode;
use rustix::process::Signal;

use super::{
    slow::DELAY,
    support::{Trial, Way, outage, until},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_starts_without_its_database_redirects_at_once() {
    let mut trial = Trial::direct().await;
    trial.start_after(async |database, _| database.stop(Signal::TERM)).await;
    without_database(&trial).await;
    trial.database.start_again().await;
    let in_use = trial.until_in_use(Instant::now()).await;
    trial.finish("started without the database", in_use).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_starts_while_the_way_to_its_database_swallows_all_redirects_at_once() {
    let mut trial = Trial::through_proxy().await;
    trial.start_after(async |_, proxy| proxy.set(Way::Swallows)).await;
    without_database(&trial).await;
    trial.proxy.set(Way::Open);
    let in_use = trial.until_in_use(Instant::now()).await;
    trial.finish("started with the database swallowed", in_use).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_starts_while_its_database_is_slow_redirects_at_once_and_is_ready_later() {
    let mut trial = Trial::through_proxy().await;
    trial.start_after(async |_, proxy| proxy.set(Way::Slow(DELAY / 3))).await;
    let in_use = trial.until_in_use(Instant::now()).await;
    trial.proxy.set(Way::Open);
    trial.finish("started with a slow database", in_use).await;
}

/// The load finds every visitor sent on; what needs the database says that it is not there.
async fn without_database(trial: &Trial) {
    let begun = Instant::now();
    for path in ["/", "/api/v1/campaigns", "/api/v1/diagnostics"] {
        assert_eq!(trial.server.status(path).await, Some(StatusCode::SERVICE_UNAVAILABLE), "{path}");
    }
    assert_eq!(trial.server.status("/healthz").await, Some(StatusCode::OK));
    until("the log says what is wrong", async || trial.server.said("ERROR", "the database does not answer") > 0).await;
    let ready = trial.server.get("/readyz").await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    let told: serde_json::Value = ready.json().await.unwrap();
    assert_eq!(told["ready"], false, "{told}");
    assert!(told["reason"].as_str().unwrap().contains("database") && told["clicks_waiting_bytes"].is_u64(), "{told}");
    tokio::time::sleep(outage().saturating_sub(begun.elapsed())).await;
}
