//! Clicks: written down, moved into the database once, whatever happens between.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use engine::{ClickBatch, ClickDurability, Clock, Disk, Engine, SpoolOptions, clicks::spool::Spool};
use model::{activity::ActivityQuery, stats::StatsQuery};
use sqlx::{Connection, SqliteConnection};

use crate::world::{CHROME, World};

crate::on_both! {
    async fn links_redirect_after_a_cold_start_without_the_database(world: World) {
        let running = world.running().await;
        let off = world.link(&running.campaign, None).await;
        world.engine.set_link_active(&crate::world::admin(), off.id, false).await.unwrap();
        let world = world.restart().await;
        let stopped = world.stop().await;
        let away =
            engine::Options { database_url: "mysql://nobody@127.0.0.1:9/nothing".into(), ..stopped.options() };
        let (engine, away_workers) = Engine::open(away).await.unwrap();
        assert!(!engine.is_ready() && !engine.health().await.database);
        let fact = engine.link(&running.link.code).expect("it is in the snapshot");
        assert!(fact.redirects() && !engine.link(&off.code).unwrap().redirects());
        let visit = engine::Visit {
            ip: "203.0.113.7".parse().unwrap(),
            is_prefetch: false,
            user_agent: CHROME.as_bytes(),
            referrer: b"",
        };
        for _ in 0..20 {
            engine.record_click(&fact, &visit);
        }
        away_workers.stop(engine).await.unwrap();
        let world = stopped.open().await;
        world.engine.drained().await.unwrap();
        assert_eq!(world.figures(StatsQuery::default()).await.clicks, 20);
        world.end().await;
    }

    async fn a_click_is_counted_once_it_is_drained(world: World) {
        let running = world.running().await;
        for _ in 0..3 {
            world.click(&running.link, "203.0.113.7", CHROME);
        }
        world.click(&running.link, "203.0.113.8", CHROME);
        world.click(&running.link, "203.0.113.9", "curl/8.5.0");
        world.engine.drained().await.unwrap();
        let figures = world.figures(StatsQuery::default()).await;
        assert_eq!((figures.clicks, figures.bot_clicks, figures.unique_visitors), (4, 1, 2));
        let all = world.figures(StatsQuery { include_bots: true, ..StatsQuery::default() }).await;
        assert_eq!((all.clicks, all.bot_clicks, all.unique_visitors), (5, 1, 3));
        world.end().await;
    }

    async fn a_visitor_is_new_again_on_another_link_and_another_day(world: World) {
        let running = world.running().await;
        let other = world.link(&running.campaign, Some(&running.influencer)).await;
        world.click(&running.link, "203.0.113.7", CHROME);
        world.click(&other, "203.0.113.7", CHROME);
        world.set_clock(crate::world::NOON.plus(model::time::DAY));
        world.click(&running.link, "203.0.113.7", CHROME);
        world.click(&running.link, "203.0.113.7", CHROME);
        world.engine.drained().await.unwrap();
        let figures = world.figures(StatsQuery::default()).await;
        assert_eq!((figures.clicks, figures.unique_visitors), (4, 3));
        world.end().await;
    }

    async fn clicks_written_before_a_stop_are_counted_after_the_start_and_none_twice(world: World) {
        let running = world.running().await;
        let mut world = world;
        for round in 1..=3 {
            for _ in 0..700 {
                world.click(&running.link, "203.0.113.7", CHROME);
            }
            world = world.restart().await;
            world.engine.drained().await.unwrap();
            assert_eq!(world.figures(StatsQuery::default()).await.clicks, round * 700);
        }
        world.end().await;
    }

    async fn a_copied_click_log_is_drained_by_one_process_alone(world: World) {
        let running = world.running().await;
        world.click(&running.link, "203.0.113.7", CHROME);
        world.engine.drained().await.unwrap();
        // A clone of the machine: the same log, the same id, another process.
        let copy = copy_of_log(&world);
        let mut options = world.options();
        options.data_dir = copy.path().to_owned();
        let (engine, workers) = Engine::open(options).await.unwrap();
        engine.drained().await.unwrap();
        assert_eq!(world.figures(StatsQuery::default()).await.clicks, 1, "what was drained is not drained again");
        workers.stop(engine).await.unwrap();
        world.end().await;
    }

    async fn a_prefetch_takes_nothing_from_the_visit_that_follows(world: World) {
        let running = world.running().await;
        let fact = world.engine.link(&running.link.code).unwrap();
        let ip = "203.0.113.7".parse().unwrap();
        for is_prefetch in [true, false] {
            let visit = engine::Visit { ip, is_prefetch, user_agent: CHROME.as_bytes(), referrer: b"" };
            world.engine.record_click(&fact, &visit);
        }
        world.engine.drained().await.unwrap();
        let figures = world.figures(StatsQuery::default()).await;
        assert_eq!((figures.clicks, figures.bot_clicks, figures.unique_visitors), (1, 1, 1));
        world.end().await;
    }

    async fn of_two_nodes_one_has_a_visitors_first_click(world: World) {
        let running = world.running().await;
        let other = tempfile::tempdir().unwrap();
        let mut options = world.options();
        options.data_dir = other.path().to_owned();
        let (second, workers) = Engine::open(options).await.unwrap();
        let fact = second.link(&running.link.code).unwrap();
        for _ in 0..3 {
            world.click(&running.link, "203.0.113.7", CHROME);
            // The same visitor, as a socket of both kinds names its address.
            let ip = "::ffff:203.0.113.7".parse().unwrap();
            let visit = engine::Visit { ip, is_prefetch: false, user_agent: CHROME.as_bytes(), referrer: b"" };
            second.record_click(&fact, &visit);
        }
        second.drained().await.unwrap();
        world.engine.drained().await.unwrap();
        let figures = world.figures(StatsQuery::default()).await;
        assert_eq!((figures.clicks, figures.unique_visitors), (6, 1));
        workers.stop(second).await.unwrap();
        world.end().await;
    }

    async fn a_bot_takes_nothing_from_a_person_with_its_address(world: World) {
        let running = world.running().await;
        for agent in ["curl/8.5.0", "", CHROME, "WhatsApp/2.23.20.0 A", CHROME] {
            world.click(&running.link, "203.0.113.7", agent);
        }
        world.engine.drained().await.unwrap();
        let figures = world.figures(StatsQuery::default()).await;
        assert_eq!((figures.clicks, figures.bot_clicks, figures.unique_visitors), (2, 3, 1));
        world.end().await;
    }

    async fn the_process_that_was_displaced_stops_counting_and_nothing_is_mixed_up(world: World) {
        let running = world.running().await;
        world.click(&running.link, "203.0.113.7", CHROME);
        world.engine.drained().await.unwrap();
        // Another process claims the same log's id: the first finds that out and stops for good.
        let copy = copy_of_log(&world);
        let mut options = world.options();
        options.data_dir = copy.path().to_owned();
        let (second, workers) = Engine::open(options).await.unwrap();
        second.drained().await.unwrap();
        world.click(&running.link, "203.0.113.7", CHROME);
        let displaced = async {
            while !world.engine.health().await.is_displaced {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), displaced).await.expect("it notices");
        assert_eq!(world.figures(StatsQuery::default()).await.clicks, 1);
        let fact = second.link(&running.link.code).unwrap();
        let visit = engine::Visit { ip: "203.0.113.8".parse().unwrap(), is_prefetch: false, user_agent: CHROME.as_bytes(), referrer: b"" };
        second.record_click(&fact, &visit);
        second.drained().await.unwrap();
        assert_eq!(world.figures(StatsQuery::default()).await.clicks, 2, "the one that has it counts");
        workers.stop(second).await.unwrap();
        world.end().await;
    }

    async fn another_secret_key_is_refused(world: World) {
        let other = tempfile::tempdir().unwrap();
        let mut options = world.options();
        options.data_dir = other.path().to_owned();
        options.secret_key_file = other.path().join("secret.key");
        let Err(error) = Engine::open(options).await else { panic!("a node with another secret must not start") };
        assert!(error.to_string().contains("secret key"), "{error}");
        world.end().await;
    }
}

/// The only segment of a log.
fn segment_of(folder: &std::path::Path) -> std::path::PathBuf {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut segments: Vec<_> = paths.filter(|path| path.extension().is_some_and(|ending| ending == "clicks")).collect();
    assert_eq!(segments.len(), 1);
    segments.remove(0)
}

fn copy_of_log(world: &World) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    fs::create_dir_all(copy.path().join("clicks")).unwrap();
    for entry in fs::read_dir(world.folder.path().join("clicks")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join("clicks").join(entry.file_name())).unwrap();
    }
    copy
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_go_on_where_read_segments_were_deleted() {
    let world = World::start(crate::databases::Database::sqlite()).await;
    let running = world.running().await;
    for _ in 0..3 {
        world.click(&running.link, "203.0.113.7", CHROME);
    }
    let world = world.restart().await;
    world.engine.drained().await.unwrap();
    // An operator, or time, has taken every read segment away.
    for entry in fs::read_dir(world.folder.path().join("clicks")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "clicks") {
            fs::remove_file(path).unwrap();
        }
    }
    world.set_clock(crate::world::NOON.plus(1));
    let world = world.restart().await;
    for _ in 0..5 {
        world.click(&running.link, "203.0.113.7", CHROME);
    }
    world.engine.drained().await.unwrap();
    assert_eq!(world.figures(StatsQuery::default()).await.clicks, 8);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_in_the_middle_costs_the_damaged_click_alone() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path(), SpoolOptions::default(), uuid::Uuid::nil).unwrap();
    let id = |n: u128| uuid::Uuid::from_u128(n);
    let click = |n| engine::clicks::Click {
        id: id(n).into(),
        advertiser_id: id(2).into(),
        campaign_id: id(3).into(),
        link_id: id(4).into(),
        influencer_id: None,
        at: crate::world::NOON,
        ip: "203.0.113.7".parse().unwrap(),
        is_prefetch: false,
        user_agent: CHROME.as_bytes(),
        referrer: b"",
    };
    for n in 0..10 {
        let mut batch = ClickBatch::default();
        batch.push(&click(n));
        spool.append(&batch, crate::world::NOON).unwrap();
    }
    drop(spool);
    let segment = segment_of(folder.path());
    let mut bytes = fs::read(&segment).unwrap();
    let frame = (bytes.len() - 8) / 10;
    bytes[8 + frame + 40] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    let spool = Spool::open(folder.path(), SpoolOptions::default(), uuid::Uuid::nil).unwrap();
    assert_eq!(fs::metadata(&segment).unwrap().len() as usize, bytes.len(), "nothing whole is cut");
    drop(spool);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_go_on_while_the_database_is_locked_and_are_counted_afterwards() {
    let world = World::start(crate::databases::Database::sqlite()).await;
    let running = world.running().await;
    let mut other = SqliteConnection::connect(&world.options().database_url).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    for _ in 0..100 {
        world.click(&running.link, "203.0.113.7", CHROME);
    }
    let event = serde_json::json!({ "action": "purchase", "event_id": "A-1" });
    let taken = world.take(running.advertiser.id, event.clone()).await.unwrap();
    assert!(matches!(taken, engine::Taken::Queued(_)), "{taken:?}");
    assert!(
        tokio::time::timeout(Duration::from_millis(50), world.engine.drained()).await.is_err(),
        "they wait in the log"
    );
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    world.engine.drained().await.unwrap();
    assert_eq!(world.figures(StatsQuery::default()).await.clicks, 100);
    world.none_aside().await;
    assert!(world.send(running.advertiser.id, event).await.unwrap().duplicate);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_torn_end_is_cut_and_what_is_whole_before_it_is_counted() {
    let world = World::start(crate::databases::Database::sqlite()).await;
    let running = world.running().await;
    let mut other = SqliteConnection::connect(&world.options().database_url).await.unwrap();
    // The lock keeps the clicks in the log until its end is torn.
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    for _ in 0..10 {
        world.click(&running.link, "203.0.113.7", CHROME);
    }
    let options = world.options();
    let (folder, database) = (world.folder, world.database);
    drop(world.engine);
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    let _ = database;

    // The process is gone in the middle of a write. A copy stands for what it left, as its workers still run here.
    let left = tempfile::tempdir().unwrap();
    fs::create_dir_all(left.path().join("clicks")).unwrap();
    for entry in fs::read_dir(folder.path().join("clicks")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), left.path().join("clicks").join(entry.file_name())).unwrap();
    }
    let segment = segment_of(&left.path().join("clicks"));
    let whole = fs::read(&segment).unwrap();
    fs::write(&segment, &whole[..whole.len() - 5]).unwrap();
    let spool = Spool::open(&left.path().join("clicks"), SpoolOptions::default(), uuid::Uuid::nil).unwrap();
    let frame = (whole.len() - 8) / 10;
    assert_eq!(fs::metadata(&segment).unwrap().len(), (8 + 9 * frame) as u64, "nine whole clicks are left");
    drop(spool);

    let fresh = tempfile::tempdir().unwrap();
    let mut options = options;
    options.database_url = format!("sqlite://{}", fresh.path().join("other.db").display());
    options.data_dir = left.path().to_owned();
    options.clock = Clock::at(crate::world::NOON);
    let (engine, workers) = Engine::open(options).await.unwrap();
    engine.drained().await.unwrap();
    // That database knows no shop: there is nobody whose figures they could be.
    let clicks = engine.list_clicks(&crate::world::admin(), &ActivityQuery::default()).await.unwrap();
    assert_eq!(clicks.items.len(), 9);
    workers.stop(engine).await.unwrap();
}

#[test]
fn one_folder_belongs_to_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Spool::open(folder.path(), SpoolOptions::default(), uuid::Uuid::nil).unwrap();
    let Err(error) = Spool::open(folder.path(), SpoolOptions::default(), uuid::Uuid::nil) else {
        panic!("must be refused")
    };
    assert!(error.to_string().contains("another process"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_failed_flush_a_new_segment_is_begun_and_every_click_is_counted_once() {
    for durability in [ClickDurability::Interval, ClickDurability::Fsync] {
        let fails = Arc::new(AtomicBool::new(false));
        let spool = SpoolOptions { durability, disk: Disk::Failing(Arc::clone(&fails)), ..SpoolOptions::default() };
        let world = World::start_with(crate::databases::Database::sqlite(), spool).await;
        let running = world.running().await;
        for n in 0..30 {
            fails.store((10..20).contains(&n), Ordering::Relaxed);
            world.click(&running.link, "203.0.113.7", CHROME);
            if durability == ClickDurability::Interval && n == 15 {
                // The regular flush comes by.
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
        }
        world.engine.drained().await.unwrap();
        assert_eq!(world.figures(StatsQuery::default()).await.clicks, 30, "{durability:?}");
        let segments = fs::read_dir(world.folder.path().join("clicks")).unwrap();
        let segments =
            segments.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|e| e == "clicks"));
        assert!(segments.count() >= 2, "{durability:?}: nothing is written behind a failed flush");
        world.end().await;
    }
}
