//! Hostile and broken input, wherever it enters: a clear error, and nothing stored.

use reqwest::{Method, StatusCode, header};
use serde_json::json;

use crate::api::{Api, problem, wrong_fields};

async fn api() -> Api {
    Api::start(crate::databases::Database::sqlite()).await
}

/// Every address that takes a JSON body.
const BODIES: [&str; 6] = [
    "/api/v1/auth/login",
    "/api/v1/advertisers",
    "/api/v1/campaigns",
    "/api/v1/influencers",
    "/api/v1/coupons",
    "/api/v1/links",
];

#[tokio::test]
async fn broken_json_is_400_another_type_415_and_no_object_422() {
    let api = api().await;
    let running = api.running().await;
    for path in BODIES.into_iter().chain(["/api/v1/events", "/event/purchase"]) {
        let send = |kind: &'static str, body: &'static [u8]| {
            let request = api.request(Method::POST, path).header("X-API-KEY", &running.key);
            request.header(header::CONTENT_TYPE, kind).body(body).send()
        };
        for body in [&b""[..], b"{", b"{\"a\":}", b"\xff\xfe", b"{\"a\":1}x", b"{\"a\":\"\x01\"}", b"{'a':1}"] {
            problem(send("application/json", body).await.unwrap(), StatusCode::BAD_REQUEST).await;
        }
        for body in [&b"[]"[..], b"5", b"\"x\"", b"null", b"true"] {
            problem(send("application/json", body).await.unwrap(), StatusCode::UNPROCESSABLE_ENTITY).await;
        }
        problem(send("text/plain", b"{}").await.unwrap(), StatusCode::UNSUPPORTED_MEDIA_TYPE).await;
        problem(send("application/x-www-form-urlencoded", b"a=1").await.unwrap(), StatusCode::UNSUPPORTED_MEDIA_TYPE)
            .await;
    }
    api.end().await;
}

#[tokio::test]
async fn ten_megabytes_are_413_and_the_server_goes_on() {
    let api = api().await;
    let running = api.running().await;
    let large = format!("{{\"name\":\"{}\"}}", "x".repeat(10 << 20));
    for path in BODIES.into_iter().chain(["/api/v1/events", "/event/purchase"]) {
        let request = api.request(Method::POST, path).header("X-API-KEY", &running.key);
        let answer = request.header(header::CONTENT_TYPE, "application/json").body(large.clone()).send().await.unwrap();
        problem(answer, StatusCode::PAYLOAD_TOO_LARGE).await;
    }
    assert_eq!(api.event(&running.key, json!({ "action": "purchase" })).await.status(), StatusCode::CREATED);
    api.end().await;
}

#[tokio::test]
async fn wrong_types_and_missing_fields_are_all_named() {
    let api = api().await;
    for (path, body, fields) in [
        ("/api/v1/auth/login", json!({}), vec!["email", "password"]),
        (
            "/api/v1/advertisers",
            json!({ "name": "", "time_zone": 7, "require_signature": "yes", "status": "on" }),
            vec!["name", "time_zone", "require_signature", "status"],
        ),
        ("/api/v1/advertisers", json!({ "name": "Shop", "time_zone": "Mars/Olympus" }), vec!["time_zone"]),
        ("/api/v1/campaigns", json!({}), vec!["advertiser_id", "name", "destination_url"]),
        (
            "/api/v1/campaigns",
            json!({ "advertiser_id": "1", "name": ["x"], "destination_url": "javascript:alert(1)", "starts_at": "now",
                "attribution_source": "luck", "currency": "$", "commission_percent": 101, "append_click_id": 1, "status": "gone" }),
            vec![
                "advertiser_id",
                "name",
                "destination_url",
                "starts_at",
                "attribution_source",
                "currency",
                "commission_percent",
                "append_click_id",
                "status",
            ],
        ),
        (
            "/api/v1/influencers",
            json!({ "email": "x", "handle": "a\nb", "status": "gone" }),
            vec!["name", "email", "handle", "status"],
        ),
        ("/api/v1/coupons", json!({ "campaign_id": "x", "code": "A\r\nB" }), vec!["campaign_id", "code"]),
        (
            "/api/v1/links",
            json!({ "destination_url": "https://x.example/\r\nSet-Cookie: a=b" }),
            vec!["campaign_id", "destination_url"],
        ),
    ] {
        let problem = problem(api.post(path, body).await, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert_eq!(wrong_fields(&problem), fields, "{path}");
    }
    api.end().await;
}

#[tokio::test]
async fn line_breaks_reach_neither_codes_nor_destinations() {
    let api = api().await;
    let running = api.running().await;
    for code in ["A\r\nB", "A\nSet-Cookie: x", "A B", "ab", "ÄÖÜ", &"x".repeat(65), "A\u{0}B"] {
        let answer = api.post("/api/v1/coupons", json!({ "campaign_id": running.campaign, "code": code })).await;
        assert_eq!(wrong_fields(&problem(answer, StatusCode::UNPROCESSABLE_ENTITY).await), ["code"], "{code:?}");
    }
    for destination in [
        "https://x.example/\r\nSet-Cookie: a=b",
        "https://x.example/\n",
        "//x.example",
        "data:text/html,x",
        "https://",
        "https://user:pw@x.example/",
        "https://x.example:99999/",
        "http://[::1",
        "https://x y.example",
    ] {
        if destination.trim() != destination && !destination.trim().contains(['\r', '\n']) {
            continue; // Blanks around a value are cut; what is left is an address.
        }
        let answer =
            api.post("/api/v1/links", json!({ "campaign_id": running.campaign, "destination_url": destination })).await;
        assert_eq!(
            wrong_fields(&problem(answer, StatusCode::UNPROCESSABLE_ENTITY).await),
            ["destination_url"],
            "{destination:?}"
        );
    }
    // What a visitor appends cannot break the header either.
    let answer = api.follow(&format!("{}?a=%0d%0aSet-Cookie:%20x=1", running.code)).await;
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert!(!answer.headers().contains_key(header::SET_COOKIE));
    api.end().await;
}

#[tokio::test]
async fn ids_that_name_nothing_are_404() {
    let api = api().await;
    let none = "01890000-0000-7000-8000-000000000000";
    for path in ["advertisers", "campaigns", "influencers"] {
        for id in [none, "1", "x%00y", "'%20OR%201=1"] {
            problem(api.get(&format!("/api/v1/{path}/{id}")).await, StatusCode::NOT_FOUND).await;
        }
    }
    problem(api.get("/api/v1/nosuch").await, StatusCode::NOT_FOUND).await;
    problem(api.request(Method::PATCH, "/api/v1/auth/me").send().await.unwrap(), StatusCode::METHOD_NOT_ALLOWED).await;
    let answer = api.post("/api/v1/links", json!({ "campaign_id": none })).await;
    problem(answer, StatusCode::NOT_FOUND).await;
    api.end().await;
}

#[tokio::test]
async fn lists_and_figures_name_what_is_wrong_in_their_query() {
    let api = api().await;
    for (path, fields) in [
        ("/api/v1/campaigns?limit=0", vec!["limit"]),
        ("/api/v1/campaigns?limit=501", vec!["limit"]),
        ("/api/v1/campaigns?cursor=x", vec!["cursor"]),
        ("/api/v1/stats/overview?from=x&tz=y&range=z", vec!["tz", "range", "from"]),
        ("/api/v1/stats/overview?campaign_id=x&method=y&include_bots=z", vec!["include_bots", "campaign_id", "method"]),
        ("/api/v1/stats/overview?from=2026-02-02&to=2026-01-01", vec!["to"]),
        ("/api/v1/stats/chart?range=all&interval=hour", vec!["interval"]),
    ] {
        let problem = problem(api.get(path).await, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert_eq!(wrong_fields(&problem), fields, "{path}");
    }
    api.end().await;
}
