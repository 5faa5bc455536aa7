//! Who may do what: other tenants' things are not found, writes are for admins, influencers have their own paths.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::api::{Api, Running, problem, text};

/// Two shops, and the first one's login.
async fn two_shops(api: &Api) -> (Running, Running, String) {
    let (own, other) = (api.running().await, api.running().await);
    let (_, token) =
        api.account("shop@shop.example", json!({ "role": "advertiser", "advertiser_id": own.advertiser })).await;
    (own, other, token)
}

async fn got(api: &Api, token: &str, path: &str) -> (StatusCode, Value) {
    let answer = api.send(token, Method::GET, path, Value::Null).await;
    (answer.status(), answer.json().await.unwrap_or_default())
}

/// A coupon, an event, a click and a failure of this shop.
async fn activity(api: &Api, of: &Running, code: &str) -> (String, String, String) {
    let coupon = api
        .created("/api/v1/coupons", json!({ "campaign_id": of.campaign, "influencer_id": of.influencer, "code": code }))
        .await;
    let order = json!({ "action": "purchase", "event_id": code, "coupon_code": code });
    let event: Value = api.event(&of.key, order).await.json().await.unwrap();
    api.event(&of.key, json!({ "action": "steal" })).await;
    api.follow(&of.code).await;
    api.wait_for(&format!("/api/v1/stats/overview?advertiser_id={}", of.advertiser), "clicks", json!(1)).await;
    let failures = format!("/api/v1/ingest-failures?advertiser_id={}", of.advertiser);
    loop {
        if let Some(failure) = api.got(&failures).await["items"].get(0) {
            return (text(&coupon, "id").to_owned(), text(&event, "id").to_owned(), text(failure, "id").to_owned());
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

crate::on_both! {
    async fn advertisers_see_their_own_and_others_are_not_found(api: Api) {
        let (own, other, token) = two_shops(&api).await;
        let (own_ids, other_ids) = (activity(&api, &own, "OWN10").await, activity(&api, &other, "OTHER10").await);
        for list in ["campaigns", "influencers", "links", "coupons", "clicks", "events", "ingest-failures"] {
            let (status, page) = got(&api, &token, &format!("/api/v1/{list}")).await;
            assert_eq!((status, page["items"].as_array().unwrap().len()), (StatusCode::OK, 1), "{list}");
            let item = &page["items"][0];
            assert!(item["advertiser_id"].is_null() || item["advertiser_id"] == own.advertiser.as_str(), "{list}");
            assert!(item.get("email").is_none() && item.get("ip").is_none(), "{list}: {item}");
        }
        let of = |shop: &Running, (coupon, event, failure): &(String, String, String), code: &str| {
            vec![
                format!("/api/v1/campaigns/{}", shop.campaign),
                format!("/api/v1/campaigns/{}/influencers", shop.campaign),
                format!("/api/v1/influencers/{}", shop.influencer),
                format!("/api/v1/links/{}", shop.link),
                format!("/api/v1/links/{}/qr.svg", shop.link),
                format!("/api/v1/coupons/{coupon}"),
                format!("/api/v1/events/{event}"),
                format!("/api/v1/ingest-failures/{failure}"),
                format!("/api/v1/campaigns?advertiser_id={}", shop.advertiser),
                format!("/api/v1/influencers?campaign_id={}", shop.campaign),
                format!("/api/v1/links?campaign_id={}", shop.campaign),
                format!("/api/v1/links?influencer_id={}", shop.influencer),
                format!("/api/v1/coupons?advertiser_id={}", shop.advertiser),
                format!("/api/v1/coupons?influencer_id={}", shop.influencer),
                format!("/api/v1/clicks?link_id={}", shop.link),
                format!("/api/v1/events?coupon_id={coupon}"),
                format!("/api/v1/events?influencer_id={}", shop.influencer),
                format!("/api/v1/ingest-failures?advertiser_id={}", shop.advertiser),
                format!("/api/v1/stats/overview?campaign_id={}&range={code}", shop.campaign),
                format!("/api/v1/stats/chart?link_id={}", shop.link),
                format!("/api/v1/stats/funnel?coupon_id={coupon}"),
                format!("/api/v1/stats/per-influencer?advertiser_id={}", shop.advertiser),
                format!("/api/v1/stats/per-campaign?influencer_id={}", shop.influencer),
                format!("/api/v1/stats/per-link?campaign_id={}", shop.campaign),
                format!("/api/v1/stats/per-coupon?coupon_id={coupon}"),
            ]
        };
        let narrowed = async |shop: &Running| {
            let keys = api.got(&format!("/api/v1/advertisers/{}/api-keys", shop.advertiser)).await;
            let narrowed = [
                format!("/api/v1/campaigns?influencer_id={}", shop.influencer),
                format!("/api/v1/influencers?influencer_id={}", shop.influencer),
                format!("/api/v1/campaigns/{}/influencers?influencer_id={}", own.campaign, shop.influencer),
                format!("/api/v1/ingest-failures?api_key_id={}", text(&keys["items"][0], "id")),
            ];
            narrowed.into_iter()
        };
        for path in of(&own, &own_ids, "7d").into_iter().chain(narrowed(&own).await) {
            assert_eq!(got(&api, &token, &path).await.0, StatusCode::OK, "{path}");
        }
        for path in of(&other, &other_ids, "7d").into_iter().chain(narrowed(&other).await) {
            problem(api.send(&token, Method::GET, &path, Value::Null).await, StatusCode::NOT_FOUND).await;
        }
        for (q, count) in [("own10", 2), ("other10", 0), (own.code.as_str(), 1), (other.code.as_str(), 0), (&other_ids.1, 0)] {
            // The code names the coupon and, being the order's number here, the event.
            let q = if q == "own10" { "OWN10" } else { q };
            let (_, found) = got(&api, &token, &format!("/api/v1/lookup?q={q}")).await;
            assert_eq!(found["items"].as_array().unwrap().len(), count, "{q}: {found}");
        }
        api.end().await;
    }
}

#[tokio::test]
async fn what_is_closed_to_a_role_is_403_for_every_write_and_every_admins_path() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let (own, _, advertiser) = two_shops(&api).await;
    let (_, influencer) =
        api.account("anna@social.example", json!({ "role": "influencer", "influencer_id": own.influencer })).await;
    let document = api.got("/api/v1/openapi.json").await;
    let open_to_advertisers = [
        "/api/v1/campaigns",
        "/api/v1/campaigns/{id}",
        "/api/v1/campaigns/{id}/influencers",
        "/api/v1/influencers",
        "/api/v1/influencers/{id}",
        "/api/v1/links",
        "/api/v1/links/{id}",
        "/api/v1/links/{id}/qr.svg",
        "/api/v1/coupons",
        "/api/v1/coupons/{id}",
        "/api/v1/clicks",
        "/api/v1/events",
        "/api/v1/events/{id}",
        "/api/v1/ingest-failures",
        "/api/v1/ingest-failures/groups",
        "/api/v1/ingest-failures/{id}",
        "/api/v1/lookup",
        "/api/v1/exports/events.csv",
        "/api/v1/exports/clicks.csv",
        "/api/v1/stats/overview",
        "/api/v1/stats/chart",
        "/api/v1/stats/funnel",
        "/api/v1/stats/per-influencer",
        "/api/v1/stats/per-campaign",
        "/api/v1/stats/per-link",
        "/api/v1/stats/per-coupon",
    ];
    let (mut closed, mut own_paths) = (0, 0);
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            // Events come by key, and a session is everybody's own.
            if operation.get("security").is_some() || path.starts_with("/api/v1/auth/") {
                continue;
            }
            let method: Method = method.to_uppercase().parse().unwrap();
            let concrete = path.replace("{id}", &own.campaign).replace("{influencer_id}", &own.influencer) + "?q=x";
            // Nor does it matter what else is wrong with the request.
            let malformed =
                path.replace("{id}", "x").replace("{influencer_id}", "x") + "?limit=x&include_bots=x&status=x";
            // Influencers have paths of their own, which are theirs alone.
            if path.starts_with("/api/v1/influencer/") {
                for path in [&concrete, &malformed] {
                    for token in [&advertiser, &api.token] {
                        let refused = api.send(token, method.clone(), path, json!({})).await;
                        problem(refused, StatusCode::FORBIDDEN).await;
                    }
                }
                own_paths += 1;
                continue;
            }
            for path in [&concrete, &malformed] {
                let refused = api.send(&influencer, method.clone(), path, json!({})).await;
                assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{method} {path}");
                problem(refused, StatusCode::FORBIDDEN).await;
            }
            if method != Method::GET || !open_to_advertisers.contains(&path.as_str()) {
                let refused = api.send(&advertiser, method.clone(), &concrete, json!({})).await;
                assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{method} {path}");
                problem(refused, StatusCode::FORBIDDEN).await;
                closed += 1;
            }
        }
    }
    assert!(closed > 30 && own_paths > 5, "{closed} {own_paths}");
    api.end().await;
}

#[tokio::test]
async fn what_a_dashboard_may_be_narrowed_to_is_not_told_of_what_is_somebody_else_s() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let (own, foreign) = (api.running().await, api.running().await);
    let coupon = async |of: &Running, code: &str| {
        let body = json!({ "campaign_id": of.campaign, "influencer_id": of.influencer, "code": code });
        text(&api.created("/api/v1/coupons", body).await, "id").to_owned()
    };
    let (own_coupon, foreign_coupon) = (coupon(&own, "OWN10").await, coupon(&foreign, "FOREIGN10").await);
    let shop =
        api.account("shop@shop.example", json!({ "role": "advertiser", "advertiser_id": own.advertiser })).await.1;
    let anna = json!({ "role": "influencer", "influencer_id": own.influencer });
    let anna = api.account("anna@social.example", anna).await.1;
    let asked = async |token: &str, name: &str, id: &str| {
        let query: String = url::form_urlencoded::byte_serialize(format!("{name}={id}").as_bytes()).collect();
        let request = api.client.get(api.url(&format!("/api/ui/scopes?query={query}")));
        request.header(header::COOKIE, format!("trb_session={token}")).send().await.unwrap().status()
    };
    let ids = [
        ("campaign_id", &own.campaign, &foreign.campaign),
        ("link_id", &own.link, &foreign.link),
        ("coupon_id", &own_coupon, &foreign_coupon),
        ("influencer_id", &own.influencer, &foreign.influencer),
    ];
    for (name, own, foreign) in ids {
        for token in [&shop, &anna] {
            assert_eq!(asked(token, name, own).await, StatusCode::OK, "{name}");
            assert_eq!(asked(token, name, foreign).await, StatusCode::NOT_FOUND, "{name}");
        }
        assert_eq!(asked(&api.token, name, foreign).await, StatusCode::OK, "admins see all");
    }
    assert_eq!(asked(&shop, "advertiser_id", &foreign.advertiser).await, StatusCode::NOT_FOUND);
    // Whose they are counts, not only that they are.
    let both = format!("{}&campaign_id={}", own.advertiser, foreign.campaign);
    assert_eq!(asked(&api.token, "advertiser_id", &both).await, StatusCode::NOT_FOUND);

    // Lists are no other.
    for list in ["links", "coupons", "campaigns"] {
        for (token, path) in [(&shop, format!("/api/v1/{list}")), (&anna, format!("/api/v1/influencer/{list}"))] {
            for (name, own, foreign) in &ids[..3] {
                let found = api.send(token, Method::GET, &format!("{path}?{name}={own}"), Value::Null).await;
                assert_eq!(found.status(), StatusCode::OK, "{path}?{name}");
                let items = found.json::<Value>().await.unwrap()["items"].as_array().unwrap().len();
                assert_eq!(items, 1, "{path}?{name}");
                let refused = api.send(token, Method::GET, &format!("{path}?{name}={foreign}"), Value::Null).await;
                problem(refused, StatusCode::NOT_FOUND).await;
            }
            let wrong = api.send(token, Method::GET, &format!("{path}?link_id=x&coupon_id=y"), Value::Null).await;
            problem(wrong, StatusCode::UNPROCESSABLE_ENTITY).await;
        }
    }
    api.end().await;
}
