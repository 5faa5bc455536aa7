//! What events got wrong: kept, and tried again.

use std::time::{Duration, Instant};

use engine::{Call, Error, Fault, db::Db, kept_body};
use model::{
    ApiKeyId, FromFields,
    activity::{ActivityQuery, Failure, FailureQuery},
    api_key::NewApiKey,
};
use serde_json::json;

use crate::{
    databases::Database,
    world::{NOON, Running, World, admin, read, shop_session},
};

async fn key(world: &World, running: &Running) -> ApiKeyId {
    let new = read(json!({ "name": "Backend" }), NewApiKey::read);
    world.engine.issue_api_key(&admin(), running.advertiser.id, new).await.unwrap().id
}

const FAULT: Fault<'_> = Fault { code: "validation", status: 422, detail: "One field is wrong.", errors: &[] };

fn call(key: ApiKeyId, body: &str) -> Call {
    let body = kept_body(body.as_bytes());
    Call { key, action: None, idempotency_key: None, body, request_id: "request-1".into() }
}

/// The newest first, once there are so many: failures are written behind the answer.
async fn failures(world: &World, count: usize) -> Vec<Failure> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let page = world.engine.list_failures(&admin(), &FailureQuery::default()).await.unwrap();
        if page.items.len() >= count {
            return page.items;
        }
        assert!(Instant::now() < deadline, "{} of {count} failures are kept", page.items.len());
        tokio::task::yield_now().await;
    }
}

crate::on_both! {
    async fn failures_are_kept_bounded_and_tried_again_as_of_their_arrival(world: World) {
        let running = world.running().await;
        let body = json!({ "action": "purchase", "event_id": "A-1", "occurred_at": "2027-01-15T08:10:00Z" }).to_string();
        world.engine.keep_failure(running.advertiser.id, call(key(&world, &running).await, &body), FAULT);
        let kept = failures(&world, 1).await.remove(0);
        assert!(kept.can_retry);
        let other = world.advertiser("Other").await;
        assert!(matches!(world.engine.failure(&shop_session(other.id), kept.id).await, Err(Error::NotFound)));
        // Ten minutes ahead of the clock: refused still. Ten minutes later it stands.
        assert!(matches!(world.engine.retry_failure(&admin(), kept.id).await, Err(Error::Invalid(_))));
        world.set_clock(NOON.plus(10 * model::time::MINUTE));
        let answer = world.engine.retry_failure(&admin(), kept.id).await.unwrap();
        let mended = world.engine.failure(&admin(), kept.id).await.unwrap();
        assert_eq!((mended.recorded_as, mended.can_retry), (Some(answer.id), false));
        assert!(matches!(world.engine.retry_failure(&admin(), kept.id).await, Err(Error::Conflict(_))));
        world.end().await;
    }

    async fn what_comes_while_the_database_is_away_is_kept_once_it_is_back(world: World) {
        let running = world.running().await;
        let key = key(&world, &running).await;
        let locked = match world.database {
            Database::Sqlite => world.hold("UPDATE installation SET version = version").await,
            Database::MySql { .. } => world.hold("LOCK TABLES ingest_failures WRITE").await,
        };
        world.engine.keep_failure(running.advertiser.id, call(key, "{}"), FAULT);
        // Longer than it is tried in quick succession: three times, of which each waits two seconds for the lock.
        let _ = tokio::time::timeout(Duration::from_secs(8), std::future::pending::<()>()).await;
        locked.end().await;
        assert_eq!(failures(&world, 1).await.len(), 1);
        world.end().await;
    }

    async fn one_that_cannot_be_kept_takes_no_other_along(world: World) {
        let running = world.running().await;
        let key = key(&world, &running).await;
        // Another transaction holds the first try up for longer than a statement waits.
        let holding = world.hold("UPDATE api_keys SET name = 'Held'").await;
        let nobodys = uuid::Uuid::from_u128(7).into();
        for key in [key, nobodys, key, key] {
            world.engine.keep_failure(running.advertiser.id, call(key, "{}"), FAULT);
        }
        tokio::time::sleep(Duration::from_millis(2300)).await;
        holding.end().await;
        assert_eq!(failures(&world, 3).await.len(), 3);
        world.end().await;
    }

    async fn retries_at_once_or_after_a_crash_record_one_event(world: World) {
        let running = world.running().await;
        world.engine.keep_failure(running.advertiser.id, call(key(&world, &running).await, r#"{"action":"purchase","value":5}"#), FAULT);
        let kept = failures(&world, 1).await.remove(0);
        let (engine, session) = (&world.engine, admin());
        let answers = futures_util::future::join_all((0..4).map(|_| engine.retry_failure(&session, kept.id))).await;
        let recorded: Vec<_> = answers.into_iter().flatten().collect();
        assert!(recorded.iter().all(|answer| answer.id == recorded[0].id), "{recorded:?}");
        assert_eq!(recorded.iter().filter(|answer| !answer.duplicate).count(), 1);
        // As where the process ends between the record and the note of it.
        world.execute("UPDATE ingest_failures SET event_id = NULL").await;
        let again = engine.retry_failure(&session, kept.id).await.unwrap();
        assert_eq!((again.id, again.duplicate), (recorded[0].id, true));
        assert_eq!(engine.list_events(&session, &ActivityQuery::default()).await.unwrap().items.len(), 1);
        // A retry that was refused, noted last: what the failure became stands.
        let db = Db::open(&world.options().database_url).unwrap();
        let mut conn = db.begin().await.unwrap();
        engine::db::failures::note_retry(&mut conn, kept.id, NOON, None).await.unwrap();
        conn.commit().await.unwrap();
        db.close().await;
        assert_eq!(engine.failure(&session, kept.id).await.unwrap().recorded_as, Some(again.id));
        world.end().await;
    }
}
