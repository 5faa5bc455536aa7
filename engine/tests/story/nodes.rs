//! Several nodes on one database, and a database that is not what it was.

use std::{sync::Arc, time::Duration};

use engine::{Engine, Options, SpoolMax, SpoolOptions, Taken, Visit, Workers};
use model::{
    Fields,
    activity::ActivityQuery,
    event::{Arrival, NewEvent},
    stats::StatsQuery,
};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    logs::DeadNode,
    world::{CHROME, World, admin, call, read},
};

/// Another node on the same database, with a folder of its own.
async fn node(world: &World, folder: &TempDir) -> (Engine, Workers) {
    Engine::open(Options { data_dir: folder.path().to_owned(), ..world.options() }).await.unwrap()
}

fn follow(engine: &Engine, code: &str, visitor: u8) {
    let fact = engine.link(code).unwrap();
    let ip = [203, 0, 113, visitor].into();
    engine.record_click(&fact, &Visit { ip, is_prefetch: false, user_agent: CHROME.as_bytes(), referrer: b"" });
}

async fn until(what: impl AsyncFn() -> bool) {
    let reached = async {
        while !what().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reached).await.expect("it comes to that");
}

crate::on_both! {
    async fn nodes_with_folders_of_their_own_drain_side_by_side_and_every_click_is_counted_once(world: World) {
        let running = world.running().await;
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let nodes = [node(&world, &folders[0]).await, node(&world, &folders[1]).await];
        // The same visitors, and in opposite order: their rows are each other's.
        for n in 0..1_500_usize {
            let visitor = (n % 200) as u8;
            follow(&world.engine, &running.link.code, visitor);
            follow(&nodes[0].0, &running.link.code, 199 - visitor);
            follow(&nodes[1].0, &running.link.code, visitor.rotate_left(3) % 200);
        }
        for (engine, _) in &nodes {
            engine.drained().await.unwrap();
        }
        world.engine.drained().await.unwrap();
        let figures = world.figures(StatsQuery::default()).await;
        assert_eq!((figures.clicks, figures.unique_visitors), (4_500, 200));
        for (engine, workers) in nodes {
            assert!(!engine.health().await.is_displaced);
            assert!(workers.stop(engine).await.unwrap());
        }
        world.end().await;
    }

    async fn nodes_that_are_sent_the_same_events_at_once_record_each_once_and_put_none_aside(world: World) {
        let running = world.running().await;
        let folder = tempfile::tempdir().unwrap();
        let (other, other_workers) = node(&world, &folder).await;
        other.ready().await.unwrap();
        let batch = |engine: Engine, turn: usize| {
            let (shop, code, now) = (running.advertiser.id, running.link.code.clone(), world.engine.now());
            async move {
                // Sixty events of six customers, each node beginning with another.
                let events = (0..60_usize).map(|n| (n + turn * 17) % 60).map(|n| {
                    let body = json!({
                        "action": "purchase", "event_id": format!("E-{n}"), "value": 1, "customer_id": format!("c-{}", n % 6),
                        "ref_code": code,
                    });
                    let read_event =
                        |fields: &mut Fields| NewEvent::read(fields, Arrival { now, action: None, idempotency_key: None });
                    (read(body, read_event), Arc::new(call()))
                });
                engine.record_events(shop, events.collect()).await.unwrap()
            }
        };
        let sent = (0..16).map(|turn| {
            let engine = if turn % 2 == 0 { &world.engine } else { &other };
            batch(engine.clone(), turn)
        });
        let answers: Vec<_> = futures_util::future::join_all(sent).await.into_iter().flatten().collect();
        let recorded = |taken: &engine::Result<Taken>| match taken {
            Ok(Taken::Recorded(answer)) => !answer.duplicate,
            other => panic!("{other:?}"),
        };
        assert_eq!(answers.iter().filter(|taken| recorded(taken)).count(), 60);
        assert_eq!(world.figures(StatsQuery::default()).await.conversions, 60);
        assert!(other_workers.stop(other).await.unwrap());
        world.end().await;
    }

    async fn of_two_nodes_with_one_logs_id_one_drains_it_and_the_other_is_displaced(world: World) {
        let running = world.running().await;
        let original = DeadNode::new();
        original.records(&running, 300);
        let clone = original.copy();
        let (first, first_workers) = node(&world, &original.0).await;
        let (second, second_workers) = node(&world, &clone.0).await;
        let displaced = async || (first.health().await.is_displaced, second.health().await.is_displaced);
        until(async || {
            follow(&first, &running.link.code, 201);
            follow(&second, &running.link.code, 202);
            displaced().await != (false, false)
        })
        .await;
        let holder = match displaced().await {
            (true, false) => &second,
            (false, true) => &first,
            both => panic!("one has it: {both:?}"),
        };
        holder.drained().await.unwrap();
        let before = world.figures(StatsQuery::default()).await.clicks;
        assert!(before >= 300, "{before}: what both had is counted");
        follow(holder, &running.link.code, 203);
        holder.drained().await.unwrap();
        let figures = world.figures(StatsQuery::default()).await;
        assert_eq!(figures.clicks, before + 1);
        assert!(figures.unique_visitors <= 300 + 3, "the 300 that both had are counted once: {figures:?}");
        for (engine, workers) in [(first, first_workers), (second, second_workers)] {
            workers.stop(engine).await.unwrap();
        }
        world.end().await;
    }

    async fn a_database_restored_to_an_earlier_state_is_caught_up_from_the_kept_segments(world: World) {
        let running = world.running().await;
        let mut world = world;
        for visitor in 0..120 {
            world.click(&running.link, &format!("203.0.113.{visitor}"), CHROME);
            if visitor % 40 == 39 {
                world = world.restart().await;
            }
        }
        world.engine.drained().await.unwrap();
        let before = world.figures(StatsQuery::default()).await;
        let stopped = world.stop().await;
        // As of an earlier backup: only the first clicks are there, and the log was read up to none of them.
        for sql in [
            "DELETE FROM clicks WHERE id > (SELECT id FROM \
             (SELECT id FROM clicks ORDER BY id LIMIT 1 OFFSET 30) AS thirty)",
            "DELETE FROM visitors WHERE click_id NOT IN (SELECT id FROM clicks)",
            "UPDATE spools SET segment = 0, position = 0",
        ] {
            stopped.execute(sql).await;
        }
        stopped.sum_up_again().await;
        let world = stopped.open().await;
        world.engine.drained().await.unwrap();
        let after = world.figures(StatsQuery::default()).await;
        assert_eq!((after.clicks, after.unique_visitors), (120, 120));
        assert_eq!(after, before);
        world.end().await;
    }

    async fn a_database_that_is_restored_under_a_running_node_is_caught_up_too(world: World) {
        let running = world.running().await;
        for visitor in 0..50 {
            world.click(&running.link, &format!("203.0.113.{visitor}"), CHROME);
        }
        world.engine.drained().await.unwrap();
        for sql in ["DELETE FROM clicks", "DELETE FROM visitors"] {
            world.execute(sql).await;
        }
        world.sum_up_again().await;
        world.execute("UPDATE spools SET segment = 0, position = 0").await;
        world.click(&running.link, "203.0.113.99", CHROME);
        until(async || world.figures(StatsQuery::default()).await.clicks == 51).await;
        assert!(!world.engine.health().await.is_displaced);
        world.end().await;
    }

    async fn clicks_of_one_millisecond_are_listed_in_the_order_they_came(world: World) {
        let running = world.running().await;
        let mut ids: Vec<_> = (0..50).map(|_| world.click(&running.link, "203.0.113.7", CHROME)).collect();
        ids.reverse();
        world.engine.drained().await.unwrap();
        let page = world.engine.list_clicks(&admin(), &ActivityQuery::default()).await.unwrap();
        let listed: Vec<_> = page.items.iter().map(|click| click.id).collect();
        assert_eq!(listed, ids[..listed.len()]);
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_as_large_as_it_may_be_loses_clicks_loudly_and_recovers_once_it_is_drained() {
    const MAX: u64 = 64 << 10;
    let spool = SpoolOptions { max: SpoolMax::Bytes(MAX), ..SpoolOptions::default() };
    let world = World::start_with(crate::databases::Database::sqlite(), spool).await;
    let running = world.running().await;
    // The database takes nothing meanwhile.
    let held = world.hold("UPDATE spools SET moved_at = moved_at").await;
    let mut followed = 0;
    while world.engine.health().await.clicks_lost < 10 {
        world.click(&running.link, "203.0.113.7", CHROME);
        followed += 1;
        assert!(followed < 2_000, "it is full at some time");
    }
    let full = world.engine.diagnostics(&admin()).await.unwrap().spool;
    assert!(full.used_bytes <= MAX && full.used_bytes > MAX / 2, "{full:?}");
    held.end().await;
    world.engine.drained().await.unwrap();
    assert_eq!(world.figures(StatsQuery::default()).await.clicks, followed - 10);
    for _ in 0..20 {
        for _ in 0..50 {
            world.click(&running.link, "203.0.113.7", CHROME);
        }
        world.engine.drained().await.unwrap();
    }
    let state = world.engine.diagnostics(&admin()).await.unwrap().spool;
    assert_eq!((state.clicks_lost, state.max_bytes), (10, Some(MAX)));
    assert!(state.used_bytes <= MAX, "{state:?}");
    assert_eq!(world.figures(StatsQuery::default()).await.clicks, followed - 10 + 1_000);
    world.end().await;
}
