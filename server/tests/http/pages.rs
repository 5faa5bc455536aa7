//! The pages as a browser without JavaScript sees them, and the files beside them.

use reqwest::{Method, StatusCode, header};

use crate::api::{Api, EMAIL, PASSWORD};

async fn api() -> Api {
    Api::start(crate::databases::Database::sqlite()).await
}

#[tokio::test]
async fn the_login_page_is_whole_without_javascript() {
    let api = api().await;
    let answer = api.client.get(api.url("/login")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.contains("'nonce-") && !policy.contains("script-src 'unsafe-inline'"), "{policy}");
    let page = answer.text().await.unwrap();
    for part in ["<form", "name=\"email\"", "name=\"password\"", "type=\"submit\"", "pkg/t.css"] {
        assert!(page.contains(part), "{part}");
    }
    api.end().await;
}

#[tokio::test]
async fn the_login_form_opens_a_session_and_a_wrong_one_comes_back() {
    let api = api().await;
    let page = api.client.get(api.url("/login")).send().await.unwrap().text().await.unwrap();
    let action = page.split("action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let send = |email: &str, password: &str, origin: &str| {
        let body = format!("email={}&password={}&next=", email.replace('@', "%40"), password.replace(' ', "+"));
        let request =
            api.client.post(api.url(&action)).header(header::ORIGIN, origin).header(header::ACCEPT, "text/html");
        request
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::REFERER, api.url("/login"))
            .body(body)
            .send()
    };
    let entered = send(EMAIL, PASSWORD, &api.base).await.unwrap();
    assert!(entered.status().is_redirection(), "{}", entered.status());
    let cookie = entered.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let wrong = send(EMAIL, "wrong", &api.base).await.unwrap();
    assert!(wrong.status().is_redirection() && !wrong.headers().contains_key(header::SET_COOKIE));
    assert!(wrong.headers()[header::LOCATION].to_str().unwrap().contains("/login"));
    let foreign = send(EMAIL, PASSWORD, "https://evil.example").await.unwrap();
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);

    let session = cookie.split(';').next().unwrap();
    let dashboard = api.client.get(api.url("/dashboard")).header(header::COOKIE, session).send().await.unwrap();
    assert_eq!(dashboard.status(), StatusCode::OK);
    api.end().await;
}

#[tokio::test]
async fn pages_lead_to_the_login_and_server_functions_refuse_strangers() {
    let api = api().await;
    for path in ["/", "/dashboard"] {
        let answer = api.client.get(api.url(path)).send().await.unwrap();
        assert!(answer.status().is_redirection(), "{path}");
        assert!(answer.headers()[header::LOCATION].to_str().unwrap().contains("/login"), "{path}");
    }
    let function = api.client.request(Method::POST, api.url("/api/ui/figures")).header(header::ORIGIN, &api.base);
    let answer =
        function.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body("").send().await.unwrap();
    assert!(!answer.status().is_success(), "{}", answer.status());
    api.end().await;
}

#[tokio::test]
async fn files_are_served_and_nothing_outside_them() {
    let api = api().await;
    let css = api.client.get(api.url("/pkg/t.css")).send().await.unwrap();
    assert_eq!((css.status(), css.headers()[header::CONTENT_TYPE].to_str().unwrap()), (StatusCode::OK, "text/css"));
    assert!(css.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
    assert_eq!(api.client.get(api.url("/robots.txt")).send().await.unwrap().status(), StatusCode::OK);
    for path in
        ["/pkg/../../secret.key", "/pkg/%2e%2e/%2e%2e/secret.key", "/..%2fsecret.key", "/manifest.json", "/nosuch"]
    {
        let answer = api.client.get(api.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/healthz", "/readyz"] {
        assert_eq!(api.client.get(api.url(path)).send().await.unwrap().status(), StatusCode::OK);
    }
    api.end().await;
}
