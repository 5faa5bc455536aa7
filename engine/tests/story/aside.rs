//! Events while the database does not take them: accepted on disk, recorded once, credited as of their arrival.

use std::time::{Duration, Instant};

use engine::{Call, Engine, Error, Taken, kept_body};
use model::{
    AdvertiserId, ApiKeyId, EventId, FromFields,
    activity::FailureQuery,
    api_key::NewApiKey,
    attribution::Method,
    event::{Arrival, NewEvent},
    stats::StatsQuery,
};
use serde_json::{Value, json};

use crate::{
    databases::Database,
    world::{Held, Running, World, admin, read},
};

/// Somebody who keeps events from being written.
async fn lock_out(world: &World) -> Held {
    match world.database {
        Database::Sqlite => world.hold("UPDATE installation SET version = version").await,
        Database::MySql { .. } => world.hold("LOCK TABLES events WRITE").await,
    }
}

struct Shop<'w> {
    world: &'w World,
    id: AdvertiserId,
    key: ApiKeyId,
}

impl<'w> Shop<'w> {
    async fn of(world: &'w World, running: &Running) -> Self {
        let new = read(json!({ "name": "Backend" }), NewApiKey::read);
        let key = world.engine.issue_api_key(&admin(), running.advertiser.id, new).await.unwrap().id;
        Self { world, id: running.advertiser.id, key }
    }

    async fn send(&self, body: Value) -> engine::Result<Taken> {
        let now = self.world.engine.now();
        let call = Call {
            key: self.key,
            action: None,
            idempotency_key: None,
            body: kept_body(body.to_string().as_bytes()),
            request_id: "request-1".into(),
        };
        let event = read(body, |fields| NewEvent::read(fields, Arrival { now, action: None, idempotency_key: None }));
        self.world.engine.record_event(self.id, event, call).await
    }

    async fn queued(&self, body: Value) -> EventId {
        match self.send(body).await.unwrap() {
            Taken::Queued(id) => id,
            Taken::Recorded(answer) => panic!("{answer:?}: the database took it"),
        }
    }
}

fn order(id: &str, value: &str) -> Value {
    json!({ "action": "purchase", "event_id": id, "value": value, "coupon_code": "ANNA10" })
}

crate::on_both! {
    async fn events_that_the_database_does_not_take_are_queued_and_recorded_once(world: World) {
        let running = world.running().await;
        world.coupon(&running.campaign, Some(&running.influencer), "ANNA10").await.unwrap();
        let shop = Shop::of(&world, &running).await;
        let before = shop.send(order("A-0", "1")).await.unwrap();
        let held = lock_out(&world).await;
        let first = shop.queued(order("A-1", "10")).await;
        assert_eq!(shop.queued(order("A-1", "10")).await, first, "the id follows from the event_id");
        shop.queued(order("A-1", "11")).await;
        shop.queued(order("A-0", "1")).await;
        shop.queued(json!({ "action": "signup", "ref_code": running.link.code })).await;
        let state = world.engine.events_aside();
        assert_eq!((state.events, state.oldest), (5, Some(world.engine.now())));
        held.end().await;
        world.none_aside().await;

        let figures = world.figures(StatsQuery { influencer_id: Some(running.influencer.id), ..StatsQuery::default() }).await;
        assert_eq!((figures.conversions, figures.signups, figures.attributed_conversions), (2, 1, 2));
        assert_eq!(figures.gmv[0].amount(), "11.00", "the first body of A-1 stands");
        let failures = world.engine.list_failures(&admin(), &FailureQuery::default()).await.unwrap().items;
        assert_eq!(failures.len(), 1, "{failures:?}");
        assert_eq!((failures[0].code.as_str(), failures[0].status, failures[0].api_key_id), ("conflict", 409, shop.key));
        assert!(failures[0].body.contains("\"11\""));
        // Again at once, and from the database.
        let Taken::Recorded(again) = shop.send(order("A-1", "10")).await.unwrap() else { panic!("it is recorded") };
        assert!(again.duplicate && again.id == first && again.attribution.method == Method::Coupon);
        assert!(matches!(before, Taken::Recorded(_)));
        world.end().await;
    }

    async fn an_event_put_aside_survives_a_restart_and_keeps_its_credit(world: World) {
        let running = world.running().await;
        let coupon = world.coupon(&running.campaign, Some(&running.influencer), "ANNA10").await.unwrap();
        let held = lock_out(&world).await;
        let id = {
            let shop = Shop { world: &world, id: running.advertiser.id, key: uuid::Uuid::nil().into() };
            shop.queued(order("A-1", "10")).await
        };
        let stopped = world.stop_waiting().await;
        held.end().await;
        // Another node ends the coupon before this one is back.
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = engine::Options { data_dir: folder.path().to_owned(), ..stopped.options() };
        let (engine, workers) = Engine::open(elsewhere).await.unwrap();
        engine.invalidate_coupon(&admin(), coupon.id).await.unwrap();
        workers.stop(engine).await.unwrap();
        let world = stopped.open().await;
        world.none_aside().await;
        let event = world.engine.look_up(&admin(), &id.to_string()).await.unwrap().items;
        let event = serde_json::to_value(&event[0]).unwrap();
        assert_eq!(event["record"]["attribution"]["method"], "coupon", "as of its arrival: {event}");
        world.end().await;
    }

    async fn what_is_no_call_of_a_shop_is_refused_instead(world: World) {
        let running = world.running().await;
        let shop = Shop::of(&world, &running).await;
        let body = json!({ "action": "purchase", "event_id": "A-1", "value": 5 });
        world.engine.keep_failure(
            shop.id,
            Call { key: shop.key, action: None, idempotency_key: None, body: kept_body(body.to_string().as_bytes()), request_id: "r".into() },
            engine::Fault { code: "validation", status: 422, detail: "One field is wrong.", errors: &[] },
        );
        let deadline = Instant::now() + Duration::from_secs(60);
        let failure = loop {
            let page = world.engine.list_failures(&admin(), &FailureQuery::default()).await.unwrap();
            if let Some(failure) = page.items.into_iter().next() {
                break failure;
            }
            assert!(Instant::now() < deadline);
            tokio::task::yield_now().await;
        };
        let held = lock_out(&world).await;
        assert!(matches!(world.engine.retry_failure(&admin(), failure.id).await, Err(Error::Unavailable(_))));
        held.end().await;
        world.end().await;
    }
}
