//! `/api/v1/events` and `/event/{action}`.

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::api::{Api, problem, wrong_fields};

crate::on_both! {
    async fn an_order_is_recorded_credited_and_on_the_figures_at_once(api: Api) {
        let running = api.running().await;
        let coupon = json!({ "campaign_id": running.campaign, "influencer_id": running.influencer, "code": "ANNA10" });
        let coupon = api.created("/api/v1/coupons", coupon).await;
        let order = json!({ "action": "purchase", "event_id": "A-1", "value": 49.90, "coupon_code": "anna10" });
        let answer = api.event(&running.key, order.clone()).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
        let first: Value = answer.json().await.unwrap();
        assert_eq!((&first["status"], &first["duplicate"]), (&json!("recorded"), &json!(false)));
        let credit = &first["attribution"];
        assert_eq!(credit["method"], "coupon");
        assert_eq!(credit["confidence"], 1.0);
        assert_eq!(credit["influencer_id"], running.influencer.as_str());
        assert_eq!(credit["campaign_id"], running.campaign.as_str());
        assert_eq!(credit["coupon_id"], coupon["id"]);
        assert_eq!((&credit["link_id"], &credit["click_id"]), (&Value::Null, &Value::Null));
        let step = &credit["trace"][0];
        assert_eq!((&step["candidate"], &step["value"], &step["outcome"]), (&json!("coupon"), &json!("anna10"), &json!("won")));
        let overview = api.got("/api/v1/stats/overview").await;
        assert_eq!(overview["gmv"], json!([{ "amount": "49.90", "currency": "USD" }]));
        assert_eq!((&overview["conversions"], &overview["attributed_conversions"]), (&json!(1), &json!(1)));

        let again = api.event(&running.key, order.clone()).await;
        assert_eq!(again.status(), StatusCode::OK);
        let again: Value = again.json().await.unwrap();
        assert_eq!(again["duplicate"], true);
        assert_eq!((&again["id"], &again["attribution"]), (&first["id"], credit));
        let mut changed = order;
        changed["value"] = json!("50");
        problem(api.event(&running.key, changed).await, StatusCode::CONFLICT).await;
        assert_eq!(api.got("/api/v1/stats/overview").await["conversions"], 1);
        api.end().await;
    }

    async fn equal_orders_at_the_same_moment_are_one(api: Api) {
        let running = api.running().await;
        let order = json!({ "action": "purchase", "event_id": "A-1", "value": "12.34", "ref_code": running.code });
        let answers = join_all((0..40).map(|_| api.event(&running.key, order.clone()))).await;
        let created = answers.iter().filter(|answer| answer.status() == StatusCode::CREATED).count();
        let repeated = answers.iter().filter(|answer| answer.status() == StatusCode::OK).count();
        assert_eq!((created, repeated), (1, 39));
        let overview = api.got("/api/v1/stats/overview").await;
        assert_eq!(overview["gmv"], json!([{ "amount": "12.34", "currency": "USD" }]));
        api.end().await;
    }

    async fn ref_codes_are_found_where_shops_send_them(api: Api) {
        let running = api.running().await;
        let address = format!("https://shop.example/p?ref_code={}", running.code);
        for (body, method) in [
            (json!({ "action": "signup", "ref_code": running.code }), "ref_code"),
            (json!({ "action": "signup", "landing_url": address }), "landing_url"),
            (json!({ "action": "signup", "referrer": address }), "referrer"),
            (json!({ "action": "signup" }), "none"),
        ] {
            let answer: Value = api.event(&running.key, body.clone()).await.json().await.unwrap();
            assert_eq!(answer["attribution"]["method"], method, "{body}");
        }
        api.end().await;
    }
}

#[tokio::test]
async fn the_key_decides_before_the_body_is_read() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let running = api.running().await;
    let without = api.client.post(api.url("/api/v1/events")).body("not json").send().await.unwrap();
    problem(without, StatusCode::UNAUTHORIZED).await;
    for key in ["", "trb_live_", "trb_live_00000000000000000000000000000000", &running.key[..40], "ü"] {
        problem(api.event(key, json!({ "action": "purchase" })).await, StatusCode::UNAUTHORIZED).await;
    }
    let keys = api.got(&format!("/api/v1/advertisers/{}/api-keys", running.advertiser)).await;
    let id = keys["items"][0]["id"].as_str().unwrap();
    assert!(keys["items"][0].get("key").is_none(), "a key is shown once");
    let revoked = api.request(reqwest::Method::DELETE, &format!("/api/v1/api-keys/{id}")).send().await.unwrap();
    assert_eq!(revoked.status(), StatusCode::NO_CONTENT);
    problem(api.event(&running.key, json!({ "action": "purchase" })).await, StatusCode::UNAUTHORIZED).await;
    api.end().await;
}

#[tokio::test]
async fn every_wrong_field_is_named_in_one_answer() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let running = api.running().await;
    let body = json!({
        "action": "steal", "event_id": "", "value": "-1", "currency": "dollars", "properties": "none",
        "occurred_at": "2020-01-01T00:00:00Z", "coupon_codes": [1], "ref_code": false, "customer_id": ["x"],
    });
    let problem = problem(api.event(&running.key, body).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert_eq!(
        wrong_fields(&problem),
        [
            "action",
            "event_id",
            "currency",
            "value",
            "properties",
            "occurred_at",
            "coupon_codes",
            "ref_code",
            "customer_id"
        ]
    );
    api.end().await;
}

#[tokio::test]
async fn the_short_paths_name_the_action() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let running = api.running().await;
    let send = |path: &'static str, body: Value| {
        let request = api.client.post(api.url(path)).header("X-API-KEY", &running.key).header("Idempotency-Key", path);
        request.json(&body).send()
    };
    for path in ["/event/purchase", "/event/add_to_cart", "/event/drop_off", "/event/signup"] {
        assert_eq!(send(path, json!({})).await.unwrap().status(), StatusCode::CREATED, "{path}");
        assert_eq!(
            send(path, json!({})).await.unwrap().status(),
            StatusCode::OK,
            "{path}: the header makes it idempotent"
        );
    }
    for path in ["/event/custom", "/event/steal"] {
        problem(send(path, json!({})).await.unwrap(), StatusCode::NOT_FOUND).await;
    }
    let other = send("/event/purchase", json!({ "action": "signup", "event_id": "B" })).await.unwrap();
    assert_eq!(wrong_fields(&problem(other, StatusCode::UNPROCESSABLE_ENTITY).await), ["action"]);
    let overview = api.got("/api/v1/stats/overview").await;
    let counts = ["purchases", "add_to_cart", "drop_offs", "signups"].map(|field| overview[field].clone());
    assert_eq!(counts, [json!(1), json!(1), json!(1), json!(1)]);
    api.end().await;
}

#[tokio::test]
async fn an_inactive_advertiser_and_an_unchecked_signature_are_refused() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    for (more, status) in [
        (json!({ "status": "inactive" }), StatusCode::FORBIDDEN),
        (json!({ "require_signature": true }), StatusCode::UNAUTHORIZED),
    ] {
        let mut body = json!({ "name": "Shop" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let advertiser = api.created("/api/v1/advertisers", body).await;
        let path = format!("/api/v1/advertisers/{}/api-keys", advertiser["id"].as_str().unwrap());
        let key = api.created(&path, json!({ "name": "Backend" })).await["key"].as_str().unwrap().to_owned();
        problem(api.event(&key, json!({ "action": "purchase" })).await, status).await;
    }
    api.end().await;
}
