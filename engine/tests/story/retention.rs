//! Clicks and events deleted once they are old: figures stay what they were, from sums, and what is kept is untouched.

use std::time::{Duration, Instant};

use engine::{Error, Options, Reattribution, Retention};
use model::{
    Timestamp,
    stats::{Compare, StatsQuery},
    time::{DAY, HOUR, MINUTE},
};
use serde_json::json;

use crate::world::{CHROME, NOON, Running, World, admin};

const DAYS: i64 = 200;
const KEPT: u32 = 91;

/// 200 days of clicks and events of three influencers, and two of them with coupons.
async fn history(world: &World) -> Running {
    world.set_clock(Timestamp(NOON.0 - DAYS * DAY));
    let running = world.running().await;
    let others = [world.influencer("Ben").await, world.influencer("Cleo").await];
    let links = [
        running.link.clone(),
        world.link(&running.campaign, Some(&others[0])).await,
        world.link(&running.campaign, Some(&others[1])).await,
    ];
    world.coupon(&running.campaign, Some(&others[0]), "BEN10").await.unwrap();
    for day in 0..DAYS {
        let at = NOON.0 - (DAYS - day) * DAY + (day * 7 % 24) * HOUR + (day * 13 % 60) * MINUTE;
        world.set_clock(Timestamp(at.min(NOON.0)));
        let link = &links[usize::try_from(day % 3).unwrap()];
        for visitor in 0..1 + day % 2 {
            world.click(link, &format!("203.0.{visitor}.7"), CHROME);
        }
        let by = if day % 5 == 0 { json!({ "coupon_code": "ben10" }) } else { json!({ "ref_code": link.code }) };
        let mut body = json!({ "action": "purchase", "event_id": format!("{day}"), "value": "7.77",
            "currency": if day % 4 == 0 { "EUR" } else { "USD" }, "customer_id": format!("c-{}", day % 150) });
        body.as_object_mut().unwrap().extend(by.as_object().unwrap().clone());
        world.send(running.advertiser.id, body).await.unwrap();
    }
    world.set_clock(NOON);
    world.engine.drained().await.unwrap();
    running
}

fn questions(running: &Running) -> Vec<StatsQuery> {
    let all = StatsQuery { range: Some("all".into()), tz: Some("UTC".into()), ..StatsQuery::default() };
    let year = StatsQuery { range: Some("12m".into()), ..all.clone() };
    let of =
        |from: &str, to: &str| StatsQuery { range: None, from: Some(from.into()), to: Some(to.into()), ..all.clone() };
    vec![
        all.clone(),
        StatsQuery { compare: Some(Compare::Previous), ..year.clone() },
        StatsQuery { campaign_id: Some(running.campaign.id), ..all.clone() },
        StatsQuery {
            influencer_id: Some(running.influencer.id),
            advertiser_id: Some(running.advertiser.id),
            ..all.clone()
        },
        StatsQuery { link_id: Some(running.link.id), interval: Some("day".into()), ..year.clone() },
        StatsQuery { interval: Some("week".into()), include_bots: true, ..year.clone() },
        // Before, across and behind the day from which rows are kept.
        of("2026-08-01", "2026-08-31"),
        of("2026-10-01", "2026-10-31"),
        of("2026-12-01", "2026-12-31"),
        StatsQuery { influencer_id: Some(running.influencer.id), ..of("2026-10-01", "2026-10-31") },
        // In a zone of whole hours too.
        StatsQuery { tz: Some("America/New_York".into()), influencer_id: Some(running.influencer.id), ..year.clone() },
        StatsQuery {
            tz: Some("Europe/Berlin".into()),
            link_id: Some(running.link.id),
            ..of("2026-10-01", "2026-10-31")
        },
    ]
}

fn forgetful(options: Options) -> Options {
    Options { retention: Retention { days: KEPT, after_archive: false }, ..options }
}

async fn forget(world: World) -> World {
    let stopped = world.stop().await;
    let options = forgetful(stopped.options());
    let world = stopped.open_with(options).await;
    let first_kept = (NOON.utc_day() - i64::from(KEPT)) * DAY;
    let deadline = Instant::now() + Duration::from_secs(60);
    for (table, at) in [("clicks", "clicked_at"), ("events", "occurred_at")] {
        while world.count(&format!("{table} WHERE {at} < {first_kept}")).await > 0 {
            assert!(Instant::now() < deadline, "{table} are not deleted");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    world
}

crate::on_both! {
    async fn figures_of_what_is_deleted_stay_and_of_what_is_kept_are_what_rows_come_to(world: World) {
        let running = history(&world).await;
        let mut before = Vec::new();
        for query in questions(&running) {
            let [sums, rows] = world.engine.answers_both_ways(&admin(), &query).await.unwrap();
            assert_eq!(sums, rows, "{query:?}");
            before.push(sums);
        }
        let kept = world.count(&format!("events WHERE occurred_at >= {}", (NOON.utc_day() - i64::from(KEPT)) * DAY)).await;
        assert!((80..100).contains(&kept), "{kept}");
        let world = forget(world).await;
        assert_eq!(world.count("events").await, kept);
        for (query, before) in questions(&running).into_iter().zip(before) {
            let [sums, _] = world.engine.answers_both_ways(&admin(), &query).await.unwrap();
            assert_eq!(sums, before, "{query:?}");
        }
        // In another zone what is kept is exact, to the minute.
        let kept = StatsQuery { tz: Some("Asia/Kolkata".into()), range: Some("28d".into()), ..StatsQuery::default() };
        for query in [kept.clone(), StatsQuery { influencer_id: Some(running.influencer.id), ..kept }] {
            let [sums, rows] = world.engine.answers_both_ways(&admin(), &query).await.unwrap();
            assert_eq!(sums, rows, "{query:?}");
        }
        // Of what is deleted, days that begin at half past are told as whole hours: none is lost, none counted twice.
        let query = StatsQuery { tz: Some("Asia/Kolkata".into()), range: Some("12m".into()), ..StatsQuery::default() };
        for query in [query.clone(), StatsQuery { interval: Some("day".into()), link_id: Some(running.link.id), ..query.clone() }] {
            let [sums, _] = world.engine.answers_both_ways(&admin(), &query).await.unwrap();
            let points: i64 = sums.chart.points.iter().map(|point| point.clicks).sum();
            assert_eq!(points, sums.overview.figures.clicks, "{query:?}");
        }
        let all = world.engine.answers_from(&admin(), &query, engine::Source::Sums).await.unwrap();
        assert_eq!(all.overview.figures.purchases, DAYS);
        let state = world.engine.diagnostics(&admin()).await.unwrap();
        assert_eq!(state.totals.clicks, DAYS + DAYS / 2, "the platform's clicks are those of its sums");
        world.assert_figures().await;
        world.end().await;
    }

    async fn credits_of_what_is_deleted_stay_as_they_are(world: World) {
        let running = history(&world).await;
        let world = forget(world).await;
        let reattribution = Reattribution::open(&world.options()).await.unwrap();
        let since = Timestamp((NOON.utc_day() - i64::from(KEPT)) * DAY);
        let refused = reattribution.changes(Timestamp(since.0 - 1), None, |_| {}).await;
        assert!(matches!(&refused, Err(Error::Conflict(text)) if text.contains("no longer kept")), "{refused:?}");
        // The first touches of some of these are deleted: their credit stands all the same.
        let changes = reattribution.changes(since, Some(running.advertiser.id), |_| {}).await.unwrap();
        assert!(changes.is_empty(), "{changes:?}");
        reattribution.close().await;
        // An order of then is new by now, as its row is gone; one that is kept is known.
        let order = json!({ "action": "purchase", "event_id": format!("{}", DAYS - 1), "value": "7.77", "currency": "USD",
            "customer_id": format!("c-{}", (DAYS - 1) % 150), "ref_code": "x" });
        assert!(world.send(running.advertiser.id, order).await.is_err(), "it is there, with another body");
        world.assert_figures().await;
        world.end().await;
    }

    async fn nothing_goes_before_it_is_archived_where_that_is_asked_for(world: World) {
        history(&world).await;
        let archived = (NOON.utc_day() - 150) * DAY;
        let kept = world.count(&format!("events WHERE occurred_at >= {archived}")).await;
        let stopped = world.stop().await;
        let options = Options { retention: Retention { days: KEPT, after_archive: true }, ..stopped.options() };
        stopped.execute(&format!("UPDATE retention SET archived_to = {archived}")).await;
        let world = stopped.open_with(options).await;
        let deadline = Instant::now() + Duration::from_secs(60);
        while world.count(&format!("events WHERE occurred_at < {archived}")).await > 0 {
            assert!(Instant::now() < deadline);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(world.count("events").await, kept);
        world.assert_figures().await;
        world.end().await;
    }
}
