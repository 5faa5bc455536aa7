//! `/api/v1/coupons`: chosen, generated, replaced and invalidated.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::api::{Api, Running, each, problem, text, wrong_fields};

const GENERATE: &str = "/api/v1/coupons/generate";

async fn method_of(api: &Api, running: &Running, code: &str) -> Value {
    let answer = api.event(&running.key, json!({ "action": "purchase", "coupon_code": code })).await;
    let answer: Value = answer.json().await.unwrap();
    answer["attribution"]["method"].clone()
}

async fn all_codes(api: &Api) -> usize {
    api.walked("/api/v1/coupons?limit=500").await.len()
}

crate::on_both! {
    async fn codes_are_generated_by_the_rules(api: Api) {
        let running = api.running().await;
        let wanted = json!({ "campaign_id": running.campaign, "all_assigned": true, "count": 3, "prefix": "ANNA-", "length": 6, "charset": "digits" });
        let made = api.created(GENERATE, wanted).await;
        let made = made["items"].as_array().unwrap();
        assert_eq!(made.iter().map(|it| text(it, "code")).collect::<BTreeSet<_>>().len(), 3);
        for coupon in made {
            let random = text(coupon, "code").strip_prefix("ANNA-").unwrap();
            assert!(random.len() == 6 && random.bytes().all(|b| b.is_ascii_digit()), "{random}");
            assert_eq!((&coupon["influencer_id"], &coupon["status"]), (&json!(running.influencer), &json!("active")));
            assert_eq!(method_of(&api, &running, &text(coupon, "code").to_lowercase()).await, "coupon");
        }
        let generic = api.created(GENERATE, json!({ "campaign_id": running.campaign, "count": 2 })).await;
        for coupon in generic["items"].as_array().unwrap() {
            assert_eq!((text(coupon, "code").len(), &coupon["influencer_id"]), (8, &Value::Null));
            assert_eq!(method_of(&api, &running, text(coupon, "code")).await, "none");
        }
        api.end().await;
    }

    async fn what_the_rules_cannot_give_is_refused_before_anything_is_made(api: Api) {
        let running = api.running().await;
        api.created("/api/v1/coupons", json!({ "campaign_id": running.campaign, "code": "ab7" })).await;
        let digits = |count: u32| json!({ "campaign_id": running.campaign, "count": count, "prefix": "AB", "length": 1, "charset": "digits" });
        for (wanted, field) in [
            (digits(10), "length"),
            (json!({ "campaign_id": running.campaign, "count": 10_001 }), "count"),
            (json!({ "campaign_id": running.campaign, "all_assigned": true, "influencer_ids": [running.influencer] }), "all_assigned"),
            (json!({ "campaign_id": running.campaign, "prefix": "A", "length": 1 }), "length"),
            (json!({ "campaign_id": running.campaign, "prefix": "A B" }), "prefix"),
            (json!({ "campaign_id": running.campaign, "charset": "emoji" }), "charset"),
            (json!({ "campaign_id": running.campaign, "influencer_ids": [] }), "influencer_ids"),
        ] {
            let problem = problem(api.post(GENERATE, wanted.clone()).await, StatusCode::UNPROCESSABLE_ENTITY).await;
            assert_eq!(wrong_fields(&problem), [field], "{wanted}");
        }
        for ids in [json!([running.influencer, running.link]), json!([running.link])] {
            let wanted = json!({ "campaign_id": running.campaign, "influencer_ids": ids });
            problem(api.post(GENERATE, wanted).await, StatusCode::NOT_FOUND).await;
        }
        assert_eq!(all_codes(&api).await, 1, "all or none");
        let rest = api.created(GENERATE, digits(9)).await;
        assert!(!each(rest["items"].as_array().unwrap(), "code").contains(&"AB7"));
        problem(api.post(GENERATE, digits(1)).await, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert_eq!(all_codes(&api).await, 10);
        api.end().await;
    }

    async fn ten_thousand_codes_are_made_at_once(api: Api) {
        let running = api.running().await;
        let made = api.created(GENERATE, json!({ "campaign_id": running.campaign, "count": 10_000 })).await;
        assert_eq!(made["items"].as_array().unwrap().len(), 10_000);
        assert_eq!(all_codes(&api).await, 10_000);
        api.end().await;
    }

    async fn a_replaced_code_hands_its_credit_to_the_new_one(api: Api) {
        let running = api.running().await;
        let coupon = json!({ "campaign_id": running.campaign, "influencer_id": running.influencer, "code": "ANNA10" });
        let old = api.created("/api/v1/coupons", coupon).await;
        let path = format!("/api/v1/coupons/{}", text(&old, "id"));
        assert_eq!(api.got(&path).await, old);
        let new = api.acted(&format!("{path}/regenerate")).await;
        assert!(text(&new, "code").starts_with("ANNA10-"), "{new}");
        assert_eq!((&new["influencer_id"], &new["status"]), (&old["influencer_id"], &json!("active")));
        let old = api.got(&path).await;
        assert_eq!((&old["status"], &old["replaced_by"]), (&json!("replaced"), &new["id"]));
        assert_eq!(method_of(&api, &running, "ANNA10").await, "none");
        assert_eq!(method_of(&api, &running, text(&new, "code")).await, "coupon");
        for action in ["regenerate", "invalidate"] {
            problem(api.act(&format!("{path}/{action}")).await, StatusCode::CONFLICT).await;
        }
        api.end().await;
    }

    async fn an_invalidated_code_credits_nobody_and_is_never_issued_again(api: Api) {
        let running = api.running().await;
        let coupon = |code: &str| json!({ "campaign_id": running.campaign, "influencer_id": running.influencer, "code": code });
        let made = api.created("/api/v1/coupons", coupon("ANNA10")).await;
        assert_eq!(method_of(&api, &running, "anna10").await, "coupon");
        let invalidated = api.acted(&format!("/api/v1/coupons/{}/invalidate", text(&made, "id"))).await;
        assert_eq!((&invalidated["status"], &invalidated["id"]), (&json!("invalidated"), &made["id"]));
        assert_eq!(method_of(&api, &running, "anna10").await, "none");
        for taken in ["ANNA10", "anna10", " Anna10 "] {
            problem(api.post("/api/v1/coupons", coupon(taken)).await, StatusCode::CONFLICT).await;
        }
        let other = api.running().await;
        api.created("/api/v1/coupons", json!({ "campaign_id": other.campaign, "code": "anna10" })).await;
        api.end().await;
    }
}
