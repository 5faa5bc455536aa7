//! Figures: what they count, whose they are, and that chart and overview agree.

use engine::Error;
use model::{
    Timestamp,
    stats::StatsQuery,
    time::{DAY, HOUR},
};
use serde_json::json;

use crate::world::{CHROME, NOON, World, admin, shop_session};

crate::on_both! {
    async fn currencies_are_never_added_together(world: World) {
        let running = world.running().await;
        let shop = running.advertiser.id;
        for (value, currency) in [("10.50", "USD"), ("0.50", "USD"), ("1000", "JPY"), ("0", "EUR")] {
            world.send(shop, json!({ "action": "purchase", "value": value, "currency": currency })).await.unwrap();
        }
        world.send(shop, json!({ "action": "purchase", "currency": "GBP" })).await.unwrap();
        world.send(shop, json!({ "action": "add_to_cart", "value": 99 })).await.unwrap();
        let figures = world.figures(StatsQuery::default()).await;
        let gmv: Vec<_> = figures.gmv.iter().map(|money| (money.currency.code(), money.amount())).collect();
        assert_eq!(gmv, [("EUR", "0.00".into()), ("JPY", "1000".into()), ("USD", "11.00".into())]);
        assert_eq!((figures.conversions, figures.add_to_cart, figures.attributed_gmv.len()), (5, 1, 0));
        world.end().await;
    }

    async fn the_rate_is_attributed_sales_by_human_clicks_and_null_without_clicks(world: World) {
        let running = world.running().await;
        let shop = running.advertiser.id;
        world.send(shop, json!({ "action": "purchase", "ref_code": running.link.code })).await.unwrap();
        assert_eq!(world.figures(StatsQuery::default()).await.conversion_rate, None);
        for ip in ["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"] {
            world.click(&running.link, ip, CHROME);
        }
        world.engine.drained().await.unwrap();
        world.send(shop, json!({ "action": "purchase" })).await.unwrap();
        assert_eq!(world.figures(StatsQuery::default()).await.conversion_rate, Some(0.25));
        world.end().await;
    }

    async fn events_count_when_they_occurred_and_the_range_ends_before_its_end(world: World) {
        let running = world.running().await;
        let shop = running.advertiser.id;
        let midnight = Timestamp(NOON.0 - NOON.0.rem_euclid(DAY));
        for at in [midnight.plus(-1), midnight, midnight.plus(HOUR)] {
            world.send(shop, json!({ "action": "purchase", "occurred_at": at })).await.unwrap();
        }
        let on = |day: &str| StatsQuery { from: Some(day.into()), to: Some(day.into()), ..StatsQuery::default() };
        let day = midnight.to_string()[..10].to_owned();
        let before = midnight.plus(-DAY).to_string()[..10].to_owned();
        assert_eq!(world.figures(on(&day)).await.conversions, 2);
        assert_eq!(world.figures(on(&before)).await.conversions, 1);
        let instants = StatsQuery { from: Some(midnight.to_string()), to: Some(midnight.plus(HOUR).to_string()), ..StatsQuery::default() };
        assert_eq!(world.figures(instants).await.conversions, 1);
        world.end().await;
    }

    async fn sums_beyond_sixty_four_bits_stay_exact(world: World) {
        let running = world.running().await;
        let shop = running.advertiser.id;
        // Unidad de Fomento has four digits: each of these is nearly 10^16 minor units.
        let bodies = (0..930).map(|_| json!({ "action": "purchase", "value": "999999999999.9999", "currency": "CLF" }));
        let sent = futures_util::future::join_all(bodies.map(|body| world.send(shop, body))).await;
        assert!(sent.iter().all(Result::is_ok));
        let figures = world.figures(StatsQuery::default()).await;
        assert_eq!(figures.gmv[0].amount(), "929999999999999.9070");
        world.end().await;
    }

    async fn the_points_of_a_chart_add_up_to_the_overview(world: World) {
        let running = world.running().await;
        let shop = running.advertiser.id;
        for hours in 0..200_i64 {
            world.set_clock(NOON.plus(-hours * HOUR - hours * 61_000));
            world.click(&running.link, "203.0.113.1", CHROME);
            world.send(shop, json!({ "action": "purchase", "value": hours })).await.unwrap();
        }
        world.set_clock(NOON);
        world.engine.drained().await.unwrap();
        for (zone, interval) in [("UTC", "hour"), ("Asia/Kolkata", "hour"), ("America/St_Johns", "day"), ("Pacific/Auckland", "week"), ("Europe/Berlin", "month")] {
            let query = StatsQuery { range: Some("30d".into()), tz: Some(zone.into()), interval: Some(interval.into()), ..StatsQuery::default() };
            let overview = world.figures(query.clone()).await;
            let chart = world.engine.chart(&admin(), &query).await.unwrap();
            assert_eq!(chart.points.iter().map(|point| point.clicks).sum::<i64>(), overview.clicks, "{zone} {interval}");
            assert_eq!(chart.points.iter().map(|point| point.conversions).sum::<i64>(), overview.conversions, "{zone} {interval}");
            let gmv: i128 = chart.points.iter().flat_map(|point| &point.gmv).map(|money| money.minor).sum();
            assert_eq!(gmv, overview.gmv[0].minor, "{zone} {interval}");
            assert_eq!((overview.clicks, overview.conversions), (200, 200));
        }
        world.end().await;
    }

    async fn an_advertiser_sees_its_own_figures_alone(world: World) {
        let running = world.running().await;
        let other = world.advertiser("Other").await;
        let coupon = world.coupon(&running.campaign, None, "SPRING").await.unwrap();
        world.send(running.advertiser.id, json!({ "action": "purchase" })).await.unwrap();
        let session = shop_session(other.id);
        let own = world.engine.overview(&session, &StatsQuery::default()).await.unwrap().figures;
        assert_eq!(own.conversions, 0);
        for query in [
            StatsQuery { advertiser_id: Some(running.advertiser.id), ..StatsQuery::default() },
            StatsQuery { campaign_id: Some(running.campaign.id), ..StatsQuery::default() },
            StatsQuery { link_id: Some(running.link.id), ..StatsQuery::default() },
            StatsQuery { coupon_id: Some(coupon.id), ..StatsQuery::default() },
            StatsQuery { influencer_id: Some(running.influencer.id), ..StatsQuery::default() },
        ] {
            let refused = world.engine.overview(&session, &query).await;
            assert!(matches!(refused, Err(Error::NotFound)), "{query:?}");
        }
        world.end().await;
    }
}
