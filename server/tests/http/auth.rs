//! `/api/v1/auth`, and who may ask for what.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::api::{Api, EMAIL, PASSWORD, problem};

crate::on_both! {
    async fn a_token_opens_the_api_until_its_account_logs_out(api: Api) {
        let me = api.got("/api/v1/auth/me").await;
        assert_eq!((&me["email"], &me["role"]), (&json!(EMAIL), &json!("admin")));
        assert!(me.get("password_hash").is_none());
        let logout = api.post("/api/v1/auth/logout", json!({})).await;
        assert_eq!(logout.status(), StatusCode::NO_CONTENT);
        problem(api.get("/api/v1/auth/me").await, StatusCode::UNAUTHORIZED).await;
        api.end().await;
    }
}

async fn api() -> Api {
    Api::start(crate::databases::Database::sqlite()).await
}

#[tokio::test]
async fn a_login_answers_token_expiry_and_account() {
    let api = api().await;
    let body = json!({ "email": EMAIL, "password": PASSWORD });
    let answer = api.client.post(api.url("/api/v1/auth/login")).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(!answer.headers().contains_key(header::SET_COOKIE), "tools get a token, browsers log in through the page");
    let answer: Value = answer.json().await.unwrap();
    let mut fields: Vec<_> = answer.as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(fields, ["account", "expires_at", "token"]);
    for (email, password) in [(EMAIL, "wrong"), ("nobody@example.com", PASSWORD), ("", "")] {
        let refused =
            api.client.post(api.url("/api/v1/auth/login")).json(&json!({ "email": email, "password": password }));
        problem(refused.send().await.unwrap(), StatusCode::UNAUTHORIZED).await;
    }
    api.end().await;
}

#[tokio::test]
async fn nobody_gets_in_without_a_session() {
    let api = api().await;
    for (method, path) in [
        (Method::GET, "/api/v1/auth/me"),
        (Method::POST, "/api/v1/auth/logout"),
        (Method::GET, "/api/v1/advertisers"),
        (Method::POST, "/api/v1/advertisers"),
        (Method::GET, "/api/v1/advertisers/x"),
        (Method::GET, "/api/v1/advertisers/x/api-keys"),
        (Method::POST, "/api/v1/advertisers/x/api-keys"),
        (Method::DELETE, "/api/v1/api-keys/x"),
        (Method::GET, "/api/v1/campaigns"),
        (Method::POST, "/api/v1/campaigns"),
        (Method::GET, "/api/v1/campaigns/x/influencers"),
        (Method::PUT, "/api/v1/campaigns/x/influencers/y"),
        (Method::GET, "/api/v1/influencers"),
        (Method::GET, "/api/v1/coupons"),
        (Method::GET, "/api/v1/links"),
        (Method::POST, "/api/v1/links/x/deactivate"),
        (Method::GET, "/api/v1/stats/overview"),
        (Method::GET, "/api/v1/stats/chart"),
        (Method::GET, "/api/v1/diagnostics"),
    ] {
        for token in ["", "nonsense", "eyJhbGciOiJub25lIn0.e30."] {
            let answer = api.client.request(method.clone(), api.url(path)).bearer_auth(token).json(&json!({})).send();
            problem(answer.await.unwrap(), StatusCode::UNAUTHORIZED).await;
        }
    }
    api.end().await;
}

#[tokio::test]
async fn a_cookie_writes_only_from_our_own_pages() {
    let api = api().await;
    let write = |origin: Option<&str>| {
        let request = api
            .client
            .post(api.url("/api/v1/advertisers"))
            .header(header::COOKIE, format!("trb_session={}", api.token));
        let request = if let Some(origin) = origin { request.header(header::ORIGIN, origin) } else { request };
        request.json(&json!({ "name": "Shop" })).send()
    };
    for foreign in [None, Some("https://evil.example"), Some("null")] {
        problem(write(foreign).await.unwrap(), StatusCode::FORBIDDEN).await;
    }
    assert_eq!(write(Some(&api.base)).await.unwrap().status(), StatusCode::CREATED);
    let login = api.client.post(api.url("/api/v1/auth/login")).header(header::ORIGIN, "https://evil.example");
    problem(login.json(&json!({ "email": EMAIL, "password": PASSWORD })).send().await.unwrap(), StatusCode::FORBIDDEN)
        .await;
    api.end().await;
}
