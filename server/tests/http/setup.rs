//! The set-up paths: advertisers, campaigns, influencers, coupons, links, keys.

use reqwest::StatusCode;
use serde_json::json;

use crate::api::{Api, problem};

crate::on_both! {
    async fn what_is_made_is_answered_whole_and_found_again(api: Api) {
        let advertiser = api.created("/api/v1/advertisers", json!({ "name": "Shop", "time_zone": "Europe/Berlin" })).await;
        assert_eq!((&advertiser["time_zone"], &advertiser["status"], &advertiser["require_signature"]), (&json!("Europe/Berlin"), &json!("active"), &json!(false)));
        let campaign = api
            .created("/api/v1/campaigns", json!({
                "advertiser_id": advertiser["id"], "name": "Spring", "destination_url": "https://shop.example/",
                "starts_at": "2026-01-01T00:00:00+01:00", "commission_percent": 12.5, "currency": "EUR",
            }))
            .await;
        assert_eq!(campaign["starts_at"], "2025-12-31T23:00:00.000Z");
        assert_eq!((&campaign["ends_at"], &campaign["commission_percent"], &campaign["attribution_source"]), (&json!(null), &json!(12.5), &json!("coupon_and_link")));
        let influencer = api.created("/api/v1/influencers", json!({ "name": "Anna", "handle": "@anna", "platform": "Instagram" })).await;
        let link = api.created("/api/v1/links", json!({ "campaign_id": campaign["id"], "destination_url": "https://shop.example/own" })).await;
        assert_eq!(link["url"], format!("{}/r/{}", api.base, link["code"].as_str().unwrap()));
        assert_eq!((&link["influencer_id"], &link["destination_url"]), (&json!(null), &json!("https://shop.example/own")));
        assert!(link["code"].as_str().unwrap().len() >= 9);
        for (path, made) in [("advertisers", &advertiser), ("campaigns", &campaign), ("influencers", &influencer)] {
            assert_eq!(&api.got(&format!("/api/v1/{path}/{}", made["id"].as_str().unwrap())).await, made);
        }
        for (path, made) in [("advertisers", &advertiser), ("campaigns", &campaign), ("influencers", &influencer), ("links", &link)] {
            let list = api.got(&format!("/api/v1/{path}")).await;
            assert_eq!((&list["items"][0], &list["next_cursor"]), (made, &json!(null)));
        }
        api.end().await;
    }

    async fn a_taken_code_is_a_conflict(api: Api) {
        let running = api.running().await;
        let coupon = |code: &str| json!({ "campaign_id": running.campaign, "code": code });
        api.created("/api/v1/coupons", coupon("SPRING")).await;
        problem(api.post("/api/v1/coupons", coupon("spring")).await, StatusCode::CONFLICT).await;
        api.end().await;
    }
}
