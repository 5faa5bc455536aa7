//! Lists: every filter, both orders, and pages that neither skip nor repeat.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use engine::Error;
use model::{
    FromFields,
    activity::ActivityQuery,
    influencer::NewInfluencer,
    overview::Find,
    page::{ListQuery, Sort},
};
use serde_json::json;

use crate::world::{CHROME, NOON, World, admin, all, read, shop_session};

async fn names(world: &World, mut query: ListQuery) -> Vec<String> {
    let mut names = Vec::new();
    loop {
        let page = world.engine.list_influencers(&admin(), &query).await.unwrap();
        names.extend(page.items.into_iter().map(|item| item.name));
        let Some(cursor) = page.next_cursor else { return names };
        query.cursor = Some(cursor);
    }
}

crate::on_both! {
    async fn names_are_searched_and_sorted_without_case(world: World) {
        for (n, name) in ["Zoë Ölander", "anna", "Ben 100%", "Anna", "ben_2"].into_iter().enumerate() {
            world.set_clock(NOON.plus(i64::try_from(n).unwrap()));
            let new = read(json!({ "name": name, "handle": format!("@h{n}") }), NewInfluencer::read);
            world.engine.create_influencer(&admin(), new).await.unwrap();
        }
        let q = |q: &str| ListQuery { q: Some(q.into()), ..all() };
        assert_eq!(names(&world, q("ÖLAND")).await, ["Zoë Ölander"]);
        assert_eq!(names(&world, q("@h3")).await, ["Anna"]);
        assert_eq!(names(&world, q("%")).await, ["Ben 100%"], "a percent sign is a percent sign");
        assert_eq!(names(&world, q("_")).await, ["ben_2"]);
        assert_eq!(names(&world, q("  ")).await.len(), 5, "a search that says nothing is none");
        for limit in 1..=5 {
            let sorted = |sort| ListQuery { sort: Some(sort), limit: Some(limit), ..all() };
            let up = names(&world, sorted(Sort::Ascending)).await;
            assert_eq!(up.iter().map(|name| name.to_lowercase()).collect::<Vec<_>>(), ["anna", "anna", "ben 100%", "ben_2", "zoë ölander"], "{limit}");
            let mut down = names(&world, sorted(Sort::Descending)).await;
            down.reverse();
            assert_eq!(up, down);
            let oldest = names(&world, sorted(Sort::Oldest)).await;
            assert_eq!(oldest, ["Zoë Ölander", "anna", "Ben 100%", "Anna", "ben_2"]);
        }
        world.end().await;
    }

    async fn no_order_and_no_cursor_tells_an_advertiser_an_e_mail_address(world: World) {
        let running = world.running().await;
        let mut made = vec![running.influencer.id];
        for (later, email) in [(1, "z@hidden.example"), (2, "a@hidden.example")] {
            world.set_clock(NOON.plus(later));
            let new = read(json!({ "name": "anna", "email": email }), NewInfluencer::read);
            made.push(world.engine.create_influencer(&admin(), new).await.unwrap().id);
        }
        world.engine.assign_all(&admin(), running.campaign.id, &made).await.unwrap();
        let shop = shop_session(running.advertiser.id);
        let mut query = ListQuery { sort: Some(Sort::Ascending), limit: Some(1), ..all() };
        let mut seen = Vec::new();
        loop {
            let page = world.engine.list_influencers(&shop, &query).await.unwrap();
            let assigned = world.engine.assigned_influencers(&shop, running.campaign.id, &query).await.unwrap();
            assert_eq!(assigned, page);
            seen.extend(page.items.iter().map(|item| item.id));
            let Some(cursor) = page.next_cursor else { break };
            let name = URL_SAFE_NO_PAD.decode(cursor.split_once('.').unwrap().1).unwrap();
            assert_eq!(name, b"anna");
            query.cursor = Some(cursor);
        }
        assert_eq!(seen, made, "those of one name in the order they were made");
        world.end().await;
    }

    async fn names_are_found_whatever_their_lower_case(world: World) {
        let long = "İ".repeat(200);
        let shop = world.advertiser(&long).await;
        let campaign = world.campaign(shop.id, json!({ "name": long })).await;
        let new = read(json!({ "name": long, "handle": "İ".repeat(100), "email": "ä@social.example" }), NewInfluencer::read);
        let longest = world.engine.create_influencer(&admin(), new).await.unwrap();
        let aenne = world.influencer("Änne").await;
        world.engine.assign_all(&admin(), campaign.id, &[longest.id, aenne.id]).await.unwrap();
        let q = |q: &str| ListQuery { q: Some(q.into()), sort: Some(Sort::Ascending), ..all() };
        // As from before the columns, or from a node of an earlier version.
        world.execute("UPDATE advertisers SET name_lower = ''").await;
        world.execute("UPDATE campaigns SET name_lower = ''").await;
        world.execute("UPDATE influencers SET name_lower = '', search = ''").await;
        let world = world.restart().await;
        let engine = &world.engine;
        for session in [admin(), shop_session(shop.id)] {
            assert_eq!(engine.list_campaigns(&session, &q("İİ")).await.unwrap().items.len(), 1);
            assert_eq!(engine.list_influencers(&session, &q("ÄNNE")).await.unwrap().items[0].id, aenne.id);
            assert_eq!(engine.list_influencers(&session, &q("İİ")).await.unwrap().items[0].id, longest.id);
        }
        assert_eq!(engine.list_advertisers(&admin(), &q("İİ")).await.unwrap().items.len(), 1);
        assert_eq!(engine.list_influencers(&admin(), &q("Ä@SOCIAL")).await.unwrap().items[0].id, longest.id);
        world.end().await;
    }

    async fn codes_are_found_by_how_they_begin(world: World) {
        let running = world.running().await;
        for code in ["SPRING-1", "spring-2", "SUMMER-1", "S_1"] {
            world.coupon(&running.campaign, None, code).await.unwrap();
        }
        let engine = &world.engine;
        let found = |query: ListQuery| async move {
            let page = engine.list_coupons(&admin(), &query).await.unwrap();
            page.items.into_iter().map(|coupon| coupon.code).collect::<Vec<_>>()
        };
        let q = |q: &str| ListQuery { q: Some(q.into()), ..all() };
        assert_eq!(found(q("Spring")).await, ["SPRING-1", "spring-2"]);
        assert_eq!(found(q("s_")).await, ["S_1"]);
        assert!(found(q("PRING")).await.is_empty(), "by the beginning alone");
        let invalid = ListQuery { status: Some("invalidated".into()), ..all() };
        assert!(found(invalid).await.is_empty());
        for wrong in [ListQuery { status: Some("gone".into()), ..all() }, ListQuery { limit: Some(501), ..all() }, ListQuery { cursor: Some("x".into()), ..all() }] {
            assert!(matches!(world.engine.list_coupons(&admin(), &wrong).await, Err(Error::Invalid(_))));
        }
        world.end().await;
    }

    async fn clicks_and_events_are_listed_newest_first_to_whom_they_belong(world: World) {
        let running = world.running().await;
        let other = world.advertiser("Other").await;
        let mut clicks = Vec::new();
        for n in 0..5 {
            world.set_clock(NOON.plus(n * 1000));
            clicks.push(world.click(&running.link, "203.0.113.7", if n == 2 { "curl/8" } else { CHROME }));
            world.send(running.advertiser.id, json!({ "action": "purchase", "event_id": format!("A-{n}"), "value": 5, "ref_code": running.link.code })).await.unwrap();
        }
        world.engine.drained().await.unwrap();
        clicks.reverse();
        let mut query = ActivityQuery { limit: Some(2), ..ActivityQuery::default() };
        let mut seen = Vec::new();
        loop {
            let page = world.engine.list_clicks(&admin(), &query).await.unwrap();
            seen.extend(page.items.iter().map(|click| click.id));
            let Some(cursor) = page.next_cursor else { break };
            query.cursor = Some(cursor);
        }
        assert_eq!(seen, clicks);
        let people = ActivityQuery { is_bot: Some(false), ..ActivityQuery::default() };
        assert_eq!(world.engine.list_clicks(&admin(), &people).await.unwrap().items.len(), 4);
        let own = world.engine.list_clicks(&shop_session(running.advertiser.id), &ActivityQuery::default()).await.unwrap();
        assert!(own.items.len() == 5 && own.items.iter().all(|click| click.ip.is_none()));
        let events = world.engine.list_events(&shop_session(running.advertiser.id), &ActivityQuery::default()).await.unwrap().items;
        assert_eq!(events.iter().map(|event| event.event_id.as_deref().unwrap()).collect::<Vec<_>>(), ["A-4", "A-3", "A-2", "A-1", "A-0"]);
        let foreign = shop_session(other.id);
        assert!(world.engine.list_clicks(&foreign, &ActivityQuery::default()).await.unwrap().items.is_empty());
        assert!(world.engine.list_events(&foreign, &ActivityQuery::default()).await.unwrap().items.is_empty());
        assert!(matches!(world.engine.event(&foreign, events[0].id).await, Err(Error::NotFound)));
        world.end().await;
    }

    async fn the_look_up_box_finds_what_a_text_names(world: World) {
        let running = world.running().await;
        let coupon = world.coupon(&running.campaign, None, "ANNA10").await.unwrap();
        let click = world.click(&running.link, "203.0.113.7", CHROME);
        let event = world.send(running.advertiser.id, json!({ "action": "purchase", "event_id": "A-77" })).await.unwrap();
        world.engine.drained().await.unwrap();
        let engine = &world.engine;
        let found = |text: String| async move { engine.look_up(&admin(), &text).await.unwrap().items };
        assert!(matches!(&found("anna10 ".into()).await[..], [Find::Coupon(found)] if found.id == coupon.id));
        assert!(matches!(&found(running.link.code.clone()).await[..], [Find::Link(found)] if found.id == running.link.id));
        assert!(matches!(&found(running.link.url.clone()).await[..], [Find::Link(_)]));
        assert!(matches!(&found("A-77".into()).await[..], [Find::Event(found)] if found.id == event.id));
        assert!(matches!(&found(event.id.to_string()).await[..], [Find::Event(_)]));
        assert!(matches!(&found(click.to_string()).await[..], [Find::Click(found)] if found.id == click));
        assert!(found("nothing of the sort".into()).await.is_empty());
        world.end().await;
    }

    async fn the_platform_says_how_it_stands(world: World) {
        let running = world.running().await;
        world.click(&running.link, "203.0.113.7", CHROME);
        world.send(running.advertiser.id, json!({ "action": "purchase" })).await.unwrap();
        world.engine.drained().await.unwrap();
        let state = world.engine.diagnostics(&admin()).await.unwrap();
        assert_eq!((state.totals.advertisers, state.totals.clicks, state.totals.events), (1, 1, 1));
        assert_eq!((state.active_advertisers, state.events_this_month), (1, 1));
        assert_eq!(state.spool.oldest_age_ms, None);
        world.send(running.advertiser.id, json!({ "action": "purchase" })).await.unwrap();
        world.advertiser("Second").await;
        let soon = world.engine.diagnostics(&admin()).await.unwrap();
        assert_eq!((soon.totals.advertisers, soon.totals.events), (2, 1), "all events are not counted again at once");
        world.set_clock(NOON.plus(5 * model::time::SECOND));
        let later = world.engine.diagnostics(&admin()).await.unwrap();
        assert_eq!((later.totals.events, later.events_this_month), (2, 2));
        let used = world.engine.last_uses(&admin(), &[running.link.id.0, running.campaign.id.0]).await.unwrap();
        assert_eq!(used.get(&running.link.id.0), Some(&NOON));
        assert_eq!(used.len(), 1);
        let done = world.engine.beginnings(&admin(), Some(running.advertiser.id)).await.unwrap();
        assert!(done.influencer && done.campaign && done.assignment && done.code && !done.key && done.event);
        world.end().await;
    }
}
