//! Closed days in a folder: the same lines from both databases, whatever many share a moment.

use std::{collections::BTreeSet, fs, path::Path};

use engine::{Archive, Archived};
use model::{Timestamp, time::DAY};
use serde_json::{Value, json};

use crate::world::{CHROME, NOON, World};

fn archive(world: &World, before: Timestamp) -> Archive {
    let to = format!("file://{}", world.folder.path().join("archive").display());
    Archive { to: to.parse().unwrap(), since: None, before }
}

fn manifest(folder: &Path, day: &str) -> Value {
    serde_json::from_slice(&fs::read(folder.join("archive").join(day).join("manifest.json")).unwrap()).unwrap()
}

crate::on_both! {
    async fn a_days_rows_are_archived_once_and_again_where_they_changed(world: World) {
        world.set_clock(Timestamp(NOON.0 - 2 * DAY));
        let running = world.running().await;
        // More of one moment than are read at once.
        for visitor in 0..1100 {
            world.click(&running.link, &format!("203.{}.{}.7", visitor / 250, visitor % 250), CHROME);
        }
        for order in 0..3 {
            let body = json!({ "action": "purchase", "event_id": format!("A-{order}"), "value": "5", "customer_id": "c",
                "ref_code": running.link.code, "properties": { "size": "m" } });
            world.send(running.advertiser.id, body).await.unwrap();
        }
        world.engine.drained().await.unwrap();
        world.set_clock(NOON);
        world.click(&running.link, "203.0.113.7", CHROME);
        world.engine.drained().await.unwrap();
        let midnight = Timestamp(NOON.utc_day() * DAY);
        let done = archive(&world, midnight).run(&world.options(), |_, _| {}).await.unwrap();
        assert_eq!((done.days, done.left, done.clicks, done.events), (2, 0, 1100, 3));
        let folder = world.folder.path();
        let days: BTreeSet<String> = fs::read_dir(folder.join("archive")).unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        let [first, empty] = [2, 1].map(|back| Timestamp(midnight.0 - back * DAY).to_string()[..10].to_owned());
        assert_eq!(days, BTreeSet::from([first.clone(), empty.clone()]));
        assert_eq!(manifest(folder, &first)["clicks"]["rows"], 1100);
        assert_eq!(manifest(folder, &empty)["events"]["rows"], 0);
        let again = archive(&world, midnight).run(&world.options(), |_, _| {}).await.unwrap();
        assert_eq!(again, Archived { left: 2, ..Archived::default() });
        let customer = "c".parse().unwrap();
        world.engine.erase_customer(&crate::world::admin(), running.advertiser.id, &customer).await.unwrap();
        let after = archive(&world, midnight).run(&world.options(), |_, _| {}).await.unwrap();
        assert_eq!((after.days, after.left, after.events), (1, 1, 0));
        assert_eq!(manifest(folder, &first)["events"]["rows"], 0);
        let future = archive(&world, Timestamp(NOON.0 + DAY)).run(&world.options(), |_, _| {}).await;
        assert!(matches!(future, Err(engine::Error::Invalid(_))));
        world.end().await;
    }
}
