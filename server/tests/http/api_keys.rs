//! API keys and signing secrets.

use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::api::{Api, Running, problem, text};

async fn key_id(api: &Api, running: &Running) -> String {
    let keys = api.got(&format!("/api/v1/advertisers/{}/api-keys", running.advertiser)).await;
    text(&keys["items"][0], "id").to_owned()
}

crate::on_both! {
    async fn a_rotated_key_lives_on_for_its_overlap_and_no_longer(api: Api) {
        let running = api.running().await;
        let event = json!({ "action": "signup" });
        let id = key_id(&api, &running).await;
        let second = api.acted(&format!("/api/v1/api-keys/{id}/rotate")).await;
        assert_eq!(second["name"], "Backend");
        assert!(text(&second, "key").starts_with(text(&second, "prefix")));
        for key in [running.key.as_str(), text(&second, "key")] {
            assert_eq!(api.event(key, event.clone()).await.status(), StatusCode::CREATED);
        }
        let rotate = api.post(&format!("/api/v1/api-keys/{}/rotate", text(&second, "id")), json!({ "overlap_seconds": 0 })).await;
        let third: Value = rotate.json().await.unwrap();
        problem(api.event(text(&second, "key"), event.clone()).await, StatusCode::UNAUTHORIZED).await;
        assert_eq!(api.event(text(&third, "key"), event.clone()).await.status(), StatusCode::CREATED);
        problem(api.act(&format!("/api/v1/api-keys/{}/rotate", text(&second, "id"))).await, StatusCode::CONFLICT).await;

        assert_eq!(api.delete(&format!("/api/v1/api-keys/{id}")).await.status(), StatusCode::NO_CONTENT);
        problem(api.event(&running.key, event).await, StatusCode::UNAUTHORIZED).await;
        let keys = api.got(&format!("/api/v1/advertisers/{}/api-keys?limit=2", running.advertiser)).await;
        assert_eq!(keys["items"].as_array().unwrap().len(), 2);
        assert!(keys["items"][0]["last_used_at"].is_string(), "{keys}");
        let next = text(&keys, "next_cursor");
        let rest = api.got(&format!("/api/v1/advertisers/{}/api-keys?cursor={next}", running.advertiser)).await;
        assert_eq!(rest["items"][0]["id"], id.as_str());
        assert!(rest["items"][0]["revoked_at"].is_string());
        for key in [&keys["items"][0], &keys["items"][1], &rest["items"][0]] {
            assert!(key.get("key").is_none(), "a key is shown once");
        }
        api.end().await;
    }

    async fn signed_events_are_taken_and_others_refused(api: Api) {
        let running = api.running().await;
        let path = format!("/api/v1/advertisers/{}/signing-secret", running.advertiser);
        let made = api.act(&path).await;
        assert_eq!(made.status(), StatusCode::CREATED);
        let made: Value = made.json().await.unwrap();
        let first = text(&made, "secret");
        let required = api.patch(&format!("/api/v1/advertisers/{}", running.advertiser), json!({ "require_signature": true })).await;
        assert_eq!(required.status(), StatusCode::OK);

        assert_eq!(signed(&api, &running, first, 0).await.status(), StatusCode::CREATED);
        problem(api.event(&running.key, json!({ "action": "signup" })).await, StatusCode::UNAUTHORIZED).await;
        for (secret, ahead) in [("trb_sign_wrong", 0), (first, -301), (first, 70)] {
            problem(signed(&api, &running, secret, ahead).await, StatusCode::UNAUTHORIZED).await;
        }

        let made: Value = api.post(&path, json!({ "overlap_seconds": 3600 })).await.json().await.unwrap();
        let second = text(&made, "secret");
        for live in [first, second] {
            assert_eq!(signed(&api, &running, live, 0).await.status(), StatusCode::CREATED);
        }
        let made: Value = api.post(&path, json!({ "overlap_seconds": 0 })).await.json().await.unwrap();
        for ended in [first, second] {
            problem(signed(&api, &running, ended, 0).await, StatusCode::UNAUTHORIZED).await;
        }
        assert_eq!(signed(&api, &running, text(&made, "secret"), 0).await.status(), StatusCode::CREATED);
        api.end().await;
    }
}

/// An event signed as the documents say; `ahead`: seconds by which the signer's clock is off.
async fn signed(api: &Api, running: &Running, secret: &str, ahead: i64) -> Response {
    let body = r#"{"action":"signup"}"#;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let at = i64::try_from(now).unwrap() + ahead;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{at}.{body}").as_bytes());
    let signature = format!("t={at},v1={}", hex::encode(mac.finalize().into_bytes()));
    let request = api.client.post(api.url("/api/v1/events")).header("X-API-KEY", &running.key);
    let request = request.header("X-Signature", signature).header("Content-Type", "application/json");
    request.body(body).send().await.unwrap()
}

#[tokio::test]
async fn an_overlap_is_at_most_a_month_and_a_body_must_be_json() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let running = api.running().await;
    let id = key_id(&api, &running).await;
    for path in
        [format!("/api/v1/api-keys/{id}/rotate"), format!("/api/v1/advertisers/{}/signing-secret", running.advertiser)]
    {
        for wrong in [json!(-1), json!(2_678_401), json!("x"), json!(1.5)] {
            problem(api.post(&path, json!({ "overlap_seconds": wrong })).await, StatusCode::UNPROCESSABLE_ENTITY).await;
        }
        let text = api.request(reqwest::Method::POST, &path).body("{}").send().await.unwrap();
        problem(text, StatusCode::UNSUPPORTED_MEDIA_TYPE).await;
    }
    api.end().await;
}
