//! Edits: what they change, what they leave, and that none undoes another unseen.

use engine::Error;
use model::{
    FromFields,
    advertiser::AdvertiserChange,
    campaign::{CampaignChange, CampaignStatus},
    influencer::{Hidden, InfluencerChange, InfluencerStatus},
    link::LinkStatus,
};
use serde_json::json;

use crate::world::{World, admin, read};

crate::on_both! {
    async fn an_edit_changes_what_it_names_and_leaves_the_rest(world: World) {
        let running = world.running().await;
        let id = running.campaign.id;
        let change = json!({ "name": "Summer", "starts_at": "2026-01-01T00:00:00Z", "commission_percent": 12.5 });
        let changed = world.engine.change_campaign(&admin(), id, read(change, CampaignChange::read), None).await.unwrap();
        assert_eq!((changed.name.as_str(), changed.commission_percent), ("Summer", Some(12.5)));
        assert_eq!(changed.destination_url, running.campaign.destination_url);
        let clear = read(json!({ "starts_at": null, "commission_percent": null }), CampaignChange::read);
        let cleared = world.engine.change_campaign(&admin(), id, clear, None).await.unwrap();
        assert_eq!((cleared.starts_at, cleared.commission_percent, cleared.name.as_str()), (None, None, "Summer"));
        let whole = world.engine.campaign(&admin(), id).await.unwrap();
        assert_eq!(whole, cleared);
        let person = read(json!({ "email": null, "handle": "@anna" }), InfluencerChange::read);
        let person = world.engine.change_influencer(&admin(), running.influencer.id, person, None).await.unwrap();
        assert_eq!((person.email, person.handle.as_deref()), (Hidden::Shown(None), Some("@anna")));
        world.end().await;
    }

    async fn of_two_edits_on_one_version_the_second_is_told(world: World) {
        let shop = world.advertiser("Shop").await;
        let rename = |name: &str| read(json!({ "name": name }), AdvertiserChange::read);
        let first = world.engine.change_advertiser(&admin(), shop.id, rename("A"), Some(shop.version)).await.unwrap();
        let second = world.engine.change_advertiser(&admin(), shop.id, rename("B"), Some(shop.version)).await;
        assert!(matches!(second, Err(Error::Stale)));
        world.engine.change_advertiser(&admin(), shop.id, rename("C"), Some(first.version)).await.unwrap();
        assert_eq!(world.engine.advertiser(&admin(), shop.id).await.unwrap().name, "C");
        world.end().await;
    }

    async fn a_change_is_known_to_redirects_and_events_at_once(world: World) {
        let running = world.running().await;
        let engine = &world.engine;
        let change = read(json!({ "destination_url": "https://other.example/" }), CampaignChange::read);
        engine.change_campaign(&admin(), running.campaign.id, change, None).await.unwrap();
        let fact = engine.link(&running.link.code).unwrap();
        let mut location = Vec::new();
        fact.location.write(&mut location, &fact.code, None, engine.new_click_id());
        assert!(location.starts_with(b"https://other.example/?ref_code="));
        engine.deactivate_advertiser(&admin(), running.advertiser.id, None).await.unwrap();
        assert!(!engine.advertiser_is_active(running.advertiser.id));
        let back = read(json!({ "status": "active" }), AdvertiserChange::read);
        engine.change_advertiser(&admin(), running.advertiser.id, back, None).await.unwrap();
        engine.archive_influencer(&admin(), running.influencer.id, None).await.unwrap();
        let credit = world.credit(running.advertiser.id, json!({ "action": "purchase", "ref_code": running.link.code })).await;
        assert_eq!(credit.method, model::attribution::Method::None);
        let back = InfluencerChange { status: Some(InfluencerStatus::Active), ..InfluencerChange::default() };
        engine.change_influencer(&admin(), running.influencer.id, back, None).await.unwrap();
        let archived = engine.archive_campaign(&admin(), running.campaign.id, None).await.unwrap();
        assert_eq!(archived.status, CampaignStatus::Archived);
        assert!(engine.link(&running.link.code).is_some(), "a shopper is never stranded");
        world.end().await;
    }

    async fn a_campaign_keeps_its_advertiser_and_its_order_of_dates(world: World) {
        let running = world.running().await;
        let other = world.advertiser("Other").await;
        let moved = read(json!({ "advertiser_id": other.id }), CampaignChange::read);
        let refused = world.engine.change_campaign(&admin(), running.campaign.id, moved, None).await;
        assert!(matches!(refused, Err(Error::Invalid(errors)) if errors[0].field == "advertiser_id"));
        let start = read(json!({ "starts_at": "2026-02-01T00:00:00Z" }), CampaignChange::read);
        world.engine.change_campaign(&admin(), running.campaign.id, start, None).await.unwrap();
        let end = read(json!({ "ends_at": "2026-01-01T00:00:00Z" }), CampaignChange::read);
        let refused = world.engine.change_campaign(&admin(), running.campaign.id, end, None).await;
        assert!(matches!(refused, Err(Error::Invalid(errors)) if errors[0].field == "ends_at"));
        world.end().await;
    }

    async fn a_link_that_was_replaced_names_its_successor_and_stays_so(world: World) {
        let running = world.running().await;
        let engine = &world.engine;
        let new = engine.regenerate_link(&admin(), running.link.id).await.unwrap();
        assert_ne!(new.code, running.link.code);
        assert_eq!((new.influencer_id, &new.destination_url), (running.link.influencer_id, &running.link.destination_url));
        let old = engine.tracking_link(&admin(), running.link.id).await.unwrap();
        assert_eq!((old.status, old.replaced_by), (LinkStatus::Replaced, Some(new.id)));
        assert_eq!(engine.link(&old.code).unwrap().status, LinkStatus::Replaced);
        assert!(matches!(engine.regenerate_link(&admin(), old.id).await, Err(Error::Conflict(_))));
        assert!(matches!(engine.set_link_active(&admin(), old.id, true).await, Err(Error::Conflict(_))));
        let qr = engine.link_qr(&admin(), new.id).await.unwrap();
        assert!(qr.contains("<svg"));
        world.end().await;
    }
}
