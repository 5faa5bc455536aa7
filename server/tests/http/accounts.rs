//! `/api/v1/accounts` and `/api/v1/auth/password`.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::api::{Api, EMAIL, PASSWORD, problem, text, wrong_fields};

const ACCOUNTS: &str = "/api/v1/accounts";

async fn is_logged_in(api: &Api, token: &str) -> bool {
    api.send(token, Method::GET, "/api/v1/auth/me", Value::Null).await.status() == StatusCode::OK
}

async fn log_in(api: &Api, email: &str, password: &str) -> StatusCode {
    let body = json!({ "email": email, "password": password });
    api.client.post(api.url("/api/v1/auth/login")).json(&body).send().await.unwrap().status()
}

crate::on_both! {
    async fn an_account_without_a_password_comes_with_a_link_to_set_one(api: Api) {
        let running = api.running().await;
        let made = api.created(ACCOUNTS, json!({ "email": "Shop@Shop.example", "role": "advertiser", "advertiser_id": running.advertiser })).await;
        assert_eq!((&made["email"], &made["has_password"]), (&json!("shop@shop.example"), &json!(false)));
        let url = text(&made, "set_password_url").to_owned();
        assert!(url.starts_with(&format!("{}/set-password/", api.base)), "{url}");
        assert_eq!(log_in(&api, "shop@shop.example", "").await, StatusCode::UNAUTHORIZED);
        let path = format!("{ACCOUNTS}/{}", text(&made, "id"));
        let shown = api.got(&path).await;
        assert!(shown.get("set_password_url").is_none(), "it is shown once");
        let another = api.act(&format!("{path}/set-password-link")).await;
        assert_eq!(another.status(), StatusCode::CREATED);
        let another: Value = another.json().await.unwrap();
        assert_ne!(text(&another, "set_password_url"), url);
        assert!(another["expires_at"].is_string());
        let with_password = json!({ "email": "anna@social.example", "role": "influencer", "influencer_id": running.influencer, "password": PASSWORD });
        assert!(api.created(ACCOUNTS, with_password).await.get("set_password_url").is_none());
        assert_eq!(log_in(&api, "anna@social.example", PASSWORD).await, StatusCode::OK);
        api.end().await;
    }

    async fn deactivating_an_account_ends_its_sessions_at_once(api: Api) {
        let (account, token) = api.account("second@example.com", json!({ "role": "admin" })).await;
        assert!(is_logged_in(&api, &token).await);
        let path = format!("{ACCOUNTS}/{}", text(&account, "id"));
        assert_eq!(api.delete(&path).await.status(), StatusCode::NO_CONTENT);
        assert!(!is_logged_in(&api, &token).await);
        assert_eq!(log_in(&api, "second@example.com", PASSWORD).await, StatusCode::UNAUTHORIZED);
        assert_eq!(api.got(&path).await["status"], "inactive");
        assert_eq!(api.patch(&path, json!({ "status": "active" })).await.status(), StatusCode::OK);
        assert!(!is_logged_in(&api, &token).await, "what has ended stays so");
        assert_eq!(log_in(&api, "second@example.com", PASSWORD).await, StatusCode::OK);
        api.end().await;
    }

    async fn the_last_admin_who_can_log_in_stays(api: Api) {
        let me = api.got("/api/v1/auth/me").await;
        let path = format!("{ACCOUNTS}/{}", text(&me, "id"));
        // An admin without a password lets nobody back in.
        api.created(ACCOUNTS, json!({ "email": "later@example.com", "role": "admin" })).await;
        problem(api.delete(&path).await, StatusCode::CONFLICT).await;
        problem(api.patch(&path, json!({ "status": "inactive" })).await, StatusCode::CONFLICT).await;
        api.account("second@example.com", json!({ "role": "admin" })).await;
        assert_eq!(api.delete(&path).await.status(), StatusCode::NO_CONTENT);
        assert!(!is_logged_in(&api, &api.token).await);
        api.end().await;
    }

    async fn a_new_password_ends_every_session(api: Api) {
        let (_, first) = api.account("second@example.com", json!({ "role": "admin" })).await;
        let body = |current: &str, new: &str| json!({ "current_password": current, "new_password": new });
        let wrong = api.send(&first, Method::POST, "/api/v1/auth/password", body("wrong", "short")).await;
        assert_eq!(wrong_fields(&problem(wrong, StatusCode::UNPROCESSABLE_ENTITY).await), ["new_password"]);
        let wrong = api.send(&first, Method::POST, "/api/v1/auth/password", body("wrong", "another password")).await;
        assert_eq!(wrong_fields(&problem(wrong, StatusCode::UNPROCESSABLE_ENTITY).await), ["current_password"]);
        let changed = api.send(&first, Method::POST, "/api/v1/auth/password", body(PASSWORD, " another password ")).await;
        assert_eq!(changed.status(), StatusCode::NO_CONTENT);
        assert!(!changed.headers().contains_key(header::SET_COOKIE), "a tool logs in again");
        assert!(!is_logged_in(&api, &first).await);
        for (password, status) in [(PASSWORD, StatusCode::UNAUTHORIZED), ("another password", StatusCode::UNAUTHORIZED), (" another password ", StatusCode::OK)] {
            assert_eq!(log_in(&api, "second@example.com", password).await, status, "{password:?}");
        }
        api.end().await;
    }
}

#[tokio::test]
async fn a_browser_stays_logged_in_when_its_password_changes() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let request = api.client.post(api.url("/api/v1/auth/password")).header(header::ORIGIN, &api.base);
    let request = request.header(header::COOKIE, format!("trb_session={}", api.token));
    let body = json!({ "current_password": PASSWORD, "new_password": "another password" });
    let answer = request.json(&body).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    assert!(!is_logged_in(&api, &api.token).await);
    let session = cookie.split(';').next().unwrap();
    let me = api.client.get(api.url("/api/v1/auth/me")).header(header::COOKIE, session).send().await.unwrap();
    assert_eq!(me.status(), StatusCode::OK);
    api.end().await;
}

#[tokio::test]
async fn an_account_belongs_to_whom_its_role_says() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let running = api.running().await;
    for (body, fields) in [
        (json!({}), vec!["email", "role"]),
        (json!({ "email": "x", "role": "root", "password": "short" }), vec!["email", "role", "password"]),
        (json!({ "email": "a@shop.example", "role": "advertiser" }), vec!["advertiser_id"]),
        (
            json!({ "email": "a@shop.example", "role": "influencer", "advertiser_id": running.advertiser }),
            vec!["advertiser_id", "influencer_id"],
        ),
        (
            json!({ "email": "a@shop.example", "role": "admin", "advertiser_id": running.advertiser }),
            vec!["advertiser_id"],
        ),
    ] {
        let problem = problem(api.post(ACCOUNTS, body.clone()).await, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert_eq!(wrong_fields(&problem), fields, "{body}");
    }
    let stranger = json!({ "email": "a@shop.example", "role": "advertiser", "advertiser_id": running.link });
    problem(api.post(ACCOUNTS, stranger).await, StatusCode::NOT_FOUND).await;
    problem(api.post(ACCOUNTS, json!({ "email": EMAIL.to_uppercase(), "role": "admin" })).await, StatusCode::CONFLICT)
        .await;
    let (account, _) = api.account("second@example.com", json!({ "role": "admin" })).await;
    let path = format!("{ACCOUNTS}/{}", text(&account, "id"));
    problem(api.patch(&path, json!({ "email": EMAIL })).await, StatusCode::CONFLICT).await;
    api.end().await;
}
