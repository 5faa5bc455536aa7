//! `/api/v1/clicks`, `/api/v1/events` and `/api/v1/lookup`.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::api::{Api, each, problem, text};

crate::on_both! {
    async fn clicks_are_listed_newest_first_and_filtered(api: Api) {
        let running = api.running().await;
        let other = api.running().await;
        for code in [&running.code, &running.code, &other.code] {
            api.follow(code).await;
        }
        api.client.get(api.url(&format!("/r/{}", running.code))).header("User-Agent", "Googlebot/2.1").send().await.unwrap();
        api.wait_for("/api/v1/stats/overview", "bot_clicks", json!(1)).await;
        api.wait_for("/api/v1/stats/overview", "clicks", json!(3)).await;
        let clicks = api.walked("/api/v1/clicks?limit=1").await;
        assert_eq!(clicks.len(), 4);
        let times = each(&clicks, "clicked_at");
        assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
        for (filter, count) in [
            ("include_bots=false", 3),
            ("include_bots=true", 4),
            ("is_bot=true", 1),
            ("range=today", 4),
            ("to=2020-01-02", 0),
            (&format!("campaign_id={}", other.campaign), 1),
            (&format!("advertiser_id={}&link_id={}", running.advertiser, running.link), 3),
        ] {
            assert_eq!(api.walked(&format!("/api/v1/clicks?limit=2&{filter}")).await.len(), count, "{filter}");
        }
        let click = clicks.iter().find(|click| click["is_bot"] == false).unwrap();
        assert_eq!((&click["device"], &click["referrer_host"], &click["ip"]), (&json!("desktop"), &json!("social.example"), &json!("127.0.0.0")));
        api.end().await;
    }

    async fn events_are_listed_whole_and_filtered(api: Api) {
        let running = api.running().await;
        for (number, action) in ["purchase", "signup", "purchase", "add_to_cart"].into_iter().enumerate() {
            let body = json!({ "action": action, "event_id": format!("A-{number}"), "value": 1.5, "properties": { "size": ["m"] }, "ref_code": running.code });
            api.event(&running.key, body).await;
        }
        api.event(&running.key, json!({ "action": "custom", "name": "quiz" })).await;
        let events = api.walked("/api/v1/events?limit=2").await;
        assert_eq!(events.len(), 5);
        let event = events.iter().find(|event| event["event_id"] == "A-0").unwrap();
        assert_eq!((&event["value"], &event["properties"]), (&json!({ "amount": "1.50", "currency": "USD" }), &json!({ "size": ["m"] })));
        assert_eq!((&event["attribution"]["method"], &event["attribution"]["trace"][0]["outcome"]), (&json!("ref_code"), &json!("won")));
        assert_eq!(&api.got(&format!("/api/v1/events/{}", text(event, "id"))).await, event);
        for (filter, count) in [("action=purchase", 2), ("method=none", 1), ("method=ref_code&action=signup", 1), ("range=yesterday", 0)] {
            assert_eq!(api.walked(&format!("/api/v1/events?limit=1&{filter}")).await.len(), count, "{filter}");
        }
        problem(api.get(&format!("/api/v1/events/{}", running.link)).await, StatusCode::NOT_FOUND).await;
        api.end().await;
    }

    async fn the_look_up_box_finds_each_kind(api: Api) {
        let running = api.running_with(json!({ "append_click_id": true })).await;
        let coupon = api.created("/api/v1/coupons", json!({ "campaign_id": running.campaign, "code": "ANNA10" })).await;
        api.follow(&running.code).await;
        api.wait_for("/api/v1/stats/overview", "clicks", json!(1)).await;
        let click = api.got("/api/v1/clicks").await["items"][0].clone();
        let event: Value = api.event(&running.key, json!({ "action": "purchase", "event_id": "ORDER 7" })).await.json().await.unwrap();
        let wrong: Value = api.event(&running.key, json!({})).await.json().await.unwrap();
        let failed = format!("/api/v1/lookup?q={}", text(&wrong, "request_id"));
        while api.got(&failed).await["items"].as_array().unwrap().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        for (q, kind, id) in [
            ("anna10", "coupon", text(&coupon, "id")),
            (running.code.as_str(), "link", running.link.as_str()),
            (&format!("{}/r/{}", api.base, running.code), "link", running.link.as_str()),
            (text(&click, "id"), "click", text(&click, "id")),
            ("ORDER%207", "event", text(&event, "id")),
            (text(&event, "id"), "event", text(&event, "id")),
        ] {
            let found = api.got(&format!("/api/v1/lookup?q={q}")).await;
            assert_eq!((&found["items"][0]["type"], &found["items"][0]["record"]["id"]), (&json!(kind), &json!(id)), "{q}");
        }
        let found = api.got(&failed).await;
        assert_eq!((&found["items"][0]["type"], &found["items"][0]["record"]["code"]), (&json!("failure"), &json!("validation")));
        assert_eq!(api.got("/api/v1/lookup?q=nothing").await, json!({ "items": [] }));
        api.end().await;
    }

    async fn diagnostics_say_how_the_platform_stands(api: Api) {
        let running = api.running().await;
        api.event(&running.key, json!({ "action": "signup" })).await;
        let diagnostics = api.got("/api/v1/diagnostics").await;
        assert_eq!((&diagnostics["totals"]["advertisers"], &diagnostics["events_this_month"]), (&json!(1), &json!(1)));
        assert_eq!((&diagnostics["database"]["answers"], &diagnostics["spool"]["clicks_lost"]), (&json!(true), &json!(0)));
        assert_eq!(diagnostics["recent_sign_ups"][0]["role"], "admin");
        api.end().await;
    }
}
