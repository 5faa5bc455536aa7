//! A customer erased: no row, no share in a figure, no body that names it; others stay as they were.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use engine::{Call, Erasure, Error, Fault, kept_body};
use model::{AdvertiserId, FromFields, activity::FailureQuery, api_key::NewApiKey, erasure::Erased, stats::StatsQuery};
use serde_json::json;

use crate::world::{World, admin, read, shop_session};

async fn fails(world: &World, of: AdvertiserId, bodies: &[&str]) {
    let key = read(json!({ "name": "Shop" }), NewApiKey::read);
    let key = world.engine.issue_api_key(&admin(), of, key).await.unwrap();
    for body in bodies {
        let call = Call {
            key: key.id,
            action: None,
            idempotency_key: None,
            body: kept_body(body.as_bytes()),
            request_id: "r".into(),
        };
        world.engine.keep_failure(of, call, Fault { code: "invalid", status: 422, detail: "x", errors: &[] });
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    while kept(world).await.len() < bodies.len() {
        assert!(Instant::now() < deadline);
        tokio::task::yield_now().await;
    }
}

/// How often each body is kept.
async fn kept(world: &World) -> Vec<(String, bool)> {
    let page = world.engine.list_failures(&admin(), &FailureQuery::default()).await.unwrap();
    page.items.into_iter().map(|failure| (failure.body, failure.can_retry)).collect()
}

async fn buys(world: &World, of: AdvertiserId, customer: &str, orders: std::ops::Range<u32>, link: &str) {
    for order in orders {
        let body = json!({ "action": "purchase", "event_id": format!("{customer}-{order}"), "value": "10.01",
            "ref_code": link, "customer_id": customer, "properties": { "by": customer } });
        world.send(of, body).await.unwrap();
    }
}

crate::on_both! {
    async fn a_customer_is_gone_from_rows_figures_and_failed_calls_and_nobody_else_is(world: World) {
        let running = world.running().await;
        let other = world.running().await;
        // More than one transaction's.
        buys(&world, running.advertiser.id, "c-1", 0..230, &running.link.code).await;
        buys(&world, running.advertiser.id, "c-2", 0..3, &running.link.code).await;
        // Another shop's customer of the same name.
        buys(&world, other.advertiser.id, "c-1", 0..2, &other.link.code).await;
        let bodies = [r#"{"customer_id":"c-1","value":-1}"#, r#"{"customer_id":"c-2","value":-1}"#, r#"{"customer_id":"c-1","cut"#];
        fails(&world, running.advertiser.id, &bodies).await;
        let erased = world.engine.erase_customer(&admin(), running.advertiser.id, &"c-1".parse().unwrap()).await.unwrap();
        assert_eq!(erased, Erased { events: 230, failures: 2 });
        let figures = world.figures(StatsQuery { advertiser_id: Some(running.advertiser.id), ..StatsQuery::default() }).await;
        assert_eq!((figures.purchases, figures.attributed_conversions, figures.gmv[0].amount().to_string()), (3, 3, "30.03".to_owned()));
        let figures = world.figures(StatsQuery { advertiser_id: Some(other.advertiser.id), ..StatsQuery::default() }).await;
        assert_eq!(figures.purchases, 2);
        world.assert_figures().await;
        assert_eq!(world.count("events").await, 5);
        assert_eq!(world.count("ingest_failures WHERE body LIKE '%c-1%'").await, 0);
        let mut told: BTreeMap<(bool, bool), usize> = BTreeMap::new();
        for (body, can_retry) in kept(&world).await {
            *told.entry((body.is_empty(), can_retry)).or_default() += 1;
        }
        assert_eq!(told, BTreeMap::from([((true, false), 2), ((false, true), 1)]), "the failures themselves stay");

        // Whoever comes later is new: the same order is recorded anew, and no first touch is known.
        let again = world.engine.erase_customer(&admin(), running.advertiser.id, &"c-1".parse().unwrap()).await.unwrap();
        assert_eq!(again, Erased::default());
        let later = json!({ "action": "purchase", "event_id": "c-1-0", "customer_id": "c-1" });
        let answer = world.send(running.advertiser.id, later).await.unwrap();
        assert!(!answer.duplicate && answer.attribution.influencer_id.is_none(), "{answer:?}");
        world.assert_figures().await;
        world.end().await;
    }

    async fn only_admins_erase_and_only_known_shops_customers(world: World) {
        let running = world.running().await;
        let customer = "c-1".parse().unwrap();
        let shop = shop_session(running.advertiser.id);
        let refused = world.engine.erase_customer(&shop, running.advertiser.id, &customer).await;
        assert!(matches!(refused, Err(Error::Forbidden)));
        let unknown = world.engine.erase_customer(&admin(), uuid::Uuid::nil().into(), &customer).await;
        assert!(matches!(unknown, Err(Error::NotFound)));
        world.end().await;
    }

    async fn the_operator_counts_first_then_erases_beside_a_server_that_records_more(world: World) {
        let running = world.running().await;
        buys(&world, running.advertiser.id, "ü 1", 0..5, &running.link.code).await;
        let erasure = Erasure::open(&world.options()).await.unwrap();
        let customer = "ü 1".parse().unwrap();
        assert_eq!(erasure.count(running.advertiser.id, &customer).await.unwrap().events, 5);
        assert_eq!(world.count("events").await, 5, "counting changes nothing");
        let erased = async {
            let mut events = 0;
            while events < 105 {
                events += erasure.erase(running.advertiser.id, &customer).await.unwrap().events;
            }
        };
        tokio::join!(erased, buys(&world, running.advertiser.id, "ü 1", 5..105, &running.link.code));
        assert_eq!(world.count("events").await, 0);
        world.assert_figures().await;
        assert!(matches!(erasure.count(uuid::Uuid::nil().into(), &customer).await, Err(Error::NotFound)));
        erasure.close().await;
        world.end().await;
    }
}
