//! Each packet between server and database takes long.

use std::time::{Duration, Instant};

use super::support::{Trial, Way, outage};

pub const DELAY: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_go_on_while_the_database_is_slow_and_are_counted() {
    let trial = Trial::through_proxy().await;
    trial.proxy.set(Way::Slow(DELAY));
    let begun = Instant::now();
    trial.until_in_use(begun).await;
    tokio::time::sleep(outage().saturating_sub(begun.elapsed())).await;
    assert!(trial.server.is_ready().await, "slow is not away");
    trial.proxy.set(Way::Open);
    let in_use = trial.until_in_use(Instant::now()).await;
    trial.finish("database slow", in_use).await;
}
