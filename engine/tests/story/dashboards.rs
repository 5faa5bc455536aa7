//! What dashboards ask beside figures: names, the latest activity, and an influencer's view for admins.

use engine::Error;
use model::{
    stats::StatsQuery,
    time::{DAY, HOUR},
};
use serde_json::json;

use crate::world::{CHROME, NOON, World, admin, shop_session};

crate::on_both! {
    async fn names_are_told_to_whoever_may_know_the_thing(world: World) {
        let ours = world.running().await;
        let other = world.running().await;
        let coupon = world.coupon(&ours.campaign, Some(&ours.influencer), "ANNA10").await.unwrap();
        let generic = world.coupon(&ours.campaign, None, "SPRING").await.unwrap();
        let ids = vec![
            ours.advertiser.id.0, ours.campaign.id.0, ours.influencer.id.0, ours.link.id.0, coupon.id.0, generic.id.0,
            other.advertiser.id.0, other.campaign.id.0, other.influencer.id.0, other.link.id.0,
        ];
        let anna = admin().as_influencer(ours.influencer.id).unwrap();
        for (session, known) in [
            (admin(), ids.clone()),
            (shop_session(ours.advertiser.id), ids[..6].to_vec()),
            (shop_session(other.advertiser.id), ids[6..].to_vec()),
            (anna, ids[..5].to_vec()),
        ] {
            let mut told: Vec<_> = world.engine.names(&session, ids.clone()).await.unwrap().into_keys().collect();
            told.sort_unstable_by_key(|id| ids.iter().position(|known| known == id));
            assert_eq!(told, known, "{:?}", session.account.role);
        }
        world.end().await;
    }

    async fn the_latest_activity_is_the_newest_click_or_event_within_the_filter(world: World) {
        let running = world.running().await;
        let (shop, engine) = (running.advertiser.id, &world.engine);
        let asked = |more: StatsQuery| StatsQuery { range: Some("today".into()), ..more };
        let all = asked(StatsQuery::default());
        assert_eq!(engine.latest_activity(&shop_session(shop), &all).await.unwrap(), None);
        let (long_ago, lately) = (NOON.plus(-40 * DAY), NOON.plus(-2 * DAY));
        world.send(shop, json!({ "action": "signup", "ref_code": running.link.code, "occurred_at": long_ago })).await.unwrap();
        world.send(shop, json!({ "action": "purchase", "occurred_at": lately })).await.unwrap();
        // No figure counts it: whoever were led to it would find nothing.
        world.send(shop, json!({ "action": "custom", "name": "quiz", "occurred_at": NOON.plus(-DAY) })).await.unwrap();
        assert_eq!(engine.latest_activity(&shop_session(shop), &all).await.unwrap(), Some(lately));
        let of_link = asked(StatsQuery { link_id: Some(running.link.id), ..StatsQuery::default() });
        assert_eq!(engine.latest_activity(&shop_session(shop), &of_link).await.unwrap(), Some(long_ago));
        world.set_clock(NOON.plus(HOUR));
        world.click(&running.link, "203.0.113.1", CHROME);
        engine.drained().await.unwrap();
        assert_eq!(engine.latest_activity(&shop_session(shop), &of_link).await.unwrap(), Some(NOON.plus(HOUR)));
        let own = admin().as_influencer(running.influencer.id).unwrap();
        assert_eq!(engine.latest_activity(&own, &all).await.unwrap(), Some(NOON.plus(HOUR)));

        let other = world.running().await;
        assert_eq!(engine.latest_activity(&shop_session(other.advertiser.id), &all).await.unwrap(), None);
        let foreign = engine.latest_activity(&shop_session(other.advertiser.id), &of_link).await;
        assert!(matches!(foreign, Err(Error::NotFound)), "{foreign:?}");
        world.end().await;
    }

    async fn an_admin_who_sees_as_an_influencer_is_told_what_they_are_told_and_nobody_else_may(world: World) {
        let running = world.running().await;
        let (shop, ben) = (running.advertiser.id, world.influencer("Ben").await);
        let bens = world.link(&running.campaign, Some(&ben)).await;
        for (value, code) in [("10", &running.link.code), ("70", &bens.code)] {
            world.send(shop, json!({ "action": "purchase", "value": value, "ref_code": code })).await.unwrap();
        }
        let own = admin().as_influencer(running.influencer.id).unwrap();
        let told = world.engine.overview(&own, &StatsQuery::default()).await.unwrap().figures;
        assert_eq!((told.conversions, told.commission_estimate.is_some()), (1, true));
        let bens_link = StatsQuery { link_id: Some(bens.id), ..StatsQuery::default() };
        assert!(matches!(world.engine.overview(&own, &bens_link).await, Err(Error::NotFound)));
        assert!(matches!(own.admin(), Err(Error::Forbidden)), "it reads as they do, and no more");
        for session in [shop_session(shop), own] {
            assert!(matches!(session.as_influencer(ben.id), Err(Error::Forbidden)));
        }
        world.end().await;
    }
}
