//! What every answer tells browsers, whatever it is an answer to.

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    api::{Api, CHROME},
    openapi::{concrete, operations},
};

const PAGES: [&str; 24] = [
    "/",
    "/login",
    "/dashboard",
    "/account",
    "/admin",
    "/admin/advertisers",
    "/admin/campaigns",
    "/admin/influencers",
    "/admin/coupons",
    "/admin/coupons.csv",
    "/admin/links",
    "/admin/links.csv",
    "/events",
    "/clicks",
    "/failures",
    "/lookup",
    "/sales",
    "/integration",
    "/nosuch",
    "/pkg/t.css",
    "/pkg/nosuch.js",
    "/robots.txt",
    "/docs/api",
    "/docs/api/",
];

/// Checks an answer that is no shopper's redirect, and returns its policy.
fn check(answer: &Response, what: &str) -> String {
    let header = |name: &str| {
        let values: Vec<_> = answer.headers().get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
        assert!(values.len() < 2, "{what} says {name} twice: {values:?}");
        values.first().copied().unwrap_or_default().to_owned()
    };
    assert_eq!(header("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{what}");
    assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{what}");
    assert!(header("permissions-policy").contains("camera=()"), "{what}");
    let policy = header("content-security-policy");
    let directive = |name: &str| policy.split(';').map(str::trim).find(|part| part.split(' ').next() == Some(name));
    assert_eq!(directive("default-src"), Some("default-src 'none'"), "{what}: {policy}");
    assert_eq!(directive("frame-ancestors"), Some("frame-ancestors 'none'"), "{what}: {policy}");
    for scripts in [directive("script-src"), directive("script-src-elem"), directive("script-src-attr")] {
        let scripts = scripts.unwrap_or_default();
        assert!(!scripts.contains("'unsafe-inline'") && !scripts.contains("'unsafe-eval'"), "{what}: {scripts}");
        assert!(!scripts.contains("http") && !scripts.contains('*'), "{what}: {scripts}");
    }
    let path = answer.url().path();
    let referrer = match path {
        _ if path.starts_with("/r/") => "",
        _ if path.starts_with("/set-password/") => "no-referrer",
        _ => "same-origin",
    };
    assert_eq!(header("referrer-policy"), referrer, "{what}");
    if path.starts_with("/api/") || path.starts_with("/event/") {
        assert_eq!(header("cache-control"), "no-store", "{what}");
    }
    assert!(header("server").is_empty() && header("x-powered-by").is_empty(), "{what}");
    assert!(header("access-control-allow-origin").is_empty(), "{what}");
    policy
}

#[tokio::test]
async fn every_answer_of_the_api_protects_itself() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let document = api.got("/api/v1/openapi.json").await;
    let mut count = 0;
    for (path, method, _) in operations(&document).filter(|(path, ..)| !path.ends_with("/logout")) {
        for token in ["", &api.token] {
            let answer = api.send(token, method.clone(), &concrete(path), json!({})).await;
            check(&answer, &format!("{method} {path} {}", answer.status()));
            count += 1;
        }
        if method == Method::GET {
            let answer = api.request(Method::HEAD, &concrete(path)).send().await.unwrap();
            check(&answer, &format!("HEAD {path}"));
        }
    }
    assert!(count > 100, "{count}");
    for (method, path) in [
        (Method::DELETE, "/api/v1/campaigns"),
        (Method::GET, "/event/purchase"),
        (Method::GET, "/api/v1/nosuch"),
        (Method::GET, "/api/nosuch"),
        (Method::OPTIONS, "/api/v1/campaigns"),
        (Method::GET, "/api/v1/openapi.json"),
        (Method::POST, "/api/ui/act"),
        (Method::GET, "/api/ui/figures"),
        (Method::GET, "/api/ui/nosuch"),
        (Method::GET, "/healthz"),
        (Method::GET, "/readyz"),
    ] {
        let answer = api.request(method.clone(), path).send().await.unwrap();
        check(&answer, &format!("{method} {path}"));
    }
    api.end().await;
}

#[tokio::test]
async fn every_page_and_file_protects_itself() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let cookie = format!("trb_session={}", api.token);
    for path in PAGES.into_iter().chain(["/set-password/x"]) {
        for cookie in ["", &cookie] {
            for method in [Method::GET, Method::HEAD] {
                let request = api.client.request(method.clone(), api.url(path)).header(header::COOKIE, cookie);
                let answer = request.send().await.unwrap();
                check(&answer, &format!("{method} {path} {}", answer.status()));
            }
        }
        let foreign = api.client.post(api.url(path)).header(header::ORIGIN, "https://evil.example").send();
        check(&foreign.await.unwrap(), &format!("POST {path}"));
    }
    api.end().await;
}

#[tokio::test]
async fn a_shopper_s_redirect_says_none_of_it_and_a_dead_end_does() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let running = api.running().await;
    let followed = |method: Method| {
        let request = api.client.request(method, api.url(&format!("/r/{}", running.code)));
        request.header(header::USER_AGENT, CHROME).send()
    };
    for method in [Method::GET, Method::HEAD] {
        let answer = followed(method.clone()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::FOUND);
        let names: Vec<_> = answer.headers().keys().map(header::HeaderName::as_str).collect();
        for name in names {
            assert!(["location", "cache-control", "content-length", "date"].contains(&name), "{method}: {name}");
        }
    }
    check(&followed(Method::POST).await.unwrap(), "POST /r/");
    api.act(&format!("/api/v1/links/{}/deactivate", running.link)).await;
    for (code, accept) in
        [(running.code.as_str(), "text/html"), ("nosuch", "text/html"), ("nosuch", "application/json")]
    {
        let request = api.client.get(api.url(&format!("/r/{code}"))).header(header::ACCEPT, accept);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
        let policy = check(&answer, code);
        let text = answer.text().await.unwrap();
        if let Some(style) = text.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next()) {
            let hash = STANDARD.encode(Sha256::digest(style));
            assert!(policy.contains(&format!("style-src 'sha256-{hash}'")), "{policy}");
        } else {
            assert_eq!(accept, "application/json");
        }
    }
    // Drawn codes are pictures and nothing else.
    let link = api.created("/api/v1/links", json!({ "campaign_id": running.campaign })).await;
    let path = format!("/api/v1/links/{}/qr.svg", link["id"].as_str().unwrap());
    let picture = api.get(&path).await;
    let policy = check(&picture, &path);
    assert!(!policy.contains("script-src"), "{policy}");
    assert_eq!(api.send("", Method::GET, &path, Value::Null).await.status(), StatusCode::UNAUTHORIZED);
    api.end().await;
}

#[tokio::test]
async fn nothing_that_was_sent_comes_back_by_trace() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    for path in ["/", "/login", "/api/v1/campaigns", "/api/v1/events", "/r/nosuch", "/healthz", "/pkg/t.css", "/nosuch"]
    {
        let request = api.request(Method::TRACE, path).header("X-Secret", "quetzal");
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_client_error(), "{path} {}", answer.status());
        assert!(!answer.text().await.unwrap().contains("quetzal"), "{path}");
    }
    api.end().await;
}
