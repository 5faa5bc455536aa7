//! `/api/v1/ingest-failures`: what event calls got wrong is found, and mended by a retry.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::api::{Api, Running, problem, text};

/// A failure is written behind the answer: asks until it is there.
async fn failure(api: &Api, code: &str) -> Value {
    let path = format!("/api/v1/ingest-failures?code={code}");
    for _ in 0..500 {
        let list = api.got(&path).await;
        if let Some(found) = list["items"].get(0) {
            return found.clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("no failure {code}")
}

async fn wrong_order(api: &Api, running: &Running) -> Value {
    let order = json!({ "action": "purchase", "event_id": "A-1", "value": "ten", "coupon_code": "ANNA10" });
    problem(api.event(&running.key, order).await, StatusCode::UNPROCESSABLE_ENTITY).await
}

crate::on_both! {
    async fn what_is_still_wrong_stays_a_failure(api: Api) {
        let running = api.running().await;
        let answered = wrong_order(&api, &running).await;
        let failure = failure(&api, "validation").await;
        assert_eq!((&failure["status"], &failure["advertiser_id"]), (&json!(422), &json!(running.advertiser)));
        assert_eq!((&failure["errors"], &failure["request_id"]), (&answered["errors"], &answered["request_id"]));
        assert!(text(&failure, "body").contains("\"ten\""));
        let path = format!("/api/v1/ingest-failures/{}", text(&failure, "id"));
        assert_eq!(api.got(&path).await, failure);
        let again = problem(api.act(&format!("{path}/retry")).await, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert_eq!(again["errors"], answered["errors"]);
        let after = api.got(&path).await;
        assert!(after["retried_at"].is_string() && after["recorded_as"].is_null(), "{after}");
        api.end().await;
    }

    async fn the_same_error_is_one_group_and_personal_things_are_hidden(api: Api) {
        let (own, other) = (api.running().await, api.running().await);
        for _ in 0..2 {
            wrong_order(&api, &own).await;
        }
        wrong_order(&api, &other).await;
        let both = json!({ "action": "buy", "value": -1, "customer_id": "ann@mail.example", "properties": { "email": "x@y.example" } });
        problem(api.event(&own.key, both).await, StatusCode::UNPROCESSABLE_ENTITY).await;
        let kept = api.failures(4).await;
        let body = text(&kept[0], "body");
        assert!(!body.contains("ann@mail") && !body.contains("x@y"), "{body}");
        let groups = async |token: &str, filter: &str| {
            let path = format!("/api/v1/ingest-failures/groups{filter}");
            let answer = api.send(token, reqwest::Method::GET, &path, Value::Null).await;
            (answer.status(), answer.json::<Value>().await.unwrap()["items"].clone())
        };
        let (_, all) = groups(&api.token, "").await;
        assert_eq!(all.as_array().unwrap().len(), 3, "{all}");
        let (_, of_own) = groups(&api.token, &format!("?advertiser_id={}", own.advertiser)).await;
        let counted: Vec<_> = of_own.as_array().unwrap().iter().map(|group| (text(group, "field"), group["count"].as_i64().unwrap())).collect();
        assert!(counted.contains(&("value", 3)) && counted.contains(&("action", 1)), "{counted:?}");
        assert!(text(&of_own[0], "key_prefix").starts_with("trb_live_"));
        let (_, token) = api.account("shop@shop.example", json!({ "role": "advertiser", "advertiser_id": own.advertiser })).await;
        assert_eq!(groups(&token, "").await.1, of_own);
        assert_eq!(groups(&token, &format!("?advertiser_id={}", other.advertiser)).await.0, StatusCode::NOT_FOUND);
        let narrowed = api.got("/api/v1/ingest-failures?field=action").await;
        assert_eq!(narrowed["items"].as_array().unwrap().len(), 1);
        api.end().await;
    }

    async fn what_came_with_a_key_that_cannot_be_kept_is_not_tried_again(api: Api) {
        let running = api.running().await;
        let long = "k".repeat(300);
        for key in [long.as_bytes(), "schlüssel".as_bytes()] {
            let key = reqwest::header::HeaderValue::from_bytes(key).unwrap();
            let order = api.client.post(api.url("/api/v1/events")).header("X-API-KEY", &running.key);
            let order = order.header("Idempotency-Key", key).json(&json!({ "action": "purchase", "value": 5 }));
            problem(order.send().await.unwrap(), StatusCode::UNPROCESSABLE_ENTITY).await;
        }
        failure(&api, "validation").await;
        let kept = loop {
            let kept = api.got("/api/v1/ingest-failures").await;
            if kept["items"].as_array().unwrap().len() == 2 {
                break kept;
            }
        };
        for failure in kept["items"].as_array().unwrap() {
            assert_eq!(failure["can_retry"], json!(false));
            let retry = format!("/api/v1/ingest-failures/{}/retry", text(failure, "id"));
            problem(api.act(&retry).await, StatusCode::CONFLICT).await;
        }
        assert_eq!(api.got("/api/v1/events").await["items"], json!([]));
        api.end().await;
    }

    async fn a_retry_records_the_event_once(api: Api) {
        let running = api.running().await;
        let order = json!({ "action": "purchase", "event_id": "A-2", "value": "12.00", "ref_code": running.code });
        let path = format!("/api/v1/advertisers/{}", running.advertiser);
        api.patch(&path, json!({ "status": "inactive" })).await;
        problem(api.event(&running.key, order).await, StatusCode::FORBIDDEN).await;
        let failed = failure(&api, "advertiser-inactive").await;
        let retry = format!("/api/v1/ingest-failures/{}/retry", text(&failed, "id"));
        problem(api.act(&retry).await, StatusCode::CONFLICT).await;
        api.patch(&path, json!({ "status": "active" })).await;
        let answer = api.acted(&retry).await;
        assert_eq!((&answer["status"], &answer["duplicate"]), (&json!("recorded"), &json!(false)));
        problem(api.act(&retry).await, StatusCode::CONFLICT).await;
        let events = api.got("/api/v1/events").await;
        assert_eq!(events["items"].as_array().unwrap().len(), 1);
        assert_eq!(events["items"][0]["received_at"], failed["received_at"], "as of its first arrival");
        let after = api.got(&format!("/api/v1/ingest-failures/{}", text(&failed, "id"))).await;
        assert_eq!((&after["recorded_as"], &after["can_retry"]), (&answer["id"], &json!(false)));
        api.end().await;
    }
}

#[tokio::test]
async fn failures_are_filtered_and_paged() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let (one, two) = (api.running().await, api.running().await);
    for running in [&one, &one, &one, &two] {
        wrong_order(&api, running).await;
    }
    api.client.post(api.url("/api/v1/events")).header("X-API-KEY", &two.key).body("x").send().await.unwrap();
    failure(&api, "media-type").await;
    for (filter, count) in
        [(String::new(), 5), (format!("advertiser_id={}", one.advertiser), 3), ("code=validation".into(), 4)]
    {
        assert_eq!(api.walked(&format!("/api/v1/ingest-failures?limit=2&{filter}")).await.len(), count, "{filter}");
    }
    let key = api.got(&format!("/api/v1/advertisers/{}/api-keys", two.advertiser)).await;
    let of_key =
        api.walked(&format!("/api/v1/ingest-failures?limit=2&api_key_id={}", text(&key["items"][0], "id"))).await;
    assert_eq!(of_key.len(), 2);
    problem(api.get(&format!("/api/v1/ingest-failures?advertiser_id={}", one.link)).await, StatusCode::NOT_FOUND).await;
    // Whatever is kept, the admin's page can be narrowed to.
    let broken = api.client.post(api.url("/api/v1/events")).header("X-API-KEY", &two.key);
    broken.header("Content-Type", "application/json").body("{").send().await.unwrap();
    failure(&api, "not-json").await;
    let page = api.client.get(api.url("/admin/failures?code=bad-request"));
    let page = page.header("Cookie", format!("trb_session={}", api.token)).send().await.unwrap().text().await.unwrap();
    for code in ["validation", "media-type", "not-json", "bad-request"] {
        assert!(page.contains(&format!("<option value=\"{code}\"")), "{code}");
    }
    assert!(!page.contains("<option value=\"signature\""), "there is none");
    let diagnostics = api.got("/api/v1/diagnostics").await;
    assert_eq!(
        (&diagnostics["failures_by_code"][0]["code"], &diagnostics["failures_by_code"][0]["count"]),
        (&json!("validation"), &json!(4))
    );
    api.end().await;
}
