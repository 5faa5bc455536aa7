//! Coupons: generated all or none, replaced, invalidated, never issued again.

use std::collections::HashSet;

use engine::Error;
use model::{
    FromFields,
    attribution::Method,
    coupon::{CouponStatus, GenerateCoupons},
    page::ListQuery,
};
use serde_json::{Value, json};

use crate::world::{Running, World, admin, all, read};

fn wanted(running: &Running, more: Value) -> GenerateCoupons {
    let mut body = json!({ "campaign_id": running.campaign.id });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    read(body, GenerateCoupons::read)
}

fn refused_field(result: engine::Result<Vec<model::coupon::Coupon>>) -> String {
    match result {
        Err(Error::Invalid(errors)) => errors[0].field.clone(),
        other => panic!("not refused: {other:?}"),
    }
}

crate::on_both! {
    async fn codes_are_made_for_everyone_who_is_assigned(world: World) {
        let running = world.running().await;
        let second = world.influencer("Ben").await;
        let gone = world.influencer("Gone").await;
        world.engine.assign_all(&admin(), running.campaign.id, &[second.id, gone.id]).await.unwrap();
        world.engine.archive_influencer(&admin(), gone.id, None).await.unwrap();
        let rules = json!({ "all_assigned": true, "count": 3, "prefix": "spring-", "length": 6 });
        let coupons = world.engine.generate_coupons(&admin(), wanted(&running, rules)).await.unwrap();
        assert_eq!(coupons.len(), 6, "nobody who is archived gets one");
        for person in [running.influencer.id, second.id] {
            assert_eq!(coupons.iter().filter(|coupon| coupon.influencer_id == Some(person)).count(), 3);
        }
        let different: HashSet<_> = coupons.iter().map(|coupon| coupon.code.to_uppercase()).collect();
        assert_eq!(different.len(), 6);
        for coupon in &coupons {
            let random = coupon.code.strip_prefix("spring-").expect("the prefix as it was typed");
            assert!(random.len() == 6 && !random.contains(['0', 'O', '1', 'I', 'L']), "{random}");
        }
        let credit = world.credit(running.advertiser.id, json!({ "action": "purchase", "coupon_code": coupons[0].code.to_lowercase() })).await;
        assert_eq!((credit.method, credit.coupon_id), (Method::Coupon, Some(coupons[0].id)));
        world.end().await;
    }

    async fn too_few_codes_are_found_before_anything_is_written(world: World) {
        let running = world.running().await;
        let engine = &world.engine;
        let digits = |count: i64| json!({ "count": count, "prefix": "X", "length": 2, "charset": "digits" });
        world.coupon(&running.campaign, None, "x00").await.unwrap();
        let refused = engine.generate_coupons(&admin(), wanted(&running, digits(101))).await;
        assert!(matches!(refused, Err(Error::Invalid(errors)) if errors[0].message.contains("leave 99 free codes")));
        assert_eq!(refused_field(engine.generate_coupons(&admin(), wanted(&running, digits(100))).await), "length");
        assert_eq!(engine.list_coupons(&admin(), &all()).await.unwrap().items.len(), 1, "none was written");
        let made = engine.generate_coupons(&admin(), wanted(&running, digits(99))).await.unwrap();
        assert_eq!(made.len(), 99);
        assert!(made.iter().all(|coupon| coupon.code != "X00"), "never issued again");
        assert_eq!(refused_field(engine.generate_coupons(&admin(), wanted(&running, digits(1))).await), "length");
        let nobody = wanted(&running, json!({ "all_assigned": true, "count": 10_000 }));
        engine.unassign(&admin(), running.campaign.id, running.influencer.id).await.unwrap();
        assert_eq!(refused_field(engine.generate_coupons(&admin(), nobody).await), "all_assigned");
        world.end().await;
    }

    async fn ten_thousand_codes_at_once_are_all_different(world: World) {
        let running = world.running().await;
        let many = wanted(&running, json!({ "count": 10_000, "prefix": "BULK", "length": 4 }));
        let coupons = world.engine.generate_coupons(&admin(), many).await.unwrap();
        let different: HashSet<_> = coupons.iter().map(|coupon| &coupon.code).collect();
        assert_eq!(different.len(), 10_000);
        // 30^4 codes, of which 10,000 are gone: the next ones keep clear of those.
        let more = wanted(&running, json!({ "count": 10_000, "prefix": "bulk", "length": 4 }));
        let more = world.engine.generate_coupons(&admin(), more).await.unwrap();
        assert!(more.iter().all(|coupon| !different.contains(&coupon.code.to_uppercase())));
        world.end().await;
    }

    async fn two_makers_at_once_never_issue_one_code_twice(world: World) {
        let running = world.running().await;
        let rules = || wanted(&running, json!({ "count": 50, "prefix": "R", "length": 2, "charset": "digits" }));
        let (session, other) = (admin(), admin());
        let (first, second) = tokio::join!(
            world.engine.generate_coupons(&session, rules()),
            world.engine.generate_coupons(&other, rules())
        );
        let codes: HashSet<_> = first.unwrap().into_iter().chain(second.unwrap()).map(|coupon| coupon.code).collect();
        assert_eq!(codes.len(), 100);
        world.end().await;
    }

    async fn a_coupon_that_was_replaced_or_invalidated_credits_nobody(world: World) {
        let running = world.running().await;
        let engine = &world.engine;
        let old = world.coupon(&running.campaign, Some(&running.influencer), "ANNA10").await.unwrap();
        let new = engine.regenerate_coupon(&admin(), old.id).await.unwrap();
        assert!(new.code.starts_with("ANNA10-") && new.code.len() == 11, "{}", new.code);
        assert_eq!(new.influencer_id, old.influencer_id);
        let kept = engine.coupon(&admin(), old.id).await.unwrap();
        assert_eq!((kept.status, kept.replaced_by), (CouponStatus::Replaced, Some(new.id)));
        let next = engine.regenerate_coupon(&admin(), new.id).await.unwrap();
        assert!(next.code.starts_with("ANNA10-") && next.code.len() == 11, "by the same rules: {}", next.code);
        let invalid = engine.invalidate_coupon(&admin(), next.id).await.unwrap();
        assert_eq!(invalid.status, CouponStatus::Invalidated);
        for code in [&old.code, &new.code, &next.code] {
            let credit = world.credit(running.advertiser.id, json!({ "action": "purchase", "coupon_code": code })).await;
            assert_eq!(credit.method, Method::None, "{code}");
            assert!(matches!(world.coupon(&running.campaign, None, code).await, Err(Error::Conflict(_))), "{code}");
        }
        assert!(matches!(engine.invalidate_coupon(&admin(), old.id).await, Err(Error::Conflict(_))));
        world.end().await;
    }

    async fn what_people_hold_is_found_however_much_others_hold(world: World) {
        let running = world.running().await;
        let ben = world.influencer("Ben").await;
        let carl = world.influencer("Carl").await;
        let first = world.coupon(&running.campaign, Some(&running.influencer), "FIRST").await.unwrap();
        let engine = &world.engine;
        let many = wanted(&running, json!({ "influencer_ids": [ben.id], "count": 600 }));
        engine.generate_coupons(&admin(), many).await.unwrap();
        let people = [running.influencer.id, ben.id, carl.id];
        let held = engine.held_in_campaign(&admin(), running.campaign.id, &people, 3).await.unwrap();
        assert_eq!(held.links.iter().map(|link| link.id).collect::<Vec<_>>(), [running.link.id]);
        let of = |id| held.coupons.iter().filter(|coupon| coupon.influencer_id == Some(id)).collect::<Vec<_>>();
        assert_eq!(of(running.influencer.id), [&first]);
        assert_eq!((of(ben.id).len(), of(carl.id).len()), (3, 0));
        engine.invalidate_coupon(&admin(), first.id).await.unwrap();
        let held = engine.held_in_campaign(&admin(), running.campaign.id, &people[..1], 3).await.unwrap();
        assert!(held.coupons.is_empty(), "an invalidated code is nothing to hand over");
        world.end().await;
    }

    async fn a_campaign_starts_with_all_of_it_or_not_at_all(world: World) {
        let shop = world.advertiser("Shop").await;
        let people = [world.influencer("Anna").await.id, world.influencer("Ben").await.id];
        let new = || read(json!({ "advertiser_id": shop.id, "name": "Spring", "destination_url": "https://shop.example/" }), model::campaign::NewCampaign::read);
        let coupons = |length: usize| engine::CouponRequest {
            count: 1,
            rules: model::coupon::CodeRules { prefix: "AB".into(), length, charset: model::coupon::Charset::Digits },
        };
        let start = |length| engine::CampaignStart { influencers: people.to_vec(), links: true, coupons: Some(coupons(length)) };
        let started = world.engine.start_campaign(&admin(), new(), start(6)).await.unwrap();
        assert_eq!((started.links.len(), started.coupons.len()), (2, 2));
        assert!(world.engine.link(&started.links[0].code).is_some());
        // Ten codes a digit, all taken: nothing of a second campaign may stay behind.
        for n in 0..10 {
            world.coupon(&started.campaign, None, &format!("AB{n}")).await.unwrap();
        }
        assert!(world.engine.start_campaign(&admin(), new(), start(1)).await.is_err());
        assert_eq!(world.engine.list_campaigns(&admin(), &all()).await.unwrap().items.len(), 1);
        let of_campaign = ListQuery { campaign_id: Some(started.campaign.id), ..all() };
        assert_eq!(world.engine.list_links(&admin(), &of_campaign).await.unwrap().items.len(), 2);
        world.end().await;
    }
}
