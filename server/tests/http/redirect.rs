//! `/r/{code}`.

use std::path::Path;

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use server::cli::{DataConfig, ServeConfig};
use url::Url;

use crate::api::{Api, CHROME, serve_config};

crate::on_both! {
    async fn a_link_leads_to_the_shop_with_its_code_and_is_counted(api: Api) {
        let running = api.running().await;
        let answer = api.follow(&format!("{}?utm_source=ig&x=9&ref_code=EVIL", running.code)).await;
        assert_eq!(answer.status(), StatusCode::FOUND);
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
        assert!(!answer.headers().contains_key(header::REFERRER_POLICY));
        let location = answer.headers()[header::LOCATION].to_str().unwrap();
        assert_eq!(location, format!("https://shop.example/p?x=1&ref_code={}&utm_source=ig#top", running.code));
        let overview = api.wait_for("/api/v1/stats/overview", "clicks", json!(1)).await;
        assert_eq!((&overview["unique_visitors"], &overview["bot_clicks"]), (&json!(1), &json!(0)));
        api.end().await;
    }

    async fn the_click_id_in_the_address_is_the_clicks(api: Api) {
        let running = api.running_with(json!({ "append_click_id": true })).await;
        let answer = api.follow(&running.code).await;
        let location = Url::parse(answer.headers()[header::LOCATION].to_str().unwrap()).unwrap();
        let click = location.query_pairs().find(|(name, _)| name == "click_id").unwrap().1.into_owned();
        api.wait_for("/api/v1/stats/overview", "clicks", json!(1)).await;
        let answer = api.event(&running.key, json!({ "action": "purchase", "click_id": click })).await;
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["attribution"]["method"], "click_id");
        assert_eq!(answer["attribution"]["click_id"], click.as_str());
        api.end().await;
    }
}

#[tokio::test]
async fn head_answers_the_same_and_records_nothing() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let running = api.running().await;
    let head =
        api.client.head(api.url(&format!("/r/{}", running.code))).header("User-Agent", CHROME).send().await.unwrap();
    assert_eq!(head.status(), StatusCode::FOUND);
    let get = api.follow(&running.code).await;
    assert_eq!(head.headers()[header::LOCATION], get.headers()[header::LOCATION]);
    api.wait_for("/api/v1/stats/overview?include_bots=true", "clicks", json!(1)).await;
    api.end().await;
}

#[tokio::test]
async fn other_methods_are_not_allowed() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let running = api.running().await;
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let answer = api.request(method.clone(), &format!("/r/{}", running.code)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.headers()[header::ALLOW], "GET, HEAD");
    }
    api.end().await;
}

#[tokio::test]
async fn unknown_codes_are_404_for_people_and_for_machines() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let running = api.running().await;
    let cased: String = running
        .code
        .chars()
        .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect();
    for code in ["nosuch", "a%0d%0aSet-Cookie:x", "%00", "%ff%fe", cased.as_str(), &"x".repeat(3000), "..%2f..%2fetc"] {
        let answer = api.follow(code).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{code}");
        assert!(!answer.headers().contains_key(header::SET_COOKIE));
        assert!(answer.text().await.unwrap().contains("No such link"), "{code}");
    }
    let answer = api.client.get(api.url("/r/nosuch")).header(header::ACCEPT, "application/json").send().await.unwrap();
    assert_eq!(
        (answer.status(), answer.headers()[header::CONTENT_TYPE].to_str().unwrap()),
        (StatusCode::NOT_FOUND, "application/problem+json")
    );
    api.end().await;
}

#[tokio::test]
async fn a_link_that_was_turned_off_is_gone_and_comes_back() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let running = api.running().await;
    for (action, status) in [("deactivate", StatusCode::GONE), ("activate", StatusCode::FOUND)] {
        let answer = api.post(&format!("/api/v1/links/{}/{action}", running.link), json!({})).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(api.follow(&running.code).await.status(), status);
    }
    api.wait_for("/api/v1/stats/overview", "clicks", json!(1)).await;
    api.end().await;
}

#[tokio::test]
async fn paused_ended_and_coming_campaigns_still_redirect_and_earn_nothing() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    for campaign in [
        json!({ "status": "paused" }),
        json!({ "status": "archived" }),
        json!({ "starts_at": "2099-01-01T00:00:00Z" }),
        json!({ "ends_at": "2020-01-01T00:00:00Z" }),
    ] {
        let running = api.running_with(campaign.clone()).await;
        assert_eq!(api.follow(&running.code).await.status(), StatusCode::FOUND, "{campaign}");
        let path = format!("/api/v1/stats/overview?advertiser_id={}", running.advertiser);
        api.wait_for(&path, "clicks", json!(1)).await;
        let answer = api.event(&running.key, json!({ "action": "purchase", "ref_code": running.code })).await;
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["attribution"]["method"], "none", "{campaign}");
        assert_eq!(answer["attribution"]["trace"][0]["outcome"], "rejected");
    }
    api.end().await;
}

#[tokio::test]
async fn bots_and_prefetches_are_recorded_apart() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let running = api.running().await;
    let visit = |name: &'static str, value: &'static str| {
        let request = api.client.get(api.url(&format!("/r/{}", running.code)));
        let request = if name == "User-Agent" { request } else { request.header("User-Agent", CHROME) };
        request.header(name, value).send()
    };
    for (name, value) in [
        ("User-Agent", "WhatsApp/2.23.20.0"),
        ("User-Agent", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
        ("Sec-Purpose", "prefetch;prerender"),
        ("Purpose", "prefetch"),
    ] {
        assert_eq!(visit(name, value).await.unwrap().status(), StatusCode::FOUND);
    }
    api.follow(&running.code).await;
    api.wait_for("/api/v1/stats/overview", "bot_clicks", json!(4)).await;
    api.wait_for("/api/v1/stats/overview", "clicks", json!(1)).await;
    api.end().await;
}

/// The addresses and countries of clicks that came with these headers, as they are stored.
async fn stored(api: &Api, visits: &[&[(&str, &str)]]) -> Vec<(Value, Value)> {
    let running = api.running().await;
    for (n, headers) in visits.iter().enumerate() {
        let mut request = api.client.get(api.url(&format!("/r/{}", running.code))).header("User-Agent", CHROME);
        request = request.header("Referer", format!("https://social.example/p/{n}"));
        for (name, value) in *headers {
            request = request.header(*name, *value);
        }
        assert_eq!(request.send().await.unwrap().status(), StatusCode::FOUND);
    }
    api.wait_for("/api/v1/stats/overview", "clicks", json!(visits.len())).await;
    let clicks = api.got("/api/v1/clicks").await;
    let clicks = clicks["items"].as_array().unwrap();
    // Visits of one millisecond are in no order: each is known by where it came from.
    let of =
        |n: usize| clicks.iter().find(|click| click["referrer"] == format!("https://social.example/p/{n}")).unwrap();
    (0..visits.len()).map(|n| (of(n)["ip"].clone(), of(n)["country"].clone())).collect()
}

#[tokio::test]
async fn an_address_that_somebody_sent_along_is_not_believed() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let visits: &[&[_]] = &[&[("X-Forwarded-For", "203.0.113.7")], &[("Forwarded", "for=203.0.113.7")]];
    for (ip, country) in stored(&api, visits).await {
        assert_eq!((ip, country), (json!("127.0.0.0"), Value::Null));
    }
    api.end().await;
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_address_it_saw_is_the_clients() {
    let trusting = |config| ServeConfig { trusted_proxies: "loopback, 10.0.0.0/8".parse().unwrap(), ..config };
    let api = Api::start_with(crate::databases::Database::sqlite(), trusting).await;
    let visits: &[&[_]] = &[
        &[("X-Forwarded-For", "203.0.113.7")],
        // What the client made up stands to the left, on its own line or on the proxy's.
        &[("X-Forwarded-For", "1.2.3.4, 203.0.113.7, 10.1.1.1")],
        &[("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-For", "203.0.113.7")],
        &[("X-Forwarded-For", "203.0.113.7"), ("Forwarded", "for=1.2.3.4")],
        &[("Forwarded", "for=1.2.3.4, for=\"203.0.113.7:4711\";proto=https")],
        &[("X-Forwarded-For", "203.0.113.7, nonsense")],
        &[("X-Forwarded-For", "2001:db8:1:2::3")],
        &[],
    ];
    let ips: Vec<_> = stored(&api, visits).await.into_iter().map(|(ip, _)| ip).collect();
    let seen = "203.0.113.0";
    assert_eq!(json!(ips), json!([seen, seen, seen, seen, seen, "127.0.0.0", "2001:db8:1::", "127.0.0.0"]));
    api.end().await;
}

/// With the file that set-up fetches; where it was not fetched there is nothing to test.
#[tokio::test]
async fn a_click_has_its_countrys_two_letters() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../node_modules/@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb"
    );
    if !Path::new(file).exists() {
        eprintln!("skipped: {file} is missing");
        return;
    }
    let api = Api::start_with(crate::databases::Database::sqlite(), |mut config| {
        config.data.country_db = Some(file.into());
        ServeConfig { trusted_proxies: "loopback".parse().unwrap(), ..config }
    })
    .await;
    let visits: &[&[_]] = &[
        &[("X-Forwarded-For", "193.0.6.139")],
        &[("X-Forwarded-For", "133.11.0.1")],
        &[("X-Forwarded-For", "10.1.2.3")],
    ];
    let countries: Vec<_> = stored(&api, visits).await.into_iter().map(|(_, country)| country).collect();
    assert_eq!(json!(countries), json!(["NL", "JP", null]));
    api.end().await;
}

#[tokio::test]
async fn a_country_file_that_was_named_and_is_none_ends_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("country.mmdb");
    std::fs::write(&file, "not a database").unwrap();
    let (data, named) = (folder.path().display().to_string(), file.display().to_string());
    let config = serve_config(["--data-dir", &data, "--country-db", &named].into_iter()).data;
    let Err(error) = engine::Engine::open(config.options()).await else { panic!("it must not start") };
    assert!(error.to_string().contains(&*file.to_string_lossy()), "{error}");
    // Not named, only lying there: it is told, and the server starts.
    let (engine, workers) = engine::Engine::open(DataConfig { country_db: None, ..config }.options()).await.unwrap();
    workers.stop(engine).await.unwrap();
}
