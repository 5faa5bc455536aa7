//! Lists: filters, search, order, and pages that show each item once.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::{Api, Running, each, problem, text, wrong_fields};

async fn named(api: &Api, names: &[&str]) {
    for name in names {
        let handle = format!("@{}", name.to_lowercase());
        api.created("/api/v1/influencers", json!({ "name": name, "handle": handle })).await;
    }
}

crate::on_both! {
    async fn every_order_walks_all_pages_and_shows_each_item_once(api: Api) {
        let names = ["Dora", "anna", "Émile", "Bert", "anna", "Zoë", "carla"];
        named(&api, &names).await;
        for (there, back) in [("newest", "oldest"), ("a-z", "z-a")] {
            let there = api.walked(&format!("/api/v1/influencers?limit=2&sort={there}")).await;
            let mut back = api.walked(&format!("/api/v1/influencers?limit=3&sort={back}")).await;
            back.reverse();
            assert_eq!(each(&there, "id"), each(&back, "id"));
            assert_eq!(there.iter().map(|it| text(it, "id")).collect::<BTreeSet<_>>().len(), names.len());
        }
        let newest = api.walked("/api/v1/influencers?limit=500").await;
        assert_eq!(each(&newest, "name"), names.iter().rev().copied().collect::<Vec<_>>());
        let sorted = api.walked("/api/v1/influencers?limit=2&sort=a-z").await;
        assert_eq!(each(&sorted, "name")[..4], ["anna", "anna", "Bert", "carla"]);
        api.end().await;
    }

    async fn a_search_finds_parts_of_names_and_means_what_was_typed(api: Api) {
        named(&api, &["Anna Berg", "Johanna", "Bert 100%", "B_b"]).await;
        let found = async |q: &str| {
            let mut found: Vec<String> =
                each(&api.walked(&format!("/api/v1/influencers?limit=50&q={q}")).await, "name").into_iter().map(str::to_owned).collect();
            found.sort();
            found
        };
        assert_eq!(found("ANNA").await, ["Anna Berg", "Johanna"]);
        assert_eq!(found("@joh").await, ["Johanna"]);
        assert_eq!(found("%25").await, ["Bert 100%"]);
        assert_eq!(found("_").await, ["B_b"]);
        assert_eq!(found("nobody").await, Vec::<String>::new());
        api.end().await;
    }

    async fn filters_narrow_and_ids_that_are_nothing_are_not_found(api: Api) {
        let (one, two) = (api.running().await, api.running().await);
        api.created("/api/v1/coupons", json!({ "campaign_id": one.campaign, "influencer_id": one.influencer, "code": "Anna10" })).await;
        api.created("/api/v1/coupons", json!({ "campaign_id": two.campaign, "code": "GENERIC" })).await;
        let count = async |path: &str| api.got(path).await["items"].as_array().unwrap().len();
        for (path, expected) in [
            (format!("/api/v1/campaigns?advertiser_id={}", one.advertiser), 1),
            ("/api/v1/campaigns?status=paused".to_owned(), 0),
            ("/api/v1/campaigns?status=active".to_owned(), 2),
            (format!("/api/v1/influencers?campaign_id={}", one.campaign), 1),
            (format!("/api/v1/campaigns/{}/influencers?q=anna", two.campaign), 1),
            (format!("/api/v1/links?influencer_id={}", two.influencer), 1),
            (format!("/api/v1/links?q={}", &one.code[..4]), 1),
            ("/api/v1/coupons?q=anna".to_owned(), 1),
            ("/api/v1/coupons?q=NNA".to_owned(), 0),
            (format!("/api/v1/coupons?campaign_id={}&influencer_id={}", one.campaign, one.influencer), 1),
            (format!("/api/v1/coupons?campaign_id={}&influencer_id={}", two.campaign, one.influencer), 0),
            ("/api/v1/accounts?role=admin&q=ADMIN".to_owned(), 1),
            ("/api/v1/accounts?role=influencer".to_owned(), 0),
        ] {
            assert_eq!(count(&path).await, expected, "{path}");
        }
        for path in ["campaigns?advertiser_id", "influencers?campaign_id", "links?influencer_id", "coupons?campaign_id", "accounts?advertiser_id"] {
            problem(api.get(&format!("/api/v1/{path}={}", one.link)).await, StatusCode::NOT_FOUND).await;
        }
        api.end().await;
    }

    async fn one_link_or_coupon_narrows_every_list_that_the_document_says_it_for(api: Api) {
        let (own, other) = (api.running().await, api.running().await);
        let coupon = async |of: &Running, code: &str| {
            let body = json!({ "campaign_id": of.campaign, "influencer_id": own.influencer, "code": code });
            text(&api.created("/api/v1/coupons", body).await, "id").to_owned()
        };
        let (first, _second) = (coupon(&own, "FIRST10").await, coupon(&own, "SECOND10").await);
        let link = async |of: &Running, body: Value| {
            let mut body = body;
            body["campaign_id"] = of.campaign.as_str().into();
            text(&api.created("/api/v1/links", body).await, "id").to_owned()
        };
        link(&own, json!({ "influencer_id": own.influencer, "destination_url": "https://shop.example/second" })).await;
        for (event_id, key) in [("1", json!({ "coupon_code": "FIRST10" })), ("2", json!({ "coupon_code": "SECOND10" })), ("3", json!({ "ref_code": own.code }))] {
            let mut event = key;
            (event["action"], event["event_id"]) = ("purchase".into(), event_id.into());
            assert_eq!(api.event(&own.key, event).await.status(), StatusCode::CREATED);
        }
        assert_eq!(api.follow(&own.code).await.status(), StatusCode::FOUND);
        assert_eq!(api.follow(&other.code).await.status(), StatusCode::FOUND);
        api.wait_for("/api/v1/stats/overview", "clicks", json!(2)).await;
        let anna = api.account("anna@social.example", json!({ "role": "influencer", "influencer_id": own.influencer })).await.1;
        let document = api.got("/api/v1/openapi.json").await;
        for (path, token, all, narrowed) in [
            ("/api/v1/links", &api.token, 3, vec![("link_id", &own.link)]),
            ("/api/v1/coupons", &api.token, 2, vec![("coupon_id", &first)]),
            ("/api/v1/clicks", &api.token, 2, vec![("link_id", &own.link)]),
            ("/api/v1/events", &api.token, 3, vec![("link_id", &own.link), ("coupon_id", &first)]),
            ("/api/v1/influencer/links", &anna, 2, vec![("link_id", &own.link)]),
            ("/api/v1/influencer/coupons", &anna, 2, vec![("coupon_id", &first)]),
            ("/api/v1/influencer/sales", &anna, 3, vec![("link_id", &own.link), ("coupon_id", &first)]),
        ] {
            let count = async |path: &str| {
                let page: Value = api.send(token, Method::GET, path, Value::Null).await.json().await.unwrap();
                page["items"].as_array().unwrap_or_else(|| panic!("{path}: {page}")).len()
            };
            assert_eq!(count(path).await, all, "{path}");
            for (name, id) in narrowed {
                assert_eq!(count(&format!("{path}?{name}={id}")).await, 1, "{path}?{name}");
                let parameters = document["paths"][path]["get"]["parameters"].as_array().unwrap();
                assert!(parameters.iter().any(|it| it["name"] == name), "{path} documents {name}");
            }
        }
        api.end().await;
    }
}

#[tokio::test]
async fn a_query_is_checked_as_a_whole() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    for (path, fields) in [
        ("/api/v1/advertisers?status=gone&sort=up&limit=0", vec!["status", "sort", "limit"]),
        (
            "/api/v1/campaigns?advertiser_id=x&campaign_id=y&influencer_id=z&limit=501",
            vec!["advertiser_id", "campaign_id", "influencer_id", "limit"],
        ),
        ("/api/v1/accounts?role=root&status=on&limit=-1", vec!["status", "role", "limit"]),
        ("/api/v1/influencers?sort=a-z&cursor=01890000-0000-7000-8000-000000000000", vec!["cursor"]),
        ("/api/v1/coupons?cursor=x", vec!["cursor"]),
        ("/api/v1/clicks?from=x&tz=y&is_bot=z", vec!["is_bot"]),
        (
            "/api/v1/clicks?include_bots=2&campaign_id=x&limit=x&action=steal",
            vec!["include_bots", "campaign_id", "action", "limit"],
        ),
        ("/api/v1/events?method=luck&action=steal&limit=0", vec!["method", "action", "limit"]),
        ("/api/v1/ingest-failures?advertiser_id=x&api_key_id=y&limit=z", vec!["advertiser_id", "api_key_id", "limit"]),
        ("/api/v1/lookup", vec!["q"]),
        ("/api/v1/lookup?q=%20", vec!["q"]),
    ] {
        let problem = problem(api.get(path).await, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert_eq!(wrong_fields(&problem), fields, "{path}");
    }
    let long = format!("/api/v1/influencers?q={}", "x".repeat(201));
    assert_eq!(wrong_fields(&problem(api.get(&long).await, StatusCode::UNPROCESSABLE_ENTITY).await), ["q"]);
    let empty = api.got("/api/v1/campaigns?q=&cursor=").await;
    assert_eq!(empty, json!({ "items": [], "next_cursor": Value::Null }));
    api.end().await;
}
