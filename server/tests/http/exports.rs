//! `/api/v1/exports/…` and `/api/v1/influencer/exports/sales.csv`.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use server::cli::ServeConfig;

use crate::api::{Api, problem, wrong_fields};

const EVENTS: &str = "id,event_id,action,name,value,currency,occurred_at,received_at,method,confidence,influencer_id,\
    influencer_name,campaign_id,campaign_name,link_id,link_code,coupon_id,coupon_code,click_id";

crate::on_both! {
    async fn events_and_clicks_are_saved_as_csv(api: Api) {
        let running = api.running().await;
        let bodies = [
            json!({ "action": "purchase", "event_id": "=A-1", "value": "12.5", "currency": "EUR", "ref_code": running.code }),
            json!({ "action": "custom", "name": "say \"hi\", all" }),
        ];
        for body in bodies {
            api.event(&running.key, body).await;
        }
        api.follow(&running.code).await;
        api.wait_for("/api/v1/stats/overview", "clicks", json!(1)).await;
        let answer = api.get(&format!("/api/v1/exports/events.csv?advertiser_id={}&from=2026-01-01&to=2100-01-31", running.advertiser)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let head = |name: header::HeaderName| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(head(header::CONTENT_TYPE), "text/csv; charset=utf-8");
        assert_eq!(head(header::CONTENT_DISPOSITION), "attachment; filename=\"events_shop_2026-01-01_2100-01-31.csv\"");
        assert_eq!((head(header::CACHE_CONTROL).as_str(), answer.headers().get(header::CONTENT_ENCODING)), ("no-store", None));
        let text = answer.text().await.unwrap();
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!((lines[0], lines.len(), lines[3]), (EVENTS, 4, ""));
        let event = &api.got("/api/v1/events?action=purchase").await["items"][0];
        let field = |name: &str| event[name].as_str().unwrap();
        let of = |name: &str| event["attribution"][name].as_str().unwrap();
        assert_eq!(lines[1], format!(
            "{},'=A-1,purchase,,12.50,EUR,{},{},ref_code,0.9,{},Anna,{},Spring,{},{},,,",
            field("id"), field("occurred_at"), field("received_at"), of("influencer_id"), of("campaign_id"), of("link_id"), running.code,
        ));
        assert!(lines[2].contains(",custom,\"say \"\"hi\"\", all\",,USD,"), "{}", lines[2]);
        let clicks = api.get("/api/v1/exports/clicks.csv?range=today").await.text().await.unwrap();
        assert!(clicks.starts_with("id,clicked_at,influencer_id,") && clicks.contains(",desktop,Chrome,Windows,,social.example,https://social.example/p/1,"), "{clicks}");
        assert!(!clicks.contains("127.0.0"), "where a visitor sits is nobody's to save");
        api.end().await;
    }

    async fn a_head_reads_nothing_and_wrong_queries_are_answered_before_anything_is(api: Api) {
        let running = api.running().await;
        let (_, anna) = api.account("anna@social.example", json!({ "role": "influencer", "influencer_id": running.influencer })).await;
        for (token, path) in [(&api.token, "exports/events.csv"), (&api.token, "exports/clicks.csv"), (&anna, "influencer/exports/sales.csv")] {
            let path = format!("/api/v1/{path}");
            for _ in 0..5 {
                let head = api.send(token, Method::HEAD, &path, Value::Null).await;
                assert_eq!((head.status(), &head.headers()["content-type"]), (StatusCode::OK, &"text/csv; charset=utf-8".parse().unwrap()));
            }
            let wrong = api.send(token, Method::GET, &format!("{path}?range=decade&tz=Mars&method=luck&include_bots=x"), Value::Null).await;
            assert_eq!(wrong_fields(&problem(wrong, StatusCode::UNPROCESSABLE_ENTITY).await), ["include_bots", "method"]);
            let wrong = api.send(token, Method::GET, &format!("{path}?range=decade&tz=Mars"), Value::Null).await;
            assert_eq!(wrong_fields(&problem(wrong, StatusCode::UNPROCESSABLE_ENTITY).await), ["tz", "range"]);
            let foreign = api.send(token, Method::GET, &format!("{path}?campaign_id={}", running.advertiser), Value::Null).await;
            problem(foreign, StatusCode::NOT_FOUND).await;
            let written = api.send(token, Method::POST, &path, json!({})).await;
            problem(written, StatusCode::METHOD_NOT_ALLOWED).await;
        }
        let packed = api.request(Method::GET, "/api/v1/exports/events.csv").header("Accept-Encoding", "br, gzip").send().await.unwrap();
        assert_eq!((&packed.headers()["content-encoding"], &packed.headers()["vary"]), (&"gzip".parse().unwrap(), &"accept-encoding".parse().unwrap()));
        let packed = packed.bytes().await.unwrap();
        assert!(packed.starts_with(&[0x1f, 0x8b]) && packed.len() > 100, "{packed:?}");
        let sales = api.send(&anna, Method::GET, "/api/v1/influencer/exports/sales.csv", Value::Null).await.text().await.unwrap();
        assert_eq!(sales, "id,occurred_at,value,currency,method,campaign_id,campaign_name,link_id,link_code,coupon_id,coupon_code\r\n");
        api.end().await;
    }
}

#[tokio::test]
async fn an_export_under_way_ends_with_its_session() {
    let unlimited = |config| ServeConfig { events_per_second: 0, ..config };
    let api = Api::start_with(crate::databases::Database::sqlite(), unlimited).await;
    let running = api.running().await;
    // More than the two ends keep of a connection.
    for batch in 0..25 {
        let event = |n| json!({ "action": "purchase", "event_id": format!("{batch}-{n}-{}", "x".repeat(240)) });
        let events: Vec<_> = (0..1000).map(event).collect();
        let sent = api.client.post(api.url("/api/v1/events/batch")).header("X-API-KEY", &running.key);
        assert_eq!(sent.json(&json!({ "events": events })).send().await.unwrap().status(), StatusCode::OK);
    }
    let of = json!({ "role": "advertiser", "advertiser_id": running.advertiser });
    let (_, leaving) = api.account("leaving@shop.example", of.clone()).await;
    let (account, dismissed) = api.account("dismissed@shop.example", of.clone()).await;
    let (_, staying) = api.account("staying@shop.example", of).await;
    for (token, is_all) in [(&leaving, false), (&dismissed, false), (&staying, true)] {
        let mut answer = api.send(token, Method::GET, "/api/v1/exports/events.csv", Value::Null).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let first = answer.chunk().await.unwrap().unwrap();
        assert!(first.starts_with(b"id,event_id"));
        let end = if token == &dismissed {
            api.patch(&format!("/api/v1/accounts/{}", account["id"].as_str().unwrap()), json!({ "status": "inactive" }))
                .await
        } else {
            api.send(&leaving, Method::POST, "/api/v1/auth/logout", json!({})).await
        };
        assert!(end.status().is_success() || token == &staying);
        let mut lines = lines_in(&first);
        let ended = loop {
            match answer.chunk().await {
                Ok(Some(chunk)) => lines += lines_in(&chunk),
                Ok(None) => break true,
                Err(_) => break false,
            }
        };
        assert_eq!((ended, lines == 25_001), (is_all, is_all), "{lines} lines");
    }
    api.end().await;
}

fn lines_in(chunk: &[u8]) -> usize {
    chunk.iter().filter(|byte| **byte == b'\n').count()
}
