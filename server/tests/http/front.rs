//! What comes over a connection, byte by byte: requests in a row, in pieces, and of all kinds.

use std::{
    io::{BufRead, Read, Write},
    net::Shutdown,
};

use serde_json::json;

use crate::{
    api::{Api, CHROME},
    raw::on_a_connection,
};

fn follow(code: &str) -> String {
    format!("GET /r/{code} HTTP/1.1\r\nHost: t.example\r\nUser-Agent: {CHROME}\r\n\r\n")
}

#[tokio::test]
async fn requests_in_a_row_and_in_pieces_are_each_answered_and_counted_once() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let code = api.running().await.code;
    let one = follow(&code);
    on_a_connection(&api, move |mut raw| {
        // Five at once, and the sixth in its two halves.
        let (begin, rest) = one.split_at(30);
        raw.say(&format!("{}{begin}", one.repeat(5)));
        for _ in 0..5 {
            assert!(raw.answer().starts_with("http/1.1 302 found\r\n"));
        }
        raw.say(rest);
        assert!(raw.answer().starts_with("http/1.1 302 found\r\n"));
        // Byte by byte.
        for byte in one.chars() {
            raw.say(&byte.to_string());
        }
        let answer = raw.answer();
        for header in
            ["\r\nlocation: https://shop.example/p?x=1&ref_code=", "\r\ncache-control: no-store\r\n", "\r\ndate: "]
        {
            assert!(answer.contains(header), "{answer}");
        }
    })
    .await;
    api.wait_for("/api/v1/stats/overview", "clicks", json!(7)).await;
    api.end().await;
}

#[tokio::test]
async fn whoever_sends_without_end_is_answered_to_the_last_request() {
    const REQUESTS: usize = 8_000;
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let code = api.running().await.code;
    let all = follow(&code).repeat(REQUESTS);
    on_a_connection(&api, move |mut raw| {
        let mut writer = raw.0.try_clone().unwrap();
        let sending = std::thread::spawn(move || writer.write_all(all.as_bytes()).unwrap());
        let mut answers = std::io::BufReader::new(&mut raw.0);
        let (mut line, mut count) = (String::new(), 0);
        while count < REQUESTS {
            line.clear();
            assert!(answers.read_line(&mut line).unwrap() > 0, "{count} answers");
            count += usize::from(line.starts_with("HTTP/1.1 302 "));
        }
        sending.join().unwrap();
    })
    .await;
    api.wait_for("/api/v1/stats/overview", "clicks", json!(REQUESTS)).await;
    api.end().await;
}

#[tokio::test]
async fn a_connection_goes_on_to_the_router_with_all_that_was_read_of_it() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let code = api.running().await.code;
    let (one, gone) = (follow(&code), follow("nosuchcode"));
    on_a_connection(&api, move |mut raw| {
        let health = "GET /healthz HTTP/1.1\r\nHost: t.example\r\n\r\n";
        raw.say(&format!("{one}{health}{one}{gone}"));
        for status in ["302 found", "200 ok", "302 found", "404 not found"] {
            assert!(raw.answer().starts_with(&format!("http/1.1 {status}\r\n")), "{status}");
        }
        // It stays, and still knows links.
        raw.say(&one);
        assert!(raw.answer().starts_with("http/1.1 302 found\r\n"));
    })
    .await;
    api.wait_for("/api/v1/stats/overview", "clicks", json!(3)).await;
    api.end().await;
}

#[tokio::test]
async fn a_connection_stays_or_ends_as_the_client_says() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let code = api.running().await.code;
    for (request, said, ends) in [
        (format!("GET /r/{code} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"), "connection: close", true),
        (format!("GET /r/{code} HTTP/1.0\r\n\r\n"), "connection: close", true),
        (format!("GET /r/{code} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), "connection: keep-alive", false),
    ] {
        on_a_connection(&api, move |mut raw| {
            raw.say(&request);
            assert!(raw.answer().contains(said), "{request}");
            if ends {
                assert!(raw.is_closed(), "{request}");
            } else {
                raw.say(&request);
                assert!(raw.answer().contains(said), "{request}");
            }
        })
        .await;
    }
    // Whoever has said all it wanted to say still gets the answer.
    let one = follow(&code);
    on_a_connection(&api, move |mut raw| {
        raw.say(&one);
        raw.0.shutdown(Shutdown::Write).unwrap();
        assert!(raw.answer().starts_with("http/1.1 302 found\r\n"));
        assert!(raw.is_closed());
    })
    .await;
    api.wait_for("/api/v1/stats/overview?include_bots=true", "clicks", json!(5)).await;
    api.end().await;
}

#[tokio::test]
async fn what_is_no_request_is_refused_and_ends_nothing_but_itself() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let code = api.running().await.code;
    for hostile in [
        "\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        format!("GET /r/{code} HTTP/9.9\r\n\r\n"),
        format!("GET /r/{code}\r\n\r\n"),
        format!("GET /r/{code} HTTP/1.1\r\nHost: t\r\nBad header: x\r\n\r\n"),
        format!("GET /r/{code} HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
    ] {
        on_a_connection(&api, move |mut raw| {
            raw.say(&hostile);
            raw.0.shutdown(Shutdown::Write).unwrap();
            let mut answer = Vec::new();
            let _ = raw.0.read_to_end(&mut answer);
            assert!(!answer.starts_with(b"HTTP/1.1 302"), "{hostile}");
        })
        .await;
    }
    api.follow(&code).await;
    api.wait_for("/api/v1/stats/overview", "clicks", json!(1)).await;
    api.end().await;
}
