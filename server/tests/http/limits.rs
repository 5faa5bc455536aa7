//! How often passwords and links may be guessed, and how many requests an account may make.

use std::io::Write;

use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder, Response, StatusCode, header};
use serde_json::{Value, json};
use server::cli::{LimitConfig, ServeConfig};

use crate::api::{Api, EMAIL, PASSWORD, problem};

async fn api_with(limits: LimitConfig) -> Api {
    // Whoever a test wants to be it says by X-Forwarded-For.
    let change = |config| ServeConfig { trusted_proxies: "loopback".parse().unwrap(), limits, ..config };
    Api::start_with(crate::databases::Database::sqlite(), change).await
}

async fn api() -> Api {
    api_with(LimitConfig::default()).await
}

fn from(request: RequestBuilder, ip: &str) -> RequestBuilder {
    request.header("X-Forwarded-For", ip)
}

async fn log_in(api: &Api, ip: &str, email: &str, password: &str) -> Response {
    let body = json!({ "email": email, "password": password });
    from(api.client.post(api.url("/api/v1/auth/login")), ip).json(&body).send().await.unwrap()
}

/// The login page's form without JavaScript, or as its script sends it.
async fn form(api: &Api, ip: &str, password: &str, accept: &str) -> Response {
    let page = from(api.client.get(api.url("/login")), ip).send().await.unwrap().text().await.unwrap();
    let action = page.split("action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("email", EMAIL), ("password", password), ("next", "")])
        .finish();
    from(api.client.post(api.url(&action)), ip)
        .header(header::ORIGIN, &api.base)
        .header(header::ACCEPT, accept)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn ten_wrong_passwords_close_an_account_to_an_address_whether_it_exists_or_not() {
    let api = api().await;
    let mut told = Vec::new();
    for (name, ip) in [(EMAIL, "203.0.113.1"), ("nobody@example.com", "203.0.113.2")] {
        for _ in 0..10 {
            problem(log_in(&api, ip, name, "wrong").await, StatusCode::UNAUTHORIZED).await;
        }
        let refused = log_in(&api, ip, name, PASSWORD).await;
        let wait: u32 = refused.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
        assert!((1..=900).contains(&wait), "{wait}");
        let mut refused = problem(refused, StatusCode::TOO_MANY_REQUESTS).await;
        refused["request_id"] = Value::Null;
        refused["detail"] = Value::Null;
        told.push(refused);
    }
    assert_eq!(told[0], told[1], "nothing says that one of them exists");
    assert_eq!(log_in(&api, "203.0.113.3", EMAIL, PASSWORD).await.status(), StatusCode::OK, "elsewhere it is open");
    api.end().await;
}

#[tokio::test]
async fn every_way_to_log_in_counts_and_is_closed() {
    let api = api().await;
    let ip = "203.0.113.1";
    for guess in 0..10 {
        match guess % 3 {
            0 => problem(log_in(&api, ip, EMAIL, "wrong").await, StatusCode::UNAUTHORIZED).await,
            1 => {
                let back = form(&api, ip, "wrong", "text/html").await;
                let to = back.headers()[header::LOCATION].to_str().unwrap();
                assert!(back.status().is_redirection() && to.contains("problem=wrong_credentials"), "{to}");
                Value::Null
            }
            _ => {
                assert_eq!(form(&api, ip, "wrong", "*/*").await.status(), StatusCode::UNAUTHORIZED);
                Value::Null
            }
        };
    }
    problem(log_in(&api, ip, EMAIL, PASSWORD).await, StatusCode::TOO_MANY_REQUESTS).await;
    assert_eq!(form(&api, ip, PASSWORD, "*/*").await.status(), StatusCode::TOO_MANY_REQUESTS);
    let back = form(&api, ip, PASSWORD, "text/html").await;
    assert!(!back.headers().contains_key(header::SET_COOKIE));
    let to = back.headers()[header::LOCATION].to_str().unwrap().to_owned();
    let page = api.client.get(api.url(&to)).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Too many failed tries"), "{to}");
    api.end().await;
}

#[tokio::test]
async fn right_passwords_never_count_however_many_or_at_once() {
    let api = api().await;
    // As many at once as one account's passwords are checked.
    for _ in 0..5 {
        let all = join_all((0..8).map(|_| log_in(&api, "203.0.113.1", EMAIL, PASSWORD))).await;
        assert!(all.iter().all(|answer| answer.status() == StatusCode::OK));
    }
    problem(log_in(&api, "203.0.113.1", EMAIL, "wrong").await, StatusCode::UNAUTHORIZED).await;
    api.end().await;
}

#[tokio::test]
async fn guesses_at_once_are_no_more_than_guesses_in_a_row() {
    let api = api().await;
    let mut refused = 0;
    // As many at once as one account's passwords are checked.
    for _ in 0..5 {
        let all = join_all((0..8).map(|_| log_in(&api, "203.0.113.1", EMAIL, "wrong"))).await;
        refused += all.iter().filter(|answer| answer.status() == StatusCode::UNAUTHORIZED).count();
        assert!(all.iter().all(|answer| [401, 429].contains(&answer.status().as_u16())));
    }
    assert_eq!(refused, 10);
    api.end().await;
}

#[tokio::test]
async fn a_crowd_at_one_account_or_from_one_address_leaves_room_for_others() {
    let off = LimitConfig { failed_logins_per_account: 0, failed_logins_per_address: 0, ..LimitConfig::default() };
    let api = api_with(off).await;
    for is_of_one_account in [true, false] {
        let log_ins = (0..60).map(async |n| {
            let (ip, email) = match is_of_one_account {
                true => (format!("203.0.113.{n}"), EMAIL.to_owned()),
                false => (format!("2001:db8:1:2::{n}"), format!("{n}@example.com")),
            };
            log_in(&api, &ip, &email, "wrong").await
        });
        let elsewhere = log_in(&api, "198.51.100.1", "another@example.com", "wrong");
        let (all, elsewhere) = tokio::join!(join_all(log_ins), elsewhere);
        assert_eq!(elsewhere.status(), StatusCode::UNAUTHORIZED);
        let mut told = 0;
        for answer in all {
            if answer.status() == StatusCode::UNAUTHORIZED {
                continue;
            }
            assert_eq!(answer.headers()[header::RETRY_AFTER], "5");
            problem(answer, StatusCode::TOO_MANY_REQUESTS).await;
            told += 1;
        }
        assert!(told > 0, "sixty at once are more than an eighth of the places");
    }
    api.end().await;
}

#[tokio::test]
async fn an_address_is_closed_after_twenty_five_and_what_is_made_up_left_of_it_is_no_other() {
    let api = api().await;
    // The proxy adds the client's address at the right; the client may send whatever it likes.
    for guess in 0..25 {
        let made_up = format!("198.51.100.{guess}, 203.0.113.1");
        let name = format!("{guess}@example.com");
        problem(log_in(&api, &made_up, &name, "wrong").await, StatusCode::UNAUTHORIZED).await;
    }
    problem(log_in(&api, "192.0.2.9, 203.0.113.1", EMAIL, PASSWORD).await, StatusCode::TOO_MANY_REQUESTS).await;
    assert_eq!(log_in(&api, "203.0.113.2", EMAIL, PASSWORD).await.status(), StatusCode::OK);
    api.end().await;
}

#[tokio::test]
async fn a_stranger_cannot_choose_the_address_it_is_counted_under() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    for guess in 0..10 {
        problem(log_in(&api, &format!("203.0.113.{guess}"), EMAIL, "wrong").await, StatusCode::UNAUTHORIZED).await;
    }
    problem(log_in(&api, "203.0.113.99", EMAIL, PASSWORD).await, StatusCode::TOO_MANY_REQUESTS).await;
    api.end().await;
}

#[tokio::test]
async fn an_ipv6_household_is_one_address() {
    let api = api().await;
    for guess in 0..10 {
        let ip = format!("2001:db8:1:2::{guess}");
        problem(log_in(&api, &ip, EMAIL, "wrong").await, StatusCode::UNAUTHORIZED).await;
    }
    problem(log_in(&api, "2001:db8:1:2:ffff::1", EMAIL, PASSWORD).await, StatusCode::TOO_MANY_REQUESTS).await;
    assert_eq!(log_in(&api, "2001:db8:1:3::1", EMAIL, PASSWORD).await.status(), StatusCode::OK);
    api.end().await;
}

#[tokio::test]
async fn wrong_current_passwords_count_as_failed_logins() {
    let api = api().await;
    let change = |current: &str| {
        let body = json!({ "current_password": current, "new_password": "another horse battery" });
        from(api.request(Method::POST, "/api/v1/auth/password"), "203.0.113.1").json(&body).send()
    };
    for _ in 0..10 {
        problem(change("wrong").await.unwrap(), StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    problem(change(PASSWORD).await.unwrap(), StatusCode::TOO_MANY_REQUESTS).await;
    problem(log_in(&api, "203.0.113.1", EMAIL, PASSWORD).await, StatusCode::TOO_MANY_REQUESTS).await;
    assert_eq!(log_in(&api, "203.0.113.2", EMAIL, PASSWORD).await.status(), StatusCode::OK, "it stands unchanged");
    api.end().await;
}

#[tokio::test]
async fn guessed_set_password_links_close_the_address() {
    let api = api().await;
    let new = json!({ "email": "second@example.com", "role": "admin" });
    let made = api.created("/api/v1/accounts", new).await;
    let path = made["set_password_url"].as_str().unwrap().strip_prefix(&api.base).unwrap().to_owned();
    let look = |path: &str, ip: &str| from(api.client.get(api.url(path)), ip).send();
    for guess in 0..25 {
        let answer = look(&format!("/set-password/guess{guess}"), "203.0.113.1").await.unwrap();
        assert!(answer.text().await.unwrap().contains("used already"));
    }
    let closed = look(&path, "203.0.113.1").await.unwrap();
    assert_eq!(closed.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(!closed.text().await.unwrap().contains("name=\"new_password\""));
    let fields = [
        ("form", "set_password"),
        ("new_password", "a new horse battery"),
        ("repeated_password", "a new horse battery"),
    ];
    let token = path.rsplit('/').next().unwrap();
    let body =
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).append_pair("token", token).finish();
    let sent = from(api.client.post(api.url(&path)), "203.0.113.1")
        .header(header::ORIGIN, "null")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body);
    assert_eq!(sent.send().await.unwrap().status(), StatusCode::TOO_MANY_REQUESTS);
    // A foreign page can have its visitors ask for links: none of them is kept from logging in.
    assert_eq!(log_in(&api, "203.0.113.1", EMAIL, PASSWORD).await.status(), StatusCode::OK);
    let open = look(&path, "203.0.113.2").await.unwrap();
    assert!(open.text().await.unwrap().contains("name=\"new_password\""), "it stands, and opens elsewhere");
    api.end().await;
}

#[tokio::test]
async fn nought_switches_the_limits_off() {
    let off = LimitConfig { failed_logins_per_account: 0, failed_logins_per_address: 0, requests_per_minute: 0 };
    let api = api_with(off).await;
    for _ in 0..30 {
        problem(log_in(&api, "203.0.113.1", EMAIL, "wrong").await, StatusCode::UNAUTHORIZED).await;
    }
    assert_eq!(log_in(&api, "203.0.113.1", EMAIL, PASSWORD).await.status(), StatusCode::OK);
    assert!(!api.get("/api/v1/auth/me").await.headers().contains_key("ratelimit"));
    api.end().await;
}

#[tokio::test]
async fn an_account_has_its_requests_a_minute_through_whatever_session() {
    let api = api_with(LimitConfig { requests_per_minute: 20, ..LimitConfig::default() }).await;
    let (_, other) = api.account("second@example.com", json!({ "role": "admin" })).await;
    let again = log_in(&api, "203.0.113.1", EMAIL, PASSWORD).await.json::<Value>().await.unwrap();
    let again = again["token"].as_str().unwrap().to_owned();
    let running_total = api.get("/api/v1/auth/me").await;
    assert_eq!(running_total.headers()["ratelimit-policy"], "\"requests\";q=20;w=60");
    assert_eq!(running_total.headers()["ratelimit"], "\"requests\";r=18;t=0");
    let cookie = format!("trb_session={again}");
    let page = |path: &str| api.client.get(api.url(path)).header(header::COOKIE, &cookie).send();
    for n in 0..18 {
        let answer = match n % 4 {
            0 => api.get("/api/v1/advertisers").await,
            1 => api.send(&again, Method::GET, "/api/v1/nosuch", Value::Null).await,
            2 => page("/account").await.unwrap(),
            _ => page("/api/ui/figures?query=").await.unwrap(),
        };
        assert_ne!(answer.status(), StatusCode::TOO_MANY_REQUESTS, "{n}");
    }
    for token in [&api.token, &again] {
        let refused = api.send(token, Method::GET, "/api/v1/auth/me", Value::Null).await;
        assert_eq!(refused.headers()[header::RETRY_AFTER], "3");
        assert_eq!(refused.headers()["ratelimit"], "\"requests\";r=0;t=3");
        problem(refused, StatusCode::TOO_MANY_REQUESTS).await;
    }
    let refused = page("/account").await.unwrap();
    assert_eq!(
        (refused.status(), refused.headers().contains_key(header::RETRY_AFTER)),
        (StatusCode::TOO_MANY_REQUESTS, true)
    );
    assert!(refused.text().await.unwrap().contains("Too many requests"));
    let refused = page("/api/ui/figures?query=").await.unwrap();
    assert_eq!(refused.headers()[header::CONTENT_TYPE], "application/x-postcard", "as the page reads it");
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);

    // Nobody else is held up, nor files, nor links, nor events.
    assert_eq!(api.send(&other, Method::GET, "/api/v1/auth/me", Value::Null).await.status(), StatusCode::OK);
    assert_eq!(page("/pkg/t.css").await.unwrap().status(), StatusCode::OK);
    assert_eq!(page("/r/nosuch").await.unwrap().status(), StatusCode::NOT_FOUND);
    problem(api.event("trb_live_x", json!({})).await, StatusCode::UNAUTHORIZED).await;
    api.end().await;
}

#[tokio::test]
async fn pages_and_their_functions_read_no_more_than_a_form_may_hold() {
    let api = api().await;
    for path in ["/api/ui/log_in", "/api/ui/act", "/account", "/set-password/x", "/api/v1/auth/login"] {
        let mut raw = crate::raw::Raw::open(&api);
        let origin = api.base.clone();
        // Whoever does not say how long it is, is cut off.
        let read = tokio::task::spawn_blocking(move || {
            raw.say(&format!(
                "POST {path} HTTP/1.1\r\nHost: t\r\nOrigin: {origin}\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n"
            ));
            let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
            (0..1024).take_while(|_| raw.0.write_all(chunk.as_bytes()).is_ok()).count()
        });
        let sent = read.await.unwrap();
        assert!(sent < 1024, "{path} took 64 MiB");
    }
    assert_eq!(log_in(&api, "203.0.113.1", EMAIL, PASSWORD).await.status(), StatusCode::OK);
    api.end().await;
}
