//! Each packet between server and database takes long.

use std::time::{Duration, Instant};

use super::support::{Trial, Way, outage};

const DELAY: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_go_on_while_the_database_is_slow_and_are_counted() {
    let trial = Trial::through_proxy().await;
    trial.proxy.set(Way::Slow(DELAY));
    let begun = Instant::now();
    let in_use = trial.until_in_use(begun).await;
    assert!(trial.server.is_ready().await, "slow is not away");
    tokio::time::sleep(outage().saturating_sub(begun.elapsed())).await;
    assert!(trial.server.diagnostics(&trial.token).await.is_some(), "it is slow, and answers");
    trial.proxy.set(Way::Open);
    let in_use = trial.until_in_use(Instant::now()).await.max(in_use);
    trial.finish("database slow", in_use).await;
}
