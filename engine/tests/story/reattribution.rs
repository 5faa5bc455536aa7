//! Credits worked out again: what was mapped late is credited, what stood then still stands.

use engine::{Error, Reattribution};
use model::{attribution::Method, stats::StatsQuery};
use serde_json::json;

use crate::world::{NOON, World, admin};

crate::on_both! {
    async fn a_coupon_that_was_mapped_late_is_credited_and_the_figures_follow(world: World) {
        let running = world.running().await;
        let shop = running.advertiser.id;
        let order = |id: &str| json!({ "action": "purchase", "event_id": id, "value": "10", "coupon_code": "LATE10" });
        world.credit(shop, order("A-1")).await;
        world.credit(shop, json!({ "action": "purchase", "event_id": "A-2", "value": "5", "ref_code": running.link.code })).await;
        world.coupon(&running.campaign, Some(&running.influencer), "LATE10").await.unwrap();

        let again = Reattribution::open(&world.options()).await.unwrap();
        assert!(again.changes(NOON.plus(1), None, |_| {}).await.unwrap().is_empty(), "it is later than they are");
        let changes = again.changes(NOON, Some(shop), |_| {}).await.unwrap();
        assert_eq!(changes.len(), 1, "{changes:?}");
        assert_eq!((changes[0].before.method, changes[0].after.method), (Method::None, Method::Coupon));
        let attributed = async || world.figures(StatsQuery::default()).await.attributed_conversions;
        assert_eq!(attributed().await, 1, "nothing is changed yet");
        again.apply(&changes).await.unwrap();
        assert_eq!(attributed().await, 2);
        assert!(again.changes(NOON, None, |_| {}).await.unwrap().is_empty(), "once is enough");
        let other = uuid::Uuid::from_u128(1).into();
        assert!(matches!(again.changes(NOON, Some(other), |_| {}).await, Err(Error::NotFound)));
        again.close().await;
        world.end().await;
    }

    async fn what_was_credited_then_still_stands(world: World) {
        let running = world.running().await;
        let shop = running.advertiser.id;
        let coupon = world.coupon(&running.campaign, Some(&running.influencer), "ANNA10").await.unwrap();
        world.credit(shop, json!({ "action": "purchase", "coupon_code": "ANNA10" })).await;
        world.credit(shop, json!({ "action": "signup", "ref_code": running.link.code, "customer_id": "c-1" })).await;
        world.set_clock(NOON.plus(10));
        let touched = world.credit(shop, json!({ "action": "purchase", "customer_id": "c-1" })).await;
        assert_eq!(touched.method, Method::FirstTouch);
        world.engine.invalidate_coupon(&admin(), coupon.id).await.unwrap();
        world.engine.set_link_active(&admin(), running.link.id, false).await.unwrap();
        world.engine.archive_influencer(&admin(), running.influencer.id, None).await.unwrap();
        let again = Reattribution::open(&world.options()).await.unwrap();
        assert!(again.changes(NOON, None, |_| {}).await.unwrap().is_empty());
        again.close().await;
        world.end().await;
    }

    async fn a_touch_that_is_credited_now_is_the_touch_of_later_events(world: World) {
        let running = world.running().await;
        let shop = running.advertiser.id;
        let paused = world.campaign(shop, json!({ "name": "Autumn", "starts_at": NOON.plus(1000).to_string() })).await;
        let link = world.link(&paused, Some(&running.influencer)).await;
        // Before the campaign starts: nobody is credited, and nobody is touched.
        world.credit(shop, json!({ "action": "signup", "ref_code": link.code, "customer_id": "c-1" })).await;
        world.set_clock(NOON.plus(10));
        let later = world.credit(shop, json!({ "action": "purchase", "customer_id": "c-1" })).await;
        assert_eq!(later.method, Method::None);
        world.execute("UPDATE campaigns SET starts_at = NULL").await;
        let again = Reattribution::open(&world.options()).await.unwrap();
        let changes = again.changes(NOON, None, |_| {}).await.unwrap();
        let methods: Vec<Method> = changes.iter().map(|change| change.after.method).collect();
        assert_eq!(methods, [Method::RefCode, Method::FirstTouch]);
        again.close().await;
        world.end().await;
    }
}
