//! PATCH and DELETE: what is absent stays, null clears, and nobody undoes what they have not seen.

use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::api::{Api, problem, text, wrong_fields};

async fn api() -> Api {
    Api::start(crate::databases::Database::sqlite()).await
}

async fn with_match(api: &Api, method: Method, path: &str, tag: &str, body: Value) -> Response {
    let request = api.request(method, path).header(header::IF_MATCH, tag);
    let request = if body.is_null() { request } else { request.json(&body) };
    request.send().await.unwrap()
}

fn tag_of(answer: &Response) -> String {
    answer.headers()[header::ETAG].to_str().unwrap().to_owned()
}

crate::on_both! {
    async fn an_edit_changes_what_it_names_and_null_clears(api: Api) {
        let advertiser = api.created("/api/v1/advertisers", json!({ "name": "Shop" })).await;
        let campaign = api.created("/api/v1/campaigns", json!({
            "advertiser_id": advertiser["id"], "name": "Spring", "destination_url": "https://shop.example/",
            "starts_at": "2026-01-01T00:00:00Z", "ends_at": "2026-02-01T00:00:00Z", "commission_percent": 10,
        })).await;
        let influencer = api.created("/api/v1/influencers", json!({
            "name": "Anna", "email": "anna@social.example", "handle": "@anna", "platform": "Instagram",
        })).await;
        for (kind, made, change, changed) in [
            ("advertisers", &advertiser, json!({ "time_zone": "Asia/Tokyo", "require_signature": true }), json!({ "name": "Shop", "time_zone": "Asia/Tokyo", "require_signature": true })),
            ("campaigns", &campaign, json!({ "ends_at": null, "commission_percent": null, "name": "Summer" }),
                json!({ "name": "Summer", "ends_at": null, "commission_percent": null, "starts_at": "2026-01-01T00:00:00.000Z", "currency": "USD" })),
            ("influencers", &influencer, json!({ "email": null, "handle": null, "status": "inactive" }),
                json!({ "name": "Anna", "email": null, "handle": null, "platform": "Instagram", "status": "inactive" })),
        ] {
            let path = format!("/api/v1/{kind}/{}", text(made, "id"));
            let answer = api.patch(&path, change).await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            let answer: Value = answer.json().await.unwrap();
            for (field, value) in changed.as_object().unwrap() {
                assert_eq!(&answer[field], value, "{field} of {path}");
            }
            assert!(answer["version"].as_i64() > made["version"].as_i64());
            assert_eq!(api.got(&path).await, answer);
        }
        api.end().await;
    }

    async fn of_two_edits_of_one_version_the_second_is_refused(api: Api) {
        let running = api.running().await;
        let (account, _) = api.account("second@example.com", json!({ "role": "admin" })).await;
        for (path, change) in [
            (format!("/api/v1/advertisers/{}", running.advertiser), json!({ "name": "Other" })),
            (format!("/api/v1/campaigns/{}", running.campaign), json!({ "name": "Other" })),
            (format!("/api/v1/influencers/{}", running.influencer), json!({ "name": "Other" })),
            (format!("/api/v1/accounts/{}", text(&account, "id")), json!({ "email": "other@example.com" })),
        ] {
            let read = tag_of(&api.get(&path).await);
            let first = with_match(&api, Method::PATCH, &path, &read, change.clone()).await;
            assert_eq!(first.status(), StatusCode::OK, "{path}");
            let now = tag_of(&first);
            assert_ne!(now, read);
            for lost in [read.clone(), format!("W/{now}"), "\"0\", \"x\"".to_owned()] {
                problem(with_match(&api, Method::PATCH, &path, &lost, change.clone()).await, StatusCode::PRECONDITION_FAILED).await;
                problem(with_match(&api, Method::DELETE, &path, &lost, Value::Null).await, StatusCode::PRECONDITION_FAILED).await;
            }
            assert_eq!(tag_of(&api.get(&path).await), now, "nothing was changed");
            let several = with_match(&api, Method::PATCH, &path, &format!("{read}, {now}"), change.clone()).await;
            assert_eq!(several.status(), StatusCode::OK);
            let gone = with_match(&api, Method::DELETE, &path, "*", Value::Null).await;
            assert_eq!(gone.status(), StatusCode::NO_CONTENT);
        }
        api.end().await;
    }

    async fn what_is_deleted_is_archived_or_inactive_and_comes_back(api: Api) {
        let running = api.running().await;
        for (kind, id, status) in [
            ("influencers", &running.influencer, "archived"),
            ("campaigns", &running.campaign, "archived"),
            ("advertisers", &running.advertiser, "inactive"),
        ] {
            let path = format!("/api/v1/{kind}/{id}");
            assert_eq!(api.delete(&path).await.status(), StatusCode::NO_CONTENT);
            assert_eq!(api.got(&path).await["status"], status);
        }
        assert_eq!(api.follow(&running.code).await.status(), StatusCode::GONE, "its advertiser is inactive");
        problem(api.event(&running.key, json!({ "action": "purchase" })).await, StatusCode::FORBIDDEN).await;
        let back = api.patch(&format!("/api/v1/advertisers/{}", running.advertiser), json!({ "status": "active" })).await;
        assert_eq!(back.status(), StatusCode::OK);
        assert_eq!(api.follow(&running.code).await.status(), StatusCode::FOUND);
        api.end().await;
    }
}

#[tokio::test]
async fn all_that_is_wrong_with_an_edit_is_named() {
    let api = api().await;
    let running = api.running().await;
    let other = api.running().await;
    for (path, change, fields) in [
        (
            format!("/api/v1/advertisers/{}", running.advertiser),
            json!({ "name": null, "time_zone": "Mars/Olympus!", "status": "gone" }),
            vec!["name", "time_zone", "status"],
        ),
        (
            format!("/api/v1/advertisers/{}", running.advertiser),
            json!({ "time_zone": "Mars/Olympus" }),
            vec!["time_zone"],
        ),
        (
            format!("/api/v1/campaigns/{}", running.campaign),
            json!({ "name": "", "destination_url": "x", "commission_percent": 1.005, "append_click_id": null }),
            vec!["commission_percent", "name", "destination_url", "append_click_id"],
        ),
        (
            format!("/api/v1/campaigns/{}", running.campaign),
            json!({ "starts_at": "2026-02-01T00:00:00Z", "ends_at": "2026-01-01T00:00:00Z" }),
            vec!["ends_at"],
        ),
        (
            format!("/api/v1/campaigns/{}", running.campaign),
            json!({ "advertiser_id": other.advertiser }),
            vec!["advertiser_id"],
        ),
        (
            format!("/api/v1/influencers/{}", running.influencer),
            json!({ "email": "x", "handle": "", "status": null }),
            vec!["email", "handle", "status"],
        ),
    ] {
        let problem = problem(api.patch(&path, change.clone()).await, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert_eq!(wrong_fields(&problem), fields, "{path} {change}");
    }
    api.end().await;
}

#[tokio::test]
async fn a_malformed_if_match_is_named() {
    let api = api().await;
    let running = api.running().await;
    let path = format!("/api/v1/campaigns/{}", running.campaign);
    for malformed in ["7", "\"7", "*, \"7\"", "w/\"7\"", "\"7\" \"8\""] {
        for method in [Method::PATCH, Method::DELETE] {
            let answer = with_match(&api, method, &path, malformed, json!({})).await;
            let problem = problem(answer, StatusCode::UNPROCESSABLE_ENTITY).await;
            assert_eq!(wrong_fields(&problem), ["If-Match"], "{malformed}");
        }
    }
    let nothing = format!("/api/v1/campaigns/{}", running.link);
    problem(with_match(&api, Method::PATCH, &nothing, "\"7\"", json!({})).await, StatusCode::NOT_FOUND).await;
    api.end().await;
}
