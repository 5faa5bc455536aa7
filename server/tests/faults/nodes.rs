//! Two nodes share one database, each with a log of its own; one of them dies.

use reqwest::StatusCode;

use super::support::{Load, MariaDb, Server, Start, count, outage, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_node_goes_on_and_what_the_dead_one_had_answered_is_counted_later() {
    let database = MariaDb::start().await;
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let first_start = Start::new(folders[0].path(), Some(database.url()));
    let mut second_start = Start::new(folders[1].path(), Some(database.url()));
    second_start.secret = Some(folders[0].path().join("data/secret.key"));

    let mut first = Server::start(&first_start).await;
    let second = Server::start(&second_start).await;
    let (code, _) = first.set_up().await;
    let link = format!("/r/{code}");
    until("the second node knows the link", async || second.status(&link).await == Some(StatusCode::FOUND)).await;
    let loads = [Load::start(&first.base, &code), Load::start(&second.base, &code)];
    tokio::time::sleep(outage() / 3).await;
    // The database is paused for a moment, so that the dead node's log holds clicks that nobody else has.
    database.pause();
    tokio::time::sleep(outage() / 6).await;
    first.kill();
    database.go_on();
    let [dead, alive] = loads;
    let dead = dead.end();
    assert!(dead.summary().redirects > 500, "{}", dead.summary());
    tokio::time::sleep(outage() / 2).await;
    let alive = alive.end_without_a_miss();

    let mut first = Server::start(&first_start).await;
    count(vec![dead, alive], &database.url(), "one of two nodes killed").await;
    first.end();
}
