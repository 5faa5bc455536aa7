//! Slow and greedy clients: each is told or let go, and nobody else notices.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use server::{cli::ServeConfig, connections::ConnectionsConfig};

use crate::{
    api::{Api, problem},
    databases::Database,
    exposition::Exposition,
    raw::on_a_connection,
};

/// A server whose clients have a second.
async fn hasty() -> Api {
    with(|config| ConnectionsConfig { slow_seconds: 1, ..config }).await
}

async fn with(change: impl FnOnce(ConnectionsConfig) -> ConnectionsConfig) -> Api {
    Api::start_with(Database::sqlite(), |config| ServeConfig {
        connections: change(config.connections.clone()),
        ..config
    })
    .await
}

fn open(api: &Api) -> TcpStream {
    let stream = TcpStream::connect(api.base.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// What comes until the connection ends.
fn rest(stream: &mut TcpStream) -> String {
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    String::from_utf8_lossy(&rest).into_owned()
}

/// Sends a beginning, then a byte each tenth of a second for as long as they are taken: what was answered, and when.
async fn trickle(api: &Api, begin: String) -> (String, Duration) {
    let mut stream = open(api);
    tokio::task::spawn_blocking(move || {
        let begun = Instant::now();
        stream.write_all(begin.as_bytes()).unwrap();
        let mut writer = stream.try_clone().unwrap();
        let trickling = std::thread::spawn(move || {
            while begun.elapsed() < Duration::from_secs(15) && writer.write_all(b"x").is_ok() {
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        let answer = rest(&mut stream);
        let took = begun.elapsed();
        drop(stream);
        trickling.join().unwrap();
        (answer, took)
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn a_head_that_trickles_ends_its_connection_and_no_other() {
    let api = hasty().await;
    let code = api.running().await.code;
    for begin in [
        format!("GET /r/{code} HTTP/1.1\r\nHost: t\r\nX: "),
        "GET /healthz HTTP/1.1\r\nHost: t\r\nX: ".to_owned(),
        format!("GET /r/{code} HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\n\r\nGET /healthz HTTP/1.1\r\nX: "),
    ] {
        let (trickled, followed) = tokio::join!(trickle(&api, begin.clone()), async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            api.follow(&code).await.status()
        });
        assert!(trickled.1 < Duration::from_secs(5), "{begin}: {trickled:?}");
        assert_eq!(followed, StatusCode::FOUND);
    }
    api.end().await;
}

#[tokio::test]
async fn a_body_that_trickles_is_answered_and_ends() {
    let api = hasty().await;
    let key = api.running().await.key;
    for path in ["/api/v1/events", "/api/v1/events/batch", "/api/v1/auth/login"] {
        let (answer, took) = trickle(
            &api,
            format!(
                "POST {path} HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nX-API-KEY: {key}\r\n\
                Content-Length: 5000\r\n\r\n{{\"action\":\""
            ),
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{path}: {answer}");
        assert!(answer.contains("took too long"), "{path}: {answer}");
        assert!(took < Duration::from_secs(6), "{path}: {took:?}");
    }
    api.end().await;
}

#[tokio::test]
async fn a_connection_may_wait_longer_than_a_head_may_take() {
    let api = hasty().await;
    let code = api.running().await.code;
    let mut stream = open(&api);
    tokio::task::spawn_blocking(move || {
        let mut answer = [0; 4096];
        for path in [format!("/r/{code}"), "/healthz".to_owned(), "/healthz".to_owned()] {
            stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: t\r\n\r\n").as_bytes()).unwrap();
            let length = stream.read(&mut answer).unwrap();
            assert!(length > 0, "{path}");
            std::thread::sleep(Duration::from_millis(2500));
        }
    })
    .await
    .unwrap();
    api.end().await;
}

#[tokio::test]
async fn who_waits_too_long_is_let_go() {
    let api = with(|config| ConnectionsConfig { idle_seconds: 1, ..config }).await;
    for first in ["", "GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n"] {
        let mut stream = open(&api);
        let took = tokio::task::spawn_blocking(move || {
            stream.write_all(first.as_bytes()).unwrap();
            let begun = Instant::now();
            rest(&mut stream);
            begun.elapsed()
        })
        .await
        .unwrap();
        assert!(took > Duration::from_millis(900) && took < Duration::from_secs(6), "{first:?}: {took:?}");
    }
    api.end().await;
}

#[tokio::test]
async fn two_thousand_idle_connections_keep_nobody_from_the_shop() {
    let api = with(|config| ConnectionsConfig { max_connections_per_address: Some(0), ..config }).await;
    let code = api.running().await.code;
    let mut idle: Vec<TcpStream> = (0..2_000).map(|_| open(&api)).collect();
    // Half of them are the router's.
    for stream in &mut idle[..1_000] {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: t\r\n").unwrap();
    }
    let begun = Instant::now();
    let answer = api.client.get(api.url(&format!("/r/{code}"))).header("connection", "close").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    drop(idle);
    api.end().await;
}

#[tokio::test]
async fn who_comes_beyond_the_last_place_is_told_and_others_go_on() {
    for (most, of_one, status) in [(12, 0, "503 Service Unavailable"), (100, 12, "429 Too Many Requests")] {
        let api = with(|config| ConnectionsConfig {
            max_connections: Some(most),
            max_connections_per_address: Some(of_one),
            ..config
        })
        .await;
        let code = api.running().await.code;
        let mut held: Vec<TcpStream> = (0..12).map(|_| open(&api)).collect();
        let mut told = open(&api);
        told.write_all(b"GET /r/abc HTTP/1.1\r\nHost: t\r\n\r\n").unwrap();
        let answer = tokio::task::spawn_blocking(move || rest(&mut told)).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answer}");
        assert!(answer.contains("retry-after: 1"), "{answer}");
        // Who has a place keeps it.
        let told = api.client.get(api.url("/metrics")).send().await.unwrap();
        let told = Exposition::parse(&told.text().await.unwrap());
        assert!(told.find("tributary_rate_limited_total", &[("limit", "connections")]) >= Some(1.0));
        assert!(told.find("tributary_connections", &[]) >= Some(11.0));
        assert_eq!(api.follow(&code).await.status(), StatusCode::FOUND);
        held.truncate(6);
        let begun = Instant::now();
        let request = format!("GET /r/{code} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
        loop {
            let (mut next, request) = (open(&api), request.clone());
            let answer = tokio::task::spawn_blocking(move || {
                next.write_all(request.as_bytes()).unwrap();
                rest(&mut next)
            });
            if answer.await.unwrap().starts_with("HTTP/1.1 302 ") {
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(2), "there is room again");
        }
        api.end().await;
    }
}

#[tokio::test]
async fn where_places_are_short_whoever_does_nothing_makes_room() {
    // Connections of the front, and connections of the router.
    for first in ["", "GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n"] {
        let api = with(|config| ConnectionsConfig {
            max_connections: Some(10),
            max_connections_per_address: Some(0),
            ..config
        })
        .await;
        let code = api.running().await.code;
        let mut held: Vec<TcpStream> = (0..10).map(|_| open(&api)).collect();
        for stream in &mut held {
            // The last of them finds no place.
            let _ = stream.write_all(first.as_bytes());
        }
        let begun = Instant::now();
        let request = format!("GET /r/{code} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
        loop {
            let mut shopper = open(&api);
            let _ = shopper.write_all(request.as_bytes());
            let answer = tokio::task::spawn_blocking(move || rest(&mut shopper)).await.unwrap();
            if answer.starts_with("HTTP/1.1 302 ") {
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(15), "the limit on idleness is 75 s otherwise: {answer}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert!(begun.elapsed() > Duration::from_secs(3), "they have their time: {:?}", begun.elapsed());
        // The client's own connection may have been one of those: it opens another.
        assert_eq!(api.follow(&code).await.status(), StatusCode::FOUND);
        api.end().await;
    }
}

#[tokio::test]
async fn an_address_without_a_path_is_refused_whatever_is_asked_of_it() {
    let api = Api::start(Database::sqlite()).await;
    for (method, address) in
        [("GET", "127.0.0.1"), ("DELETE", "login"), ("POST", "t:80"), ("CONNECT", "t:443"), ("CONNECT", "/login")]
    {
        on_a_connection(&api, move |mut raw| {
            let answer = raw.say(&format!("{method} {address} HTTP/1.1\r\nHost: t\r\n\r\n")).answer();
            assert!(answer.starts_with("http/1.1 400 "), "{method} {address}: {answer}");
            assert!(answer.contains("x-request-id: "), "{answer}");
        })
        .await;
    }
    assert_eq!(api.get("/login").await.status(), StatusCode::OK);
    api.end().await;
}

#[tokio::test]
async fn an_address_or_a_head_that_is_too_long_is_refused() {
    let api = Api::start(Database::sqlite()).await;
    let code = api.running().await.code;
    for path in [format!("/r/{code}?x="), "/api/v1/events?x=".into(), "/?x=".into()] {
        let long = format!("{path}{}", "x".repeat(9_000));
        problem(api.get(&long).await, StatusCode::URI_TOO_LONG).await;
        let usual = format!("{path}{}", "x".repeat(4_000));
        assert_ne!(api.get(&usual).await.status(), StatusCode::URI_TOO_LONG, "{path}");
    }
    let with = |name: &'static str, value: String| api.client.get(api.url("/healthz")).header(name, value).send();
    problem(with("x-long", "x".repeat(40_000)).await.unwrap(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE).await;
    let mut many = api.client.get(api.url("/healthz"));
    for number in 0..150 {
        many = many.header(format!("x-{number}"), "x");
    }
    assert_eq!(many.send().await.unwrap().status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    api.end().await;
}

/// A batch of one event, as long as it is told to be.
fn batch(length: usize) -> String {
    let event = r#"{"events":[{"action":"signup"}]"#;
    format!("{event}{}}}", " ".repeat(length - event.len() - 1))
}

#[tokio::test]
async fn bodies_at_once_are_bounded_and_small_ones_always_have_room() {
    const LENGTH: usize = 900 << 10;
    let api = with(|config| ConnectionsConfig { max_body_bytes: 1 << 20, ..config }).await;
    let key = api.running().await.key;
    let head = format!(
        "POST /api/v1/events/batch HTTP/1.1\r\nhost: t\r\nx-api-key: {key}\r\ncontent-type: application/json\r\n\
         content-length: {LENGTH}\r\n\r\n"
    );
    let mut held = open(&api);
    let whole = batch(LENGTH);
    let (begun, last) = whole.split_at(LENGTH - 1);
    held.write_all(head.as_bytes()).unwrap();
    held.write_all(begun.as_bytes()).unwrap();
    let told = async || {
        let answer = api.client.get(api.url("/metrics")).send().await.unwrap();
        Exposition::parse(&answer.text().await.unwrap())
    };
    #[expect(clippy::cast_precision_loss, reason = "it is less than 2^52")]
    while told().await.get("tributary_connections_body_bytes", &[]) < begun.len() as f64 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    let send = async |path: &str, kind: &str, body: String| {
        let request = api.client.post(api.url(path)).header("x-api-key", &key).header("content-type", kind);
        request.header("origin", &api.base).body(body).send().await.unwrap()
    };
    let refused = send("/api/v1/events/batch", "application/json", batch(LENGTH)).await;
    assert_eq!(refused.headers()["retry-after"], "1");
    let said = problem(refused, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(said["type"], "urn:tributary:problem:no-room");
    let form = "application/x-www-form-urlencoded";
    let refused = send("/account", form, format!("form={}", "x".repeat(200 << 10))).await;
    problem(refused, StatusCode::SERVICE_UNAVAILABLE).await;
    assert!(told().await.get("tributary_rate_limited_total", &[("limit", "bodies")]) >= 2.0);
    // Whoever brings little always has room.
    let small = r#"{"action":"signup"}"#.to_owned();
    assert_eq!(send("/api/v1/events", "application/json", small).await.status(), StatusCode::CREATED);
    assert_ne!(send("/account", form, "form=x".into()).await.status(), StatusCode::SERVICE_UNAVAILABLE);

    held.write_all(last.as_bytes()).unwrap();
    let answered = tokio::task::spawn_blocking(move || {
        let mut first = [0; 12];
        held.read_exact(&mut first).unwrap();
        String::from_utf8_lossy(&first).into_owned()
    });
    assert_eq!(answered.await.unwrap(), "HTTP/1.1 200", "whoever had room keeps it");
    // It is the next one's.
    assert_eq!(send("/api/v1/events/batch", "application/json", batch(LENGTH)).await.status(), StatusCode::OK);
    api.end().await;
}
