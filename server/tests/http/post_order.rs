//! docs/examples/post-order.*: what a shop's developer can copy works against a real server, signed too, and tries
//! again where that can help.

use std::{
    path::Path,
    process::Output,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use futures_util::future::join_all;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{StatusCode, header::RETRY_AFTER};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::{io::AsyncReadExt, net::TcpListener, process::Command};

use crate::{
    api::{Api, text},
    databases::Database,
};

const PROGRAMS: [(&str, &str); 4] =
    [("bash", "post-order.sh"), ("node", "post-order.mjs"), ("python3", "post-order.py"), ("php", "post-order.php")];

/// A shop's backend, as its environment says.
struct Backend<'a> {
    url: &'a str,
    key: &'a str,
    secret: Option<&'a str>,
}

impl Backend<'_> {
    async fn reports(&self, (program, file): (&str, &str), order: &[&str]) -> Output {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples");
        let mut command = Command::new(program);
        command.arg(folder.join(file)).args(order).env_remove("TRIBUTARY_SIGNING_SECRET");
        command.env("TRIBUTARY_URL", self.url).env("TRIBUTARY_API_KEY", self.key);
        if let Some(secret) = self.secret {
            command.env("TRIBUTARY_SIGNING_SECRET", secret);
        }
        command.output().await.unwrap()
    }
}

fn said(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

/// What a program that succeeded printed.
fn answer(of: &Output) -> Value {
    assert!(of.status.success(), "{}: {}", of.status, said(&of.stderr));
    serde_json::from_slice(&of.stdout).unwrap()
}

async fn advertiser_that_signs(api: &Api, id: &str) -> String {
    let path = format!("/api/v1/advertisers/{id}");
    let made = api.act(&format!("{path}/signing-secret")).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let required = api.patch(&path, json!({ "require_signature": true })).await;
    assert_eq!(required.status(), StatusCode::OK);
    text(&made.json().await.unwrap(), "secret").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_each_language_an_order_counts_once_signed_and_unsigned() {
    let api = Api::start(Database::sqlite()).await;
    for signs in [false, true] {
        let running = api.running().await;
        let secret = if signs { Some(advertiser_that_signs(&api, &running.advertiser).await) } else { None };
        let backend = Backend { url: &api.base, key: &running.key, secret: secret.as_deref() };
        for program in PROGRAMS {
            let number = format!("A \"quoted\" \\ nümber of {}", program.1);
            let order = [number.as_str(), "19.99", "EUR", &running.code, ""];
            let first = answer(&backend.reports(program, &order).await);
            assert_eq!((&first["status"], &first["duplicate"]), (&json!("recorded"), &json!(false)), "{program:?}");
            let again = answer(&backend.reports(program, &order).await);
            assert_eq!((&again["id"], &again["duplicate"]), (&first["id"], &json!(true)), "{program:?}");

            let recorded = api.got(&format!("/api/v1/events/{}", text(&first, "id"))).await;
            assert_eq!((&recorded["action"], &recorded["event_id"]), (&json!("purchase"), &json!(number)));
            assert_eq!(recorded["value"], json!({ "amount": "19.99", "currency": "EUR" }));
            assert_eq!(recorded["attribution"]["method"], "ref_code");
            assert_eq!(recorded["attribution"]["link_id"], running.link.as_str());
        }
        let overview = api.got(&format!("/api/v1/stats/overview?advertiser_id={}", running.advertiser)).await;
        assert_eq!(overview["conversions"], PROGRAMS.len());
        assert_eq!(overview["gmv"], json!([{ "amount": "79.96", "currency": "EUR" }]));
    }
    api.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_is_refused_says_why_and_the_program_fails() {
    let api = Api::start(Database::sqlite()).await;
    let running = api.running().await;
    let secret = advertiser_that_signs(&api, &running.advertiser).await;
    let key = running.key.as_str();
    for program in PROGRAMS {
        let fails = async |key: &str, secret: Option<&str>, order: &[&str], words: &[&str]| {
            let failed = Backend { url: &api.base, key, secret }.reports(program, order).await;
            assert_eq!(failed.status.code(), Some(if order.is_empty() { 2 } else { 1 }), "{program:?}");
            let told = said(&failed.stderr);
            assert!(failed.stdout.is_empty() && words.iter().all(|word| told.contains(word)), "{program:?}: {told}");
        };
        fails(key, Some(&secret), &["A-1", "ten", "DOLLARS"], &["A-1", "422", "value", "currency"]).await;
        fails("trb_live_unknown", Some(&secret), &["A-1", "10", "USD"], &["A-1", "401", "api-key"]).await;
        fails(key, None, &["A-1", "10", "USD"], &["401", "must be signed"]).await;
        fails(key, Some("trb_sign_wrong"), &["A-1", "10", "USD"], &["401", "signature is wrong"]).await;
        fails(key, Some(&secret), &[], &["usage"]).await;
    }
    assert_eq!(api.got("/api/v1/stats/overview").await["conversions"], 0);
    api.end().await;
}

/// One answer of a server that has troubles.
#[derive(Clone, Copy)]
enum Trouble {
    /// The connection ends without one.
    Gone,
    /// This status, and seconds of `Retry-After`.
    Says(u16, u32),
}

use Trouble::{Gone, Says};

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<(HeaderMap, Bytes)>>>);

struct Troubled {
    url: String,
    seen: Seen,
    server: tokio::task::JoinHandle<()>,
}

/// Gives these answers one after the other, and writes down what it is sent. Only the first may be [`Gone`].
async fn troubled(troubles: &'static [Trouble]) -> Troubled {
    let seen = Seen::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let gone = usize::from(matches!(troubles.first(), Some(Gone)));
    let spoken = move |State(Seen(seen)): State<Seen>, headers: HeaderMap, body: Bytes| async move {
        let mut seen = seen.lock().unwrap();
        let Some(Says(status, seconds)) = troubles[gone..].get(seen.len()).copied() else {
            panic!("one call too many")
        };
        seen.push((headers, body));
        (StatusCode::from_u16(status).unwrap(), [(RETRY_AFTER, seconds.to_string())], "{}")
    };
    let router = Router::new().route("/api/v1/events", post(spoken)).with_state(seen.clone());
    let server = tokio::spawn(async move {
        if gone > 0 {
            let (mut connection, _) = listener.accept().await.unwrap();
            assert!(connection.read(&mut [0; 1024]).await.unwrap() > 0);
        }
        axum::serve(listener, router).await.unwrap();
    });
    Troubled { url, seen, server }
}

/// Reports an order to a server with these troubles: how it ended, what was sent, and how long it took.
async fn report_amid(
    program: (&str, &str),
    troubles: &'static [Trouble],
) -> (Output, Vec<(HeaderMap, Bytes)>, Duration) {
    let there = troubled(troubles).await;
    let begun = Instant::now();
    let backend = Backend { url: &there.url, key: "trb_live_x", secret: Some(SECRET) };
    let output = backend.reports(program, &["A-1", "10", "USD"]).await;
    let took = begun.elapsed();
    there.server.abort();
    let seen = there.seen.0.lock().unwrap().clone();
    (output, seen, took)
}

const SECRET: &str = "trb_sign_0123456789abcdefghijABCDEFGHIJ01";

/// The time a call was signed at; panics where the signature is wrong.
fn signed_at((headers, body): &(HeaderMap, Bytes)) -> i64 {
    let header = headers["x-signature"].to_str().unwrap();
    let (t, v1) = header.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("{t}.").as_bytes());
    mac.update(body);
    assert_eq!(v1, hex::encode(mac.finalize().into_bytes()));
    t.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_can_help_the_same_is_sent_again_with_a_signature_of_its_own() {
    let tried = PROGRAMS.map(|program| async move {
        let (output, seen, took) = report_amid(program, &[Gone, Says(429, 3), Says(201, 0)]).await;
        answer(&output);
        assert_eq!(seen.len(), 2, "{program:?}");
        assert_eq!(seen[0].1, seen[1].1, "{program:?}: the same body");
        assert!(signed_at(&seen[0]) < signed_at(&seen[1]), "{program:?}");
        assert!(took >= Duration::from_secs(4), "{program:?} waits as long as it is asked to, not {took:?}");
    });
    join_all(tried).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_queued_is_done_and_what_is_refused_is_not_sent_again() {
    let tried = PROGRAMS.map(|program| async move {
        let (output, seen, _) = report_amid(program, &[Says(503, 1), Says(202, 0)]).await;
        answer(&output);
        assert_eq!(seen.len(), 2, "{program:?}");
        for refusal in [&[Says(409, 0)] as &'static [Trouble], &[Says(403, 0)], &[Says(422, 0)]] {
            let (output, seen, _) = report_amid(program, refusal).await;
            assert_eq!((output.status.code(), seen.len()), (Some(1), 1), "{program:?}");
        }
    });
    join_all(tried).await;
}
