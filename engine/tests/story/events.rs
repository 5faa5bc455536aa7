//! Events: recorded once, credited once, answered alike ever after.

use engine::Error;
use model::{attribution::Method, stats::StatsQuery};
use serde_json::json;

use crate::world::{CHROME, World};

crate::on_both! {
    async fn an_event_is_credited_and_counted_at_once(world: World) {
        let running = world.running().await;
        world.coupon(&running.campaign, Some(&running.influencer), "ANNA10").await.unwrap();
        let answer = world
            .send(running.advertiser.id, json!({
                "action": "purchase", "event_id": "A-1", "value": "49.90", "coupon_code": " anna10 ",
                "properties": { "ü": [1, 2, { "x": null }] }, "customer_id": "c-1",
            }))
            .await
            .unwrap();
        assert!(!answer.duplicate);
        assert_eq!(answer.attribution.method, Method::Coupon);
        assert_eq!(answer.attribution.influencer_id, Some(running.influencer.id));
        let figures = world.figures(StatsQuery { influencer_id: Some(running.influencer.id), ..StatsQuery::default() }).await;
        assert_eq!((figures.conversions, figures.attributed_conversions), (1, 1));
        assert_eq!(figures.gmv[0].amount(), "49.90");
        world.end().await;
    }

    async fn the_waterfall_goes_from_coupon_to_ref_code_to_landing_url_to_referrer(world: World) {
        let running = world.running().await;
        let shop = running.advertiser.id;
        let code = running.link.code.as_str();
        for (body, method) in [
            (json!({ "ref_code": code, "landing_url": format!("https://s.example/?ref_code={code}") }), Method::RefCode),
            (json!({ "ref_code": "nosuch", "landing_url": format!("https://s.example/?ref_code={code}") }), Method::LandingUrl),
            (json!({ "referrer": format!("https://s.example/#ref_code={code}") }), Method::Referrer),
            (json!({ "coupon_code": "NOSUCH", "ref_code": code }), Method::RefCode),
            (json!({ "ref_code": code.to_lowercase() + "x" }), Method::None),
            (json!({}), Method::None),
        ] {
            let mut body = body;
            body["action"] = "purchase".into();
            let credit = world.credit(shop, body.clone()).await;
            assert_eq!(credit.method, method, "{body}");
        }
        world.end().await;
    }

    async fn a_click_ties_its_event_and_credits_its_link(world: World) {
        let running = world.running().await;
        let click = world.click(&running.link, "203.0.113.7", CHROME);
        world.engine.drained().await.unwrap();
        let credit = world.credit(running.advertiser.id, json!({ "action": "purchase", "click_id": click })).await;
        assert_eq!((credit.method, credit.click_id), (Method::ClickId, Some(click)));
        let other = world.advertiser("Other").await;
        let credit = world.credit(other.id, json!({ "action": "purchase", "click_id": click })).await;
        assert_eq!((credit.method, credit.click_id), (Method::None, None), "another tenant's click is unknown");
        world.end().await;
    }

    async fn a_click_is_known_before_it_is_drained(world: World) {
        let shop = world.advertiser("Shop").await;
        let campaign = world.campaign(shop.id, json!({ "append_click_id": true })).await;
        let link = world.link(&campaign, None).await;
        for _ in 0..20 {
            let click = world.click(&link, "203.0.113.7", CHROME);
            let credit = world.credit(shop.id, json!({ "action": "purchase", "click_id": click })).await;
            assert_eq!((credit.method, credit.click_id), (Method::ClickId, Some(click)));
        }
        world.end().await;
    }

    async fn an_event_that_is_refused_is_nobodys_first_touch(world: World) {
        let running = world.running().await;
        let shop = running.advertiser.id;
        world.send(shop, json!({ "action": "signup", "event_id": "E", "customer_id": "c" })).await.unwrap();
        for _ in 0..20 {
            // Together, so that one batch may hold both: the changed repeat is refused and earns nothing.
            let changed = world.send(shop, json!({ "action": "signup", "event_id": "E", "customer_id": "c", "ref_code": running.link.code }));
            let plain = world.send(shop, json!({ "action": "purchase", "customer_id": "c" }));
            let (changed, plain) = futures_util::join!(changed, plain);
            assert!(matches!(changed, Err(Error::Conflict(_))));
            assert_eq!(plain.unwrap().attribution.method, Method::None);
        }
        world.end().await;
    }

    async fn the_customers_first_link_keeps_the_credit(world: World) {
        let running = world.running().await;
        let ben = world.influencer("Ben").await;
        let bens = world.link(&running.campaign, Some(&ben)).await;
        let shop = running.advertiser.id;
        world.credit(shop, json!({ "action": "signup", "ref_code": running.link.code, "customer_id": "c-1" })).await;
        let credit = world.credit(shop, json!({ "action": "purchase", "ref_code": bens.code, "customer_id": "c-1" })).await;
        assert_eq!((credit.method, credit.influencer_id), (Method::FirstTouch, Some(running.influencer.id)));
        let credit = world.credit(shop, json!({ "action": "purchase", "ref_code": bens.code, "customer_id": "c-2" })).await;
        assert_eq!((credit.method, credit.influencer_id), (Method::RefCode, Some(ben.id)));
        world.end().await;
    }

    async fn the_same_event_id_is_recorded_once_and_answered_alike(world: World) {
        let running = world.running().await;
        let shop = running.advertiser.id;
        let body = json!({ "action": "purchase", "event_id": "A-1", "value": 5, "ref_code": running.link.code });
        let first = world.send(shop, body.clone()).await.unwrap();
        let mut same = body.clone();
        same["value"] = "5.00".into();
        let again = world.send(shop, same).await.unwrap();
        assert!(again.duplicate);
        assert_eq!((again.id, &again.attribution), (first.id, &first.attribution));
        let mut changed = body.clone();
        changed["value"] = 6.into();
        assert!(matches!(world.send(shop, changed).await, Err(Error::Conflict(_))));
        let other = world.advertiser("Other").await;
        assert!(!world.send(other.id, body).await.unwrap().duplicate, "each advertiser has its own event ids");
        assert_eq!(world.figures(StatsQuery { advertiser_id: Some(shop), ..StatsQuery::default() }).await.conversions, 1);
        world.end().await;
    }

    async fn an_absent_occurred_at_is_not_compared(world: World) {
        let running = world.running().await;
        let shop = running.advertiser.id;
        let at = |minutes: i64| world.engine.now().plus(minutes * model::time::MINUTE).to_string();
        world.send(shop, json!({ "action": "purchase", "event_id": "A-1", "occurred_at": at(-10) })).await.unwrap();
        assert!(world.send(shop, json!({ "action": "purchase", "event_id": "A-1" })).await.unwrap().duplicate);
        let moved = json!({ "action": "purchase", "event_id": "A-1", "occurred_at": at(-9) });
        assert!(matches!(world.send(shop, moved).await, Err(Error::Conflict(_))));
        world.end().await;
    }

    async fn many_copies_at_the_same_moment_are_one_event(world: World) {
        let running = world.running().await;
        let shop = running.advertiser.id;
        let mut sent = Vec::new();
        for copy in 0..200 {
            let event = format!("A-{}", copy % 4);
            sent.push(world.send(shop, json!({ "action": "purchase", "event_id": event, "value": "1.10" })));
        }
        let answers = futures_util::future::join_all(sent).await;
        let recorded = answers.iter().filter(|answer| !answer.as_ref().unwrap().duplicate).count();
        assert_eq!(recorded, 4);
        let figures = world.figures(StatsQuery::default()).await;
        assert_eq!((figures.conversions, figures.gmv[0].amount()), (4, "4.40".to_owned()));
        world.end().await;
    }

    async fn events_survive_a_restart(world: World) {
        let running = world.running().await;
        let body = json!({ "action": "purchase", "event_id": "A-1", "ref_code": running.link.code });
        let first = world.send(running.advertiser.id, body.clone()).await.unwrap();
        let world = world.restart().await;
        let again = world.send(running.advertiser.id, body).await.unwrap();
        assert_eq!((again.duplicate, again.id, again.attribution), (true, first.id, first.attribution));
        world.end().await;
    }

    async fn a_link_that_is_turned_off_earns_nothing_from_that_moment(world: World) {
        let running = world.running().await;
        let shop = running.advertiser.id;
        let body = json!({ "action": "purchase", "ref_code": running.link.code });
        assert_eq!(world.credit(shop, body.clone()).await.method, Method::RefCode);
        let admin = crate::world::admin();
        world.engine.set_link_active(&admin, running.link.id, false).await.unwrap();
        assert_eq!(world.credit(shop, body.clone()).await.method, Method::None);
        world.engine.set_link_active(&admin, running.link.id, true).await.unwrap();
        assert_eq!(world.credit(shop, body).await.method, Method::RefCode);
        world.end().await;
    }

    async fn text_of_every_kind_is_stored_as_it_was_sent(world: World) {
        let running = world.running().await;
        let strange = "Ω😀 \" ' ; DROP TABLE events; -- \\ %_ \u{202e}";
        let body = json!({
            "action": "custom", "name": strange, "event_id": strange, "customer_id": strange,
            "coupon_codes": [strange], "ref_code": strange, "landing_url": strange, "properties": { strange: strange },
        });
        let first = world.send(running.advertiser.id, body.clone()).await.unwrap();
        let again = world.send(running.advertiser.id, body).await.unwrap();
        assert!(again.duplicate);
        assert_eq!(first.attribution, again.attribution);
        world.end().await;
    }
}
