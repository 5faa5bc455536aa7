//! Setting up: what must be unique is, and nobody reaches another tenant's things.

use engine::{Error, PageAt};
use model::{FromFields, influencer::Hidden, link::GenerateLinks, page::ListQuery};
use serde_json::json;

use crate::world::{World, admin, all, read, shop_session};

crate::on_both! {
    async fn links_are_made_for_ten_thousand_at_once_and_no_more(world: World) {
        let running = world.running().await;
        let campaign = running.campaign.id.0.simple();
        for thousand in 0..10_u128 {
            let ids = (1..=1000).map(|n| uuid::Uuid::from_u128(thousand * 1000 + n).simple().to_string());
            let ids: Vec<String> = ids.collect();
            let people = ids.iter().map(|id| format!("(x'{id}', 'N', 'n', 'active', 0, 1)")).collect::<Vec<_>>();
            let people = people.join(", ");
            world.execute(&format!("INSERT INTO influencers (id, name, name_lower, status, created_at, version) VALUES {people}")).await;
            let assigned = ids.iter().map(|id| format!("(x'{campaign}', x'{id}', 0)")).collect::<Vec<_>>().join(", ");
            world.execute(&format!("INSERT INTO assignments (campaign_id, influencer_id, assigned_at) VALUES {assigned}")).await;
        }
        let all = || read(json!({ "campaign_id": running.campaign.id, "all_assigned": true }), GenerateLinks::read);
        let refused = world.engine.generate_links(&admin(), all()).await;
        assert!(matches!(refused, Err(Error::Invalid(errors)) if errors[0].field == "all_assigned"));
        world.engine.unassign(&admin(), running.campaign.id, running.influencer.id).await.unwrap();
        assert_eq!(world.engine.generate_links(&admin(), all()).await.unwrap().len(), 10_000);
        world.end().await;
    }

    async fn a_code_is_issued_once_per_advertiser_whatever_its_case(world: World) {
        let running = world.running().await;
        world.coupon(&running.campaign, None, "Anna-10").await.unwrap();
        for same in ["Anna-10", "ANNA-10", "anna-10"] {
            let taken = world.coupon(&running.campaign, None, same).await;
            assert!(matches!(taken, Err(Error::Conflict(_))), "{same}: {taken:?}");
        }
        let other = world.advertiser("Other").await;
        let campaign = world.campaign(other.id, json!({})).await;
        world.coupon(&campaign, None, "ANNA-10").await.unwrap();
        world.end().await;
    }

    async fn lists_are_read_page_by_page_newest_first(world: World) {
        for n in 0..5 {
            world.set_clock(crate::world::NOON.plus(n));
            world.advertiser(&format!("Shop {n}")).await;
        }
        let mut at = ListQuery { limit: Some(2), ..all() };
        let mut names = Vec::new();
        loop {
            let page = world.engine.list_advertisers(&admin(), &at).await.unwrap();
            names.extend(page.items.into_iter().map(|item| item.name));
            let Some(cursor) = page.next_cursor else { break };
            at.cursor = Some(cursor);
        }
        assert_eq!(names, ["Shop 4", "Shop 3", "Shop 2", "Shop 1", "Shop 0"]);
        world.end().await;
    }

    async fn an_advertiser_lists_its_own_things_and_no_emails(world: World) {
        let running = world.running().await;
        world.coupon(&running.campaign, None, "SPRING").await.unwrap();
        let other = world.advertiser("Other").await;
        let own = shop_session(running.advertiser.id);
        let foreign = shop_session(other.id);
        let at = &all();
        let engine = &world.engine;
        assert_eq!(engine.list_campaigns(&own, at).await.unwrap().items.len(), 1);
        assert_eq!(engine.list_links(&own, at).await.unwrap().items.len(), 1);
        assert_eq!(engine.list_coupons(&own, at).await.unwrap().items.len(), 1);
        let assigned = engine.assigned_influencers(&own, running.campaign.id, at).await.unwrap().items;
        assert_eq!((assigned.len(), &assigned[0].email), (1, &Hidden::Hidden));
        assert_eq!(engine.list_campaigns(&foreign, at).await.unwrap().items.len(), 0);
        assert_eq!(engine.list_links(&foreign, at).await.unwrap().items.len(), 0);
        assert_eq!(engine.list_coupons(&foreign, at).await.unwrap().items.len(), 0);
        assert!(matches!(engine.campaign(&foreign, running.campaign.id).await, Err(Error::NotFound)));
        let refused = engine.assigned_influencers(&foreign, running.campaign.id, at).await;
        assert!(matches!(refused, Err(Error::NotFound)));
        let seen = engine.list_influencers(&own, at).await.unwrap().items;
        assert_eq!((seen.len(), &seen[0].email), (1, &Hidden::Hidden));
        assert_eq!(engine.list_influencers(&foreign, at).await.unwrap().items.len(), 0);
        assert!(matches!(engine.influencer(&foreign, running.influencer.id).await, Err(Error::NotFound)));
        let by_email = ListQuery { q: Some("someone@social".into()), ..all() };
        assert_eq!(engine.list_influencers(&own, &by_email).await.unwrap().items.len(), 0, "addresses cannot be guessed");
        let foreign_campaign = ListQuery { campaign_id: Some(running.campaign.id), ..all() };
        assert!(matches!(engine.list_coupons(&foreign, &foreign_campaign).await, Err(Error::NotFound)));
        world.end().await;
    }

    async fn assigning_twice_is_the_same_as_once(world: World) {
        let running = world.running().await;
        world.engine.assign(&admin(), running.campaign.id, running.influencer.id).await.unwrap();
        let assigned = world.engine.assigned_influencers(&admin(), running.campaign.id, &all()).await.unwrap();
        assert_eq!(assigned.items.len(), 1);
        world.engine.unassign(&admin(), running.campaign.id, running.influencer.id).await.unwrap();
        let assigned = world.engine.assigned_influencers(&admin(), running.campaign.id, &all()).await.unwrap();
        assert_eq!(assigned.items.len(), 0);
        world.end().await;
    }

    async fn a_revoked_key_is_dead_at_once(world: World) {
        let shop = world.advertiser("Shop").await;
        let new = read(json!({ "name": "Backend" }), model::api_key::NewApiKey::read);
        let issued = world.engine.issue_api_key(&admin(), shop.id, new).await.unwrap();
        assert_eq!(world.engine.advertiser_of_key(&issued.key).map(|(key, fact)| (key, fact.id)), Some((issued.id, shop.id)));
        assert!(world.engine.advertiser_of_key(&issued.key.to_lowercase()).is_none());
        let listed = world.engine.list_api_keys(&admin(), shop.id, PageAt::default()).await.unwrap().items;
        assert_eq!(listed[0].prefix, issued.key[..13]);
        world.engine.revoke_api_key(&admin(), issued.id).await.unwrap();
        assert!(world.engine.advertiser_of_key(&issued.key).is_none());
        world.end().await;
    }

    async fn another_process_sees_a_change_within_its_poll(world: World) {
        let running = world.running().await;
        let folder = tempfile::tempdir().unwrap();
        let mut options = world.options();
        // A second node: its own click log, the same database and secret.
        options.data_dir = folder.path().to_owned();
        let (second, workers) = engine::Engine::open(options).await.unwrap();
        assert!(second.link(&running.link.code).is_some());
        let new = world.link(&running.campaign, None).await;
        let seen = async {
            while second.link(&new.code).is_none() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(3), seen).await.expect("seen within the poll");
        workers.stop(second).await.unwrap();
        world.end().await;
    }
}
