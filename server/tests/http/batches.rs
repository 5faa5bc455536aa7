//! `/api/v1/events/batch`, `/api/v1/events/validate`, and how fast a key may send.

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::api::{Api, Running, problem, text, wrong_fields};

async fn post(api: &Api, path: &str, key: &str, body: &Value) -> Response {
    api.client.post(api.url(path)).header("X-API-KEY", key).json(body).send().await.unwrap()
}

async fn batch(api: &Api, running: &Running, events: Value) -> Value {
    let answer = post(api, "/api/v1/events/batch", &running.key, &json!({ "events": events })).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json::<Value>().await.unwrap()["results"].clone()
}

fn codes(results: &Value) -> Vec<u64> {
    results.as_array().unwrap().iter().map(|result| result["code"].as_u64().unwrap()).collect()
}

crate::on_both! {
    async fn each_event_of_a_batch_is_answered_by_itself_in_order(api: Api) {
        let running = api.running().await;
        let results = batch(&api, &running, json!([
            { "action": "purchase", "event_id": "A-1", "value": "10", "ref_code": running.code },
            { "action": "buy", "value": -1 },
            { "action": "purchase", "event_id": "A-1", "value": "10", "ref_code": running.code },
            { "action": "purchase", "event_id": "A-1", "value": "11" },
            5,
            { "action": "signup" },
        ])).await;
        assert_eq!(codes(&results), [201, 422, 200, 409, 422, 201]);
        for (index, result) in results.as_array().unwrap().iter().enumerate() {
            assert_eq!(result["index"], index);
        }
        assert_eq!((&results[0]["status"], &results[0]["attribution"]["method"]), (&json!("recorded"), &json!("ref_code")));
        assert_eq!((&results[2]["id"], &results[2]["duplicate"]), (&results[0]["id"], &json!(true)));
        assert_eq!(wrong_fields(&results[1]), ["action", "value"]);
        assert_eq!((&results[3]["status"], &results[3]["title"]), (&json!(409), &json!("Conflict")));
        let overview = api.got("/api/v1/stats/overview").await;
        assert_eq!(overview["gmv"], json!([{ "amount": "10.00", "currency": "USD" }]));
        // What was wrong is kept, each with its own body.
        let kept = api.failures(3).await;
        let bodies: Vec<&str> = kept.iter().map(|failure| text(failure, "body")).collect();
        assert!(bodies.contains(&"5") && bodies.contains(&r#"{"action":"buy","value":-1}"#), "{bodies:?}");
        api.end().await;
    }

    async fn a_batch_sent_again_under_its_idempotency_key_counts_once(api: Api) {
        let running = api.running().await;
        let body = json!({ "events": [{ "action": "signup" }, { "action": "signup" }, { "action": "signup", "event_id": "S-1" }] });
        let send = async || {
            let request = api.client.post(api.url("/api/v1/events/batch")).header("X-API-KEY", &running.key);
            let answer = request.header("Idempotency-Key", "B-7").json(&body).send().await.unwrap();
            answer.json::<Value>().await.unwrap()["results"].clone()
        };
        assert_eq!(codes(&send().await), [201, 201, 201]);
        assert_eq!(codes(&send().await), [200, 200, 200]);
        assert_eq!(api.got("/api/v1/stats/overview").await["signups"], 3);
        api.end().await;
    }

    async fn a_full_batch_is_taken_and_a_larger_one_is_not(api: Api) {
        let running = api.running().await;
        let events = |count: usize| -> Value {
            (0..count).map(|n| json!({ "action": "purchase", "event_id": format!("A-{n}"), "value": "0.01" })).collect()
        };
        let results = batch(&api, &running, events(1000)).await;
        assert!(codes(&results).iter().all(|code| *code == 201));
        let overview = api.got("/api/v1/stats/overview").await;
        assert_eq!((&overview["purchases"], &overview["gmv"][0]["amount"]), (&json!(1000), &json!("10.00")));
        assert_eq!(codes(&batch(&api, &running, json!([])).await), [0_u64; 0]);

        let path = "/api/v1/events/batch";
        let many = post(&api, path, &running.key, &json!({ "events": events(1001) })).await;
        assert_eq!(wrong_fields(&problem(many, StatusCode::UNPROCESSABLE_ENTITY).await), ["events"]);
        for body in [json!({}), json!({ "events": {} }), json!({ "events": null })] {
            let answer = post(&api, path, &running.key, &body).await;
            assert_eq!(wrong_fields(&problem(answer, StatusCode::UNPROCESSABLE_ENTITY).await), ["events"], "{body}");
        }
        let long = json!({ "events": [{ "action": "signup", "properties": { "x": "y".repeat(1 << 20) } }] });
        problem(post(&api, path, &running.key, &long).await, StatusCode::PAYLOAD_TOO_LARGE).await;
        let item = json!([{ "action": "signup", "properties": { "x": "y".repeat(70_000) } }, { "action": "signup" }]);
        assert_eq!(codes(&batch(&api, &running, item).await), [413, 201]);
        problem(post(&api, path, "trb_live_wrong", &json!({ "events": [] })).await, StatusCode::UNAUTHORIZED).await;
        api.end().await;
    }

    async fn what_is_tried_out_is_answered_and_leaves_no_trace(api: Api) {
        let running = api.running().await;
        let path = "/api/v1/events/validate";
        let order = json!({ "action": "purchase", "event_id": "A-1", "value": "10", "ref_code": running.code, "customer_id": "c-1" });
        for _ in 0..2 {
            let answer = post(&api, path, &running.key, &order).await;
            assert_eq!(answer.status(), StatusCode::OK);
            let answer: Value = answer.json().await.unwrap();
            assert_eq!((&answer["status"], &answer["duplicate"]), (&json!("valid"), &json!(false)));
            assert_eq!(answer["attribution"]["method"], "ref_code");
        }
        let first: Value = api.event(&running.key, order.clone()).await.json().await.unwrap();
        let again: Value = post(&api, path, &running.key, &order).await.json().await.unwrap();
        assert_eq!((&again["id"], &again["duplicate"]), (&first["id"], &json!(true)));
        let touched = json!({ "action": "purchase", "customer_id": "c-1" });
        let answer: Value = post(&api, path, &running.key, &touched).await.json().await.unwrap();
        assert_eq!(answer["attribution"]["method"], "first_touch");
        let changed = json!({ "action": "purchase", "event_id": "A-1", "value": "11" });
        problem(post(&api, path, &running.key, &changed).await, StatusCode::CONFLICT).await;
        let wrong = post(&api, path, &running.key, &json!({ "action": "buy" })).await;
        problem(wrong, StatusCode::UNPROCESSABLE_ENTITY).await;
        problem(post(&api, path, "no", &order).await, StatusCode::UNAUTHORIZED).await;
        assert_eq!(api.got("/api/v1/stats/overview").await["purchases"], 1);
        // Had a failure been kept, it would be written before this one, which is.
        problem(api.event(&running.key, changed).await, StatusCode::CONFLICT).await;
        let failures = api.failures(1).await;
        assert_eq!(failures.len(), 1, "{failures:?}");
        api.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_sends_too_fast_is_told_when_to_go_on() {
    let api = Api::start_with(crate::databases::Database::sqlite(), |config| server::cli::ServeConfig {
        events_per_second: 1,
        events_burst: 5,
        ..config
    })
    .await;
    let running = api.running().await;
    let first = api.event(&running.key, json!({ "action": "signup" })).await;
    assert_eq!(first.headers()["ratelimit-policy"], "\"events\";q=5;w=5");
    assert_eq!(first.headers()["ratelimit"], "\"events\";r=4;t=0");
    let three = json!({ "events": [{ "action": "signup" }, { "action": "signup" }, { "action": "signup" }] });
    assert_eq!(post(&api, "/api/v1/events/batch", &running.key, &three).await.status(), StatusCode::OK);
    let refused = post(&api, "/api/v1/events/batch", &running.key, &three).await;
    assert!(refused.headers()["retry-after"].to_str().unwrap().parse::<u32>().unwrap() >= 1);
    assert!(refused.headers()["ratelimit"].to_str().unwrap().starts_with("\"events\";r=0;t="));
    problem(refused, StatusCode::TOO_MANY_REQUESTS).await;
    let other =
        api.created(&format!("/api/v1/advertisers/{}/api-keys", running.advertiser), json!({ "name": "Other" })).await;
    assert_eq!(
        api.event(other["key"].as_str().unwrap(), json!({ "action": "signup" })).await.status(),
        StatusCode::CREATED
    );
    assert_eq!(api.got("/api/v1/stats/overview").await["signups"], 5, "none of the refused batch is recorded");
    api.end().await;
}
