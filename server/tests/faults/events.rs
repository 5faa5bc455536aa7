//! Events while the database is away, hangs or is locked: every one is answered in time, recorded once, and credited as
//! if nothing had happened.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use rustix::process::Signal;
use sqlx::{Connection, SqliteConnection};

use super::support::{
    EventTrial, MariaDb, Server, Shop, Way,
    orders::{LANES, lanes, send},
    outage, tell, until,
};

/// How long a server that is told to stop may take.
const MOST_STOPPING: Duration = Duration::from_secs(5);
/// How long the database waits for the next word of a connection.
const WAIT_TIMEOUT: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_accepted_while_the_database_is_stopped_and_recorded_once_it_is_back() {
    let mut database = MariaDb::start().await;
    let trial = EventTrial::on(&database).await;
    let fault = async || {
        database.stop(Signal::TERM);
        tokio::time::sleep(outage()).await;
        print_aside(&trial, "database stopped").await;
        database.start_again().await;
        Instant::now()
    };
    let (lanes, over) = trial.send_during(fault).await;
    tell("database stopped", &lanes, over);
    trial.finish("database stopped", lanes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_accepted_while_the_database_hangs_and_recorded_once_it_goes_on() {
    let database = MariaDb::start().await;
    let trial = EventTrial::on(&database).await;
    let fault = async || {
        database.pause();
        tokio::time::sleep(outage() / 2).await;
        database.go_on();
        Instant::now()
    };
    let (lanes, over) = trial.send_during(fault).await;
    tell("database hanging", &lanes, over);
    trial.finish("database hanging", lanes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_accepted_while_the_way_to_the_database_swallows_all_and_recorded_once_it_is_open() {
    let database = MariaDb::start().await;
    let (trial, proxy) = EventTrial::through_proxy(&database).await;
    let fault = async || {
        proxy.set(Way::Swallows);
        tokio::time::sleep(outage() / 2).await;
        proxy.set(Way::Open);
        Instant::now()
    };
    let (lanes, over) = trial.send_during(fault).await;
    tell("database swallowed", &lanes, over);
    trial.finish("database swallowed", lanes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_is_cut_off_before_its_commit_holds_events_up_for_seconds_only() {
    let database = MariaDb::start().await;
    let (trial, proxy) = EventTrial::through_proxy(&database).await;
    let fault = async || {
        proxy.set(Way::SwallowsFromCommit);
        until("events are to be committed", async || proxy.way() == Way::Swallows).await;
        // Shorter than it takes to notice.
        tokio::time::sleep(Duration::from_secs(2)).await;
        proxy.set(Way::Open);
        Instant::now()
    };
    let (lanes, over) = trial.send_during(fault).await;
    let took = tell("cut off before a commit", &lanes, over);
    assert!(took < 2 * WAIT_TIMEOUT, "{took:?}");
    trial.finish("cut off before a commit", lanes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_accepted_while_another_process_locks_sqlite_and_recorded_once_it_lets_go() {
    let trial = EventTrial::on_sqlite().await;
    let fault = async || {
        let mut other = SqliteConnection::connect(&format!("sqlite://{}", trial.database)).await.unwrap();
        // As often as it takes: the server writes all the time.
        until("the database is locked", async || sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.is_ok())
            .await;
        tokio::time::sleep(outage().min(Duration::from_secs(6))).await;
        sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
        Instant::now()
    };
    let (lanes, over) = trial.send_during(fault).await;
    tell("SQLite locked", &lanes, over);
    trial.finish("SQLite locked", lanes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_are_aside_survive_a_kill_and_a_start_without_the_database() {
    restart_while_events_are_aside("killed with events aside", Server::kill).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_told_to_stop_leaves_events_aside_for_its_next_start() {
    let end = |server: &mut Server| {
        let begun = Instant::now();
        server.end();
        assert!(begun.elapsed() < MOST_STOPPING, "{:?}", begun.elapsed());
    };
    restart_while_events_are_aside("ended with events aside", end).await;
}

/// Before, while it is away, and after: each lane sends so many.
const EACH: [usize; LANES as usize] = [16; LANES as usize];

async fn restart_while_events_are_aside(fault: &str, stop: impl Fn(&mut Server)) {
    let mut database = MariaDb::start().await;
    let mut trial = EventTrial::on(&database).await;
    let sent = send(lanes(&trial.shop), &EACH).await;
    // What the next start needs is on disk a second after it changed.
    tokio::time::sleep(Duration::from_secs(2)).await;
    database.stop(Signal::TERM);
    let mut sent = send(sent, &EACH).await;
    let queued = sent.iter().flat_map(|lane| &lane.sent[16..]).filter(|sent| sent.status == StatusCode::ACCEPTED);
    assert_eq!(queued.count(), 16 * EACH.len(), "the database is away: all of them are put aside");
    for _ in 0..2 {
        stop(&mut trial.server);
        trial.server = Server::start(&trial.start).await;
        // Its keys, coupons and links it knows from the run before.
        sent = send(sent, &EACH).await;
        let mut latest = sent.iter().flat_map(|lane| lane.sent.iter().rev().take(16));
        assert!(latest.all(|sent| sent.status == StatusCode::ACCEPTED), "put aside behind the others");
        let stranger = Shop { key: format!("trb_live_{}", "0".repeat(32)), ..trial.shop.clone() };
        assert_eq!(trial.server.event(&stranger, "a stranger's").await, StatusCode::UNAUTHORIZED);
    }
    database.start_again().await;
    let took = trial.until_none_aside().await;
    println!("{fault}: all recorded {took:.1?} after the database's return");
    let sent = send(sent, &EACH).await;
    trial.finish(fault, sent).await;
}

async fn print_aside(trial: &EventTrial, fault: &str) {
    let (events, bytes) = (trial.aside().await.unwrap_or_default(), trial.aside_bytes());
    println!("{fault}: {events} events aside, {bytes} bytes on disk, {} KB of memory", trial.server.memory_kb());
}
