//! The click log of a dead node: into the database, every click once.

use std::{fs, path::Path, time::Duration};

use engine::{CountryFile, Engine, Error, Import, Imported, IpStorage, Options, Visit};
use model::{activity::ActivityQuery, stats::StatsQuery};

use crate::{
    logs::{DeadNode, copy_log},
    world::{CHROME, World, admin},
};

fn import_of(world: &World, folder: &Path) -> Import {
    let options = world.options();
    Import {
        folder: folder.to_owned(),
        database_url: options.database_url,
        secret_key_file: options.secret_key_file,
        ip_storage: IpStorage::Truncated,
        country_file: CountryFile::None,
        clock: options.clock,
        takes_incomplete: false,
        patience: Duration::from_secs(20),
    }
}

async fn import(world: &World, folder: &Path) -> engine::Result<Imported> {
    import_of(world, folder).run(|_| {}).await
}

async fn refusal(import: Import) -> String {
    import.run(|_| {}).await.expect_err("it must be refused").to_string()
}

async fn clicks(world: &World) -> i64 {
    world.figures(StatsQuery::default()).await.clicks
}

fn counted(clicks: u64, new: u64) -> Imported {
    Imported { clicks, new, ..Imported::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_that_the_database_refuses_is_skipped_and_said_and_all_others_are_imported() {
    let world = World::start(crate::databases::Database::sqlite()).await;
    let running = world.running().await;
    let node = DeadNode::new();
    let ids = node.records(&running, 40);
    let refuses = format!(
        "CREATE TRIGGER refuses BEFORE INSERT ON clicks WHEN NEW.id = x'{}' BEGIN SELECT RAISE(ABORT, 'never'); END",
        ids[20].simple()
    );
    world.execute(&refuses).await;
    assert_eq!(import(&world, node.0.path()).await.unwrap(), Imported { refused: 1, ..counted(40, 39) });
    assert_eq!(clicks(&world).await, 39);
    world.end().await;
}

crate::on_both! {
    async fn a_dead_nodes_clicks_are_imported_once_however_often_it_is_run_while_another_serves(world: World) {
        let running = world.running().await;
        let node = DeadNode::new();
        // It lived for a while, and its drain has moved what it could.
        let options = Options { data_dir: node.0.path().to_owned(), ..world.options() };
        let (engine, workers) = Engine::open(options).await.unwrap();
        let fact = engine.link(&running.link.code).unwrap();
        let visit =
            Visit { ip: "203.0.113.1".parse().unwrap(), is_prefetch: false, user_agent: CHROME.as_bytes(), referrer: b"" };
        for _ in 0..30 {
            engine.record_click(&fact, &visit);
        }
        engine.drained().await.unwrap();
        assert!(workers.stop(engine).await.unwrap());
        node.records(&running, 700);
        node.records(&running, 20);
        let mut segment = fs::OpenOptions::new().append(true).open(node.segments().last().unwrap()).unwrap();
        std::io::Write::write_all(&mut segment, &[200, 0, 0, 0, 1, 2, 3]).unwrap();

        let server = async {
            for _ in 0..10 {
                for _ in 0..20 {
                    world.click(&running.link, "203.0.113.200", CHROME);
                }
                world.engine.drained().await.unwrap();
            }
        };
        let mut steps = Vec::new();
        let importing = import_of(&world, node.0.path()).run(|so_far| steps.push(*so_far));
        let ((), done) = tokio::join!(server, importing);
        assert_eq!(done.unwrap(), Imported { torn_bytes: 7, ..counted(720, 720) });
        assert!(steps.is_sorted_by(|a, b| a.waiting_bytes >= b.waiting_bytes && a.clicks <= b.clicks), "{steps:?}");
        assert_eq!(steps.last().unwrap().waiting_bytes, 0);
        assert_eq!(clicks(&world).await, 30 + 720 + 200);
        // The data folder or the log in it: the same.
        for folder in [node.0.path().to_owned(), node.clicks()] {
            assert_eq!(import(&world, &folder).await.unwrap(), counted(0, 0));
        }
        assert_eq!(clicks(&world).await, 30 + 720 + 200);
        world.end().await;
    }

    async fn an_imported_click_is_stored_as_the_drain_would_have_stored_it(world: World) {
        let running = world.running().await;
        let node = DeadNode::new();
        node.records(&running, 5);
        import(&world, node.0.path()).await.unwrap();
        for visitor in 0..5 {
            world.click(&running.link, &format!("203.0.0.{visitor}"), CHROME);
        }
        world.engine.drained().await.unwrap();
        let figures = world.figures(StatsQuery::default()).await;
        assert_eq!((figures.clicks, figures.unique_visitors), (10, 5), "the same visitors");
        let page = world.engine.list_clicks(&admin(), &ActivityQuery::default()).await.unwrap();
        let told = |click: &model::activity::Click| {
            let mut told = serde_json::to_value(click).unwrap();
            for own in ["id", "is_first"] {
                told.as_object_mut().unwrap().remove(own);
            }
            told
        };
        let rows: Vec<_> = page.items.iter().map(told).collect();
        assert_eq!(rows.len(), 10);
        assert!(rows.iter().all(|row| *row == rows[0] && row["ip"] == "203.0.0.0"), "{rows:?}");
        assert_eq!(world.engine.last_uses(&admin(), &[running.link.id.0]).await.unwrap().len(), 1);
        world.end().await;
    }

    async fn a_node_that_still_lives_is_displaced_and_nothing_is_doubled(world: World) {
        let running = world.running().await;
        let node = DeadNode::new();
        node.records(&running, 40);
        let options = Options { data_dir: node.0.path().to_owned(), ..world.options() };
        let (engine, workers) = Engine::open(options).await.unwrap();
        engine.drained().await.unwrap();
        assert_eq!(clicks(&world).await, 40);
        // What is read already displaces nobody.
        let copy = DeadNode::new();
        copy_log(node.0.path(), copy.0.path());
        assert_eq!(import(&world, copy.0.path()).await.unwrap(), counted(0, 0));
        let fact = engine.link(&running.link.code).unwrap();
        let visit =
            Visit { ip: "203.0.113.1".parse().unwrap(), is_prefetch: false, user_agent: CHROME.as_bytes(), referrer: b"" };
        engine.record_click(&fact, &visit);
        engine.drained().await.unwrap();
        assert!(!engine.health().await.is_displaced);
        // A clone that went on by itself.
        let copy = DeadNode::new();
        copy_log(node.0.path(), copy.0.path());
        copy.records(&running, 25);
        assert_eq!(import(&world, copy.0.path()).await.unwrap(), counted(25, 25));
        engine.record_click(&fact, &visit);
        let displaced = async {
            while !engine.health().await.is_displaced {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), displaced).await.expect("it notices");
        assert_eq!(clicks(&world).await, 40 + 1 + 25);
        workers.stop(engine).await.unwrap();
        world.end().await;
    }

    async fn an_older_database_is_caught_up_by_an_import_and_each_click_stands_once(world: World) {
        let running = world.running().await;
        let node = DeadNode::new();
        let ids = node.records(&running, 60);
        import(&world, node.0.path()).await.unwrap();
        let gone = format!("DELETE FROM clicks WHERE id = x'{}'", ids[7].simple());
        for sql in [&gone, "UPDATE spools SET segment = 0, position = 0"] {
            world.execute(sql).await;
        }
        world.sum_up_again().await;
        assert_eq!(import(&world, node.0.path()).await.unwrap(), counted(60, 1));
        assert_eq!(clicks(&world).await, 60);
        world.end().await;
    }

    async fn damage_is_skipped_and_said_and_all_around_it_is_imported(world: World) {
        let running = world.running().await;
        let node = DeadNode::new();
        node.records(&running, 10);
        node.records(&running, 10);
        let segment = &node.segments()[0];
        let mut bytes = fs::read(segment).unwrap();
        let frame = (bytes.len() - 8) / 10;
        bytes[8 + 4 * frame + 50] ^= 1;
        fs::write(segment, &bytes).unwrap();
        let done = import(&world, node.0.path()).await.unwrap();
        assert_eq!(done, Imported { damaged_bytes: frame as u64, ..counted(19, 19) });
        assert_eq!(clicks(&world).await, 19);
        world.end().await;
    }

    async fn what_does_not_fit_is_refused_before_anything_is_changed(world: World) {
        let running = world.running().await;
        let node = DeadNode::new();
        node.records(&running, 10);
        let whole = import_of(&world, node.0.path());
        let refused = refusal(Import { folder: "/nowhere/at/all".into(), ..whole.clone() }).await;
        assert!(refused.contains("no folder /nowhere/at/all"), "{refused}");
        let empty = tempfile::tempdir().unwrap();
        let refused = refusal(Import { folder: empty.path().to_owned(), ..whole.clone() }).await;
        assert!(refused.contains("no click log"), "{refused}");
        assert!(fs::read_dir(empty.path()).unwrap().next().is_none(), "nothing is made there");
        // The running server's own.
        let refused = refusal(Import { folder: world.folder.path().to_owned(), ..whole.clone() }).await;
        assert!(refused.contains("another process has the click log"), "{refused}");
        let missing = empty.path().join("secret.key");
        let refused = refusal(Import { secret_key_file: missing.clone(), ..whole.clone() }).await;
        assert!(refused.contains("secret key file") && !missing.exists(), "{refused}");
        fs::write(&missing, "ab".repeat(32)).unwrap();
        let refused = refusal(Import { secret_key_file: missing, ..whole.clone() }).await;
        assert!(refused.contains("another secret key"), "{refused}");
        let none = empty.path().join("none.db");
        let refused = refusal(Import { database_url: format!("sqlite://{}", none.display()), ..whole.clone() }).await;
        assert!(refused.contains("there is no database") && !none.exists(), "{refused}");
        fs::write(&none, "").unwrap();
        let refused = refusal(Import { database_url: format!("sqlite://{}", none.display()), ..whole.clone() }).await;
        assert!(refused.contains("there is no database"), "an empty file: {refused}");
        let away = Import { database_url: "mysql://nobody@127.0.0.1:9/nothing".into(), ..whole.clone() };
        assert!(matches!(away.run(|_| {}).await, Err(Error::Unavailable(_))));
        assert_eq!(clicks(&world).await, 0);
        assert_eq!(whole.run(|_| {}).await.unwrap(), counted(10, 10), "none of this stood in the way");
        world.end().await;
    }

    async fn a_copy_that_lacks_what_the_database_has_read_is_refused_unless_it_is_all_there_is(world: World) {
        let running = world.running().await;
        let node = DeadNode::new();
        node.records(&running, 10);
        import(&world, node.0.path()).await.unwrap();
        let cut = node.copy();
        let segment = &cut.segments()[0];
        let bytes = fs::read(segment).unwrap();
        fs::write(segment, &bytes[..bytes.len() / 2]).unwrap();
        let refused = refusal(import_of(&world, cut.0.path())).await;
        assert!(refused.contains("the copy is not complete"), "{refused}");
        assert_eq!(fs::read(segment).unwrap().len(), bytes.len() / 2, "nothing is cut off it either");
        let gone = node.copy();
        gone.records(&running, 3);
        fs::remove_file(&gone.segments()[0]).unwrap();
        let refused = refusal(import_of(&world, gone.0.path())).await;
        assert!(refused.contains("does not have it"), "{refused}");
        let all_there_is = Import { takes_incomplete: true, ..import_of(&world, gone.0.path()) };
        assert_eq!(all_there_is.run(|_| {}).await.unwrap(), counted(3, 3));
        assert_eq!(clicks(&world).await, 13);
        world.end().await;
    }

    async fn a_fuller_copy_goes_on_where_the_first_ended(world: World) {
        let running = world.running().await;
        let node = DeadNode::new();
        node.records(&running, 10);
        let early = node.copy();
        let segment = &early.segments()[0];
        let bytes = fs::read(segment).unwrap();
        fs::write(segment, &bytes[..bytes.len() - 100]).unwrap();
        let done = import(&world, early.0.path()).await.unwrap();
        assert_eq!((done.clicks, done.new), (9, 9));
        assert_eq!(import(&world, node.0.path()).await.unwrap(), counted(1, 1));
        assert_eq!(clicks(&world).await, 10);
        // The node itself comes back to life.
        let options = Options { data_dir: node.0.path().to_owned(), ..world.options() };
        let (engine, workers) = Engine::open(options).await.unwrap();
        engine.record_click(
            &engine.link(&running.link.code).unwrap(),
            &Visit { ip: "203.0.113.1".parse().unwrap(), is_prefetch: false, user_agent: CHROME.as_bytes(), referrer: b"" },
        );
        engine.drained().await.unwrap();
        assert_eq!(clicks(&world).await, 11);
        workers.stop(engine).await.unwrap();
        world.end().await;
    }

    async fn an_import_waits_for_a_database_that_is_busy_and_goes_on_where_it_gave_up(world: World) {
        let running = world.running().await;
        let node = DeadNode::new();
        node.records(&running, 1);
        // The database has a row for this log, which can be held.
        assert_eq!(import(&world, node.0.path()).await.unwrap(), counted(1, 1));
        node.records(&running, 600);
        let hasty = Import { patience: Duration::ZERO, ..import_of(&world, node.0.path()) };
        let held = world.hold("UPDATE spools SET moved_at = moved_at").await;
        let given_up = hasty.run(|_| {}).await;
        assert!(matches!(given_up, Err(Error::Unavailable(_))), "{given_up:?}");
        let patient = import_of(&world, node.0.path());
        let importing = tokio::spawn(patient.run(|_| {}));
        tokio::time::sleep(Duration::from_millis(300)).await;
        held.end().await;
        assert_eq!(importing.await.unwrap().unwrap(), counted(600, 600));
        assert_eq!(clicks(&world).await, 601);
        world.end().await;
    }
}
