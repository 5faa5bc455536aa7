//! An installation at https takes nothing in the clear.

use reqwest::{Method, RequestBuilder, StatusCode, header};
use serde_json::json;
use server::{cli::ServeConfig, https::Hsts};

use crate::{
    api::{Api, CHROME, EMAIL, PASSWORD, Running, problem},
    raw::on_a_connection,
};

const PUBLIC: &str = "https://go.example";
const HSTS: &str = "max-age=31536000; includeSubDomains";

/// At https behind a proxy on the same machine: whoever does not say otherwise comes by it.
async fn behind_proxy() -> Api {
    start(|config| ServeConfig { trusted_proxies: "loopback".parse().unwrap(), ..config }).await
}

async fn start(change: impl FnOnce(ServeConfig) -> ServeConfig) -> Api {
    let at_https = |mut config: ServeConfig| {
        config.data.public_url = format!("{PUBLIC}/");
        change(config)
    };
    Api::start_with(crate::databases::Database::sqlite(), at_https).await
}

fn plain(request: RequestBuilder) -> RequestBuilder {
    request.header("X-Forwarded-Proto", "http")
}

fn follow(api: &Api, running: &Running) -> RequestBuilder {
    api.client.get(api.url(&format!("/r/{}?utm_source=ig", running.code))).header(header::USER_AGENT, CHROME)
}

#[tokio::test]
async fn a_link_in_the_clear_leads_to_https_and_is_counted_there_alone() {
    let api = behind_proxy().await;
    let running = api.running().await;
    let expected = format!("{PUBLIC}/r/{}?utm_source=ig", running.code);
    for method in [Method::GET, Method::HEAD] {
        let request = api.client.request(method, api.url(&format!("/r/{}?utm_source=ig", running.code)));
        let answer = plain(request).header(header::HOST, "evil.example").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::TEMPORARY_REDIRECT);
        assert_eq!(answer.headers()[header::LOCATION], expected.as_str());
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
        for absent in ["referrer-policy", "strict-transport-security"] {
            assert!(!answer.headers().contains_key(absent), "{absent}");
        }
    }
    for said in [Some("https"), None] {
        let request = follow(&api, &running);
        let request = if let Some(said) = said { request.header("X-Forwarded-Proto", said) } else { request };
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FOUND);
        assert!(answer.headers()[header::LOCATION].to_str().unwrap().starts_with("https://shop.example/"));
        assert_eq!(answer.headers()[header::STRICT_TRANSPORT_SECURITY], HSTS);
    }
    // A link that is no more says so over https.
    let gone = plain(api.client.get(api.url("/r/nosuch"))).send().await.unwrap();
    assert_eq!(gone.headers()[header::LOCATION], format!("{PUBLIC}/r/nosuch").as_str());
    api.wait_for("/api/v1/stats/overview?include_bots=true", "clicks", json!(2)).await;
    api.end().await;
}

#[tokio::test]
async fn an_api_call_in_the_clear_is_refused_before_its_key_is_looked_at() {
    let api = behind_proxy().await;
    let running = api.running().await;
    let event = json!({ "action": "purchase", "event_id": "1", "value": "9.00" });
    for path in ["/api/v1/events", "/api/v1/events/batch", "/api/v1/events/validate", "/event/purchase"] {
        for key in [running.key.as_str(), "trb_live_wrong"] {
            let request = plain(api.client.post(api.url(path))).header("X-API-KEY", key).json(&event);
            let refused = problem(request.send().await.unwrap(), StatusCode::FORBIDDEN).await;
            assert_eq!(refused["type"], "urn:tributary:problem:https-required");
        }
    }
    let key = &api.got(&format!("/api/v1/advertisers/{}/api-keys", running.advertiser)).await["items"][0];
    assert!(key["last_used_at"].is_null(), "{key}");
    assert_eq!(api.got("/api/v1/events").await["items"], json!([]));
    assert_eq!(api.got("/api/v1/ingest-failures").await["items"], json!([]));
    for (method, path) in
        [(Method::GET, "/api/v1/auth/me"), (Method::GET, "/api/ui/page?path=%2F"), (Method::POST, "/api/v1/auth/login")]
    {
        problem(plain(api.request(method, path)).send().await.unwrap(), StatusCode::FORBIDDEN).await;
    }
    assert_eq!(api.event(&running.key, event).await.status(), StatusCode::CREATED);
    api.end().await;
}

#[tokio::test]
async fn pages_lead_to_https_and_their_forms_are_refused_in_the_clear() {
    let api = behind_proxy().await;
    for path in ["/", "/login?next=%2Faccount", "/set-password/x", "/nosuch", "/docs/api/", "/pkg/t.css"] {
        let answer = plain(api.client.get(api.url(path))).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::PERMANENT_REDIRECT, "{path}");
        assert_eq!(answer.headers()[header::LOCATION], format!("{PUBLIC}{path}").as_str());
    }
    let form = plain(api.client.post(api.url("/account"))).header(header::ORIGIN, "http://go.example");
    problem(form.send().await.unwrap(), StatusCode::FORBIDDEN).await;
    for path in ["/healthz", "/readyz"] {
        let answer = plain(api.client.get(api.url(path))).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "balancers ask past the proxy");
    }
    let page = api.client.get(api.url("/login")).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(page.headers()[header::STRICT_TRANSPORT_SECURITY], HSTS);
    api.end().await;
}

#[tokio::test]
async fn a_stranger_s_word_on_https_is_not_believed() {
    // No proxy is trusted, so nothing comes over https here.
    let api = start_unreached(|config| config).await;
    for said in [None, Some(("X-Forwarded-Proto", "https")), Some(("Forwarded", "proto=https"))] {
        let with = |path: &str| {
            let request = api.client.get(api.url(path));
            if let Some((name, value)) = said { request.header(name, value) } else { request }
        };
        problem(with("/api/v1/auth/me").send().await.unwrap(), StatusCode::FORBIDDEN).await;
        assert_eq!(with("/login").send().await.unwrap().status(), StatusCode::PERMANENT_REDIRECT);
        assert_eq!(with("/r/abc").send().await.unwrap().status(), StatusCode::TEMPORARY_REDIRECT);
    }
    api.end().await;
}

async fn start_unreached(change: impl FnOnce(ServeConfig) -> ServeConfig) -> Api {
    let at_https = |mut config: ServeConfig| {
        config.data.public_url = PUBLIC.into();
        change(config)
    };
    Api::start_unreached(crate::databases::Database::sqlite(), at_https).await
}

#[tokio::test]
async fn whatever_a_request_looks_like_it_leads_to_the_public_address_or_nowhere() {
    let api = start_unreached(|config| config).await;
    on_a_connection(&api, |mut raw| {
        for (request, status, location) in [
            ("GET /login HTTP/1.1\r\nHost: evil.example\r\n\r\n", "308", "https://go.example/login"),
            ("GET http://evil.example/login HTTP/1.1\r\nHost: evil.example\r\n\r\n", "308", "https://go.example/login"),
            (
                "GET //evil.example/%0d%0aX:1 HTTP/1.1\r\nHost: t\r\n\r\n",
                "308",
                "https://go.example//evil.example/%0d%0ax:1",
            ),
            ("GET /r/abc HTTP/1.1\r\nHost: evil.example\r\n\r\n", "307", "https://go.example/r/abc"),
            ("GET http://evil.example/r/abc HTTP/1.1\r\nHost: e\r\n\r\n", "307", "https://go.example/r/abc"),
            ("GET /r/abc HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "307", "https://go.example/r/abc"),
            ("POST /r/abc HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n", "403", ""),
            ("GET /API/v1/events HTTP/1.1\r\nHost: t\r\n\r\n", "403", ""),
            ("GET /api/v1/events/../../login HTTP/1.1\r\nHost: t\r\n\r\n", "403", ""),
            ("GET http://go.example/api/v1/auth/me HTTP/1.1\r\nHost: t\r\n\r\n", "403", ""),
            ("OPTIONS * HTTP/1.1\r\nHost: t\r\n\r\n", "403", ""),
            ("DELETE /event/purchase HTTP/1.1\r\nHost: t\r\n\r\n", "403", ""),
            ("GET /login HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "308", "https://go.example/login"),
        ] {
            raw.say(request);
            let head = raw.answer();
            let told = head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap_or_default();
            assert_eq!((&head["http/1.x ".len()..][..3], told), (status, location), "{request}");
        }
    })
    .await;
    api.end().await;
}

#[tokio::test]
async fn over_https_the_session_cookie_is_ours_alone() {
    let api = behind_proxy().await;
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("email", EMAIL), ("password", PASSWORD)])
        .finish();
    let page = api.client.get(api.url("/login")).send().await.unwrap().text().await.unwrap();
    let action = page.split("action=\"").nth(1).unwrap().split('"').next().unwrap();
    let entered = api
        .client
        .post(api.url(action))
        .header(header::ORIGIN, PUBLIC)
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await
        .unwrap();
    let cookie = entered.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-trb_session="), "{cookie}");
    for attribute in ["; Path=/;", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    let token = cookie.split(['=', ';']).nth(1).unwrap();
    let me = |name: &str| {
        let cookie = format!("{name}={token}");
        api.client.get(api.url("/api/v1/auth/me")).header(header::COOKIE, cookie).send()
    };
    assert_eq!(me("__Host-trb_session").await.unwrap().status(), StatusCode::OK);
    problem(me("trb_session").await.unwrap(), StatusCode::UNAUTHORIZED).await;
    api.end().await;
}

#[tokio::test]
async fn how_much_browsers_remember_is_the_operators_to_say() {
    for (hsts, told) in [(Hsts::Host, Some("max-age=31536000")), (Hsts::Off, None)] {
        let api = start(|config| ServeConfig { trusted_proxies: "loopback".parse().unwrap(), hsts, ..config }).await;
        let running = api.running().await;
        for answer in [api.get("/api/v1/auth/me").await, follow(&api, &running).send().await.unwrap()] {
            let sent = answer.headers().get(header::STRICT_TRANSPORT_SECURITY);
            assert_eq!(sent.map(|value| value.to_str().unwrap()), told);
        }
        api.end().await;
    }
    // At plain http browsers are told nothing of the kind.
    let api = Api::start(crate::databases::Database::sqlite()).await;
    assert!(!api.get("/api/v1/auth/me").await.headers().contains_key(header::STRICT_TRANSPORT_SECURITY));
    api.end().await;
}
