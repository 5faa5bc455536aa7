//! `/api/v1/influencer`: always and only one's own.

use std::time::{SystemTime, UNIX_EPOCH};

use model::{Timestamp, time::DAY};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::{Api, Running, each, problem, text, wrong_fields};

const LISTS: [&str; 4] = ["links", "coupons", "campaigns", "sales"];

async fn got(api: &Api, token: &str, path: &str) -> Value {
    let answer = api.send(token, Method::GET, &format!("/api/v1/influencer/{path}"), Value::Null).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.json().await.unwrap()
}

async fn walked(api: &Api, token: &str, path: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = got(api, token, &format!("{path}&cursor={cursor}")).await;
        items.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return items,
        }
    }
}

async fn influencer(api: &Api, of: &Running, email: &str) -> String {
    api.account(email, json!({ "role": "influencer", "influencer_id": of.influencer })).await.1
}

async fn coupon(api: &Api, of: &Running, code: &str) -> Value {
    let body = json!({ "campaign_id": of.campaign, "influencer_id": of.influencer, "code": code });
    api.created("/api/v1/coupons", body).await
}

/// Returns the event's id.
async fn purchase(api: &Api, of: &Running, order: &str, more: Value) -> String {
    let mut body = json!({
        "action": "purchase", "event_id": order, "value": "12.50", "currency": "EUR", "customer_id": "c-1",
        "properties": { "email": "shopper@mail.example" },
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = api.event(&of.key, body).await;
    assert_eq!(answer.status(), StatusCode::CREATED, "{order}");
    answer.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
}

/// A noon of ten days ago, or so many days later.
fn noon(days: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let today = i64::try_from(now.as_millis()).unwrap() / DAY;
    Timestamp((today - 10 + days) * DAY + DAY / 2).to_string()
}

crate::on_both! {
    async fn influencers_list_their_own_alone(api: Api) {
        let (own, other) = (api.running().await, api.running().await);
        let token = influencer(&api, &own, "anna@social.example").await;
        influencer(&api, &other, "ben@social.example").await;
        let own_coupon = coupon(&api, &own, "ANNA10").await;
        let other_coupon = coupon(&api, &other, "BEN10").await;
        api.created("/api/v1/coupons", json!({ "campaign_id": own.campaign, "code": "GENERIC" })).await;
        purchase(&api, &own, "A-1", json!({ "ref_code": own.code })).await;
        let event = purchase(&api, &own, "A-2", json!({ "coupon_code": "anna10" })).await;
        purchase(&api, &own, "A-3", json!({ "customer_id": "c-2" })).await;
        purchase(&api, &other, "B-1", json!({ "ref_code": other.code })).await;
        api.event(&own.key, json!({ "action": "add_to_cart", "ref_code": own.code })).await;

        let links = got(&api, &token, "links").await;
        assert_eq!(each(links["items"].as_array().unwrap(), "id"), [own.link.as_str()]);
        assert_eq!(links["items"][0]["url"], format!("{}/r/{}", api.base, own.code));
        let coupons = got(&api, &token, "coupons").await;
        assert_eq!(each(coupons["items"].as_array().unwrap(), "code"), ["ANNA10"]);
        let campaigns = got(&api, &token, "campaigns").await;
        assert_eq!(each(campaigns["items"].as_array().unwrap(), "id"), [own.campaign.as_str()]);
        assert_eq!((&campaigns["items"][0]["advertiser_name"], &campaigns["items"][0]["name"]), (&json!("Shop"), &json!("Spring")));
        let sales = got(&api, &token, "sales").await;
        assert_eq!(each(sales["items"].as_array().unwrap(), "method"), ["coupon", "ref_code"]);
        let sale = &sales["items"][0];
        assert_eq!(
            (&sale["value"], &sale["campaign_name"], &sale["coupon_id"], &sale["coupon_code"], &sale["link_code"]),
            (&json!({ "amount": "12.50", "currency": "EUR" }), &json!("Spring"), &own_coupon["id"], &json!("ANNA10"), &Value::Null),
        );
        assert_eq!(sales["items"][1]["link_code"], own.code.as_str());
        for list in LISTS {
            let answer = got(&api, &token, list).await.to_string();
            // An order's number could be guessed from its event's id.
            for foreign in ["shopper@", "\"c-1\"", "\"A-1\"", "@social", &event, &other.code, &other.advertiser, "trace", "customer", "properties"] {
                assert!(!answer.contains(foreign), "{list} tells {foreign}: {answer}");
            }
            for id in [&format!("campaign_id={}", other.campaign), &format!("influencer_id={}", other.influencer), &format!("advertiser_id={}", own.advertiser)] {
                let answer = api.send(&token, Method::GET, &format!("/api/v1/influencer/{list}?{id}"), Value::Null).await;
                problem(answer, StatusCode::NOT_FOUND).await;
            }
        }
        for id in [format!("link_id={}", other.link), format!("coupon_id={}", text(&other_coupon, "id"))] {
            let answer = api.send(&token, Method::GET, &format!("/api/v1/influencer/sales?{id}"), Value::Null).await;
            problem(answer, StatusCode::NOT_FOUND).await;
        }
        let qr = api.send(&token, Method::GET, &format!("/api/v1/influencer/links/{}/qr.svg", own.link), Value::Null).await;
        assert_eq!((qr.status(), &qr.headers()["content-type"]), (StatusCode::OK, &"image/svg+xml".parse().unwrap()));
        let foreign = api.send(&token, Method::GET, &format!("/api/v1/influencer/links/{}/qr.svg", other.link), Value::Null).await;
        problem(foreign, StatusCode::NOT_FOUND).await;
        api.end().await;
    }

    async fn own_lists_are_filtered_and_paged(api: Api) {
        let own = api.running().await;
        let token = influencer(&api, &own, "anna@social.example").await;
        for number in 0..5 {
            coupon(&api, &own, &format!("ANNA{number}0")).await;
            purchase(&api, &own, &format!("A-{number}"), json!({ "coupon_code": format!("ANNA{number}0"), "occurred_at": noon(number) })).await;
        }
        let sales = walked(&api, &token, "sales?limit=2").await;
        let times = each(&sales, "occurred_at");
        assert_eq!(times.len(), 5);
        assert!(times.is_sorted_by(|a, b| a > b), "{times:?}");
        let coupons = walked(&api, &token, "coupons?limit=2&sort=a-z").await;
        assert_eq!(each(&coupons, "code"), ["ANNA00", "ANNA10", "ANNA20", "ANNA30", "ANNA40"]);
        for (filter, count) in [
            (format!("from={}&to={}", &noon(1)[..10], &noon(2)[..10]).as_str(), 2),
            (&format!("from={}&to={}&tz=Pacific/Kiritimati", &noon(0)[..10], &noon(2)[..10]), 2),
            ("method=coupon", 5),
            ("method=ref_code", 0),
            (&format!("coupon_id={}", text(&coupons[0], "id")), 1),
            (&format!("link_id={}", own.link), 0),
            (&format!("campaign_id={}", own.campaign), 5),
        ] {
            assert_eq!(walked(&api, &token, &format!("sales?limit=3&{filter}")).await.len(), count, "{filter}");
        }
        assert_eq!(got(&api, &token, "campaigns?status=paused").await["items"], json!([]));
        assert_eq!(got(&api, &token, "links?q=nosuch").await["items"], json!([]));
        let wrong = api.send(&token, Method::GET, "/api/v1/influencer/sales?limit=501&method=luck&from=soon&cursor=x", Value::Null).await;
        assert_eq!(wrong_fields(&problem(wrong, StatusCode::UNPROCESSABLE_ENTITY).await), ["method", "limit"]);
        for list in LISTS {
            let wrong = api.send(&token, Method::GET, &format!("/api/v1/influencer/{list}?cursor=x"), Value::Null).await;
            assert_eq!(wrong_fields(&problem(wrong, StatusCode::UNPROCESSABLE_ENTITY).await), ["cursor"], "{list}");
        }
        api.end().await;
    }

    async fn an_ended_assignment_leaves_what_was_credited(api: Api) {
        let own = api.running().await;
        let token = influencer(&api, &own, "anna@social.example").await;
        let idle = api.running().await;
        let assigned = api.request(Method::PUT, &format!("/api/v1/campaigns/{}/influencers/{}", idle.campaign, own.influencer));
        assert_eq!(assigned.send().await.unwrap().status(), StatusCode::NO_CONTENT);
        assert_eq!(walked(&api, &token, "campaigns?limit=1").await.len(), 2);
        for campaign in [&idle.campaign, &own.campaign] {
            api.delete(&format!("/api/v1/campaigns/{campaign}/influencers/{}", own.influencer)).await;
        }
        let campaigns = got(&api, &token, "campaigns").await;
        assert_eq!(each(campaigns["items"].as_array().unwrap(), "id"), [own.campaign.as_str()], "its link may earn still");
        api.end().await;
    }
}
