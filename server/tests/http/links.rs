//! `/api/v1/links`: made for many at once, replaced, turned off, and as QR codes.

use reqwest::{StatusCode, header};
use serde_json::{Value, json};

use crate::api::{Api, problem, text, wrong_fields};

crate::on_both! {
    async fn links_are_made_for_all_who_are_assigned_and_active(api: Api) {
        let running = api.running().await;
        let mut assigned = vec![running.influencer.clone()];
        for (name, status) in [("Bert", "active"), ("Carla", "archived")] {
            let made = api.created("/api/v1/influencers", json!({ "name": name, "status": status })).await;
            let path = format!("/api/v1/campaigns/{}/influencers/{}", running.campaign, text(&made, "id"));
            assert_eq!(api.request(reqwest::Method::PUT, &path).send().await.unwrap().status(), StatusCode::NO_CONTENT);
            if status == "active" {
                assigned.push(text(&made, "id").to_owned());
            }
        }
        let made = api.created("/api/v1/links/generate", json!({ "campaign_id": running.campaign, "all_assigned": true })).await;
        let made = made["items"].as_array().unwrap();
        let mut whose: Vec<_> = made.iter().map(|link| text(link, "influencer_id")).collect();
        whose.sort_unstable();
        assigned.sort_unstable();
        assert_eq!(whose, assigned);
        for link in made {
            assert_eq!(api.follow(text(link, "code")).await.status(), StatusCode::FOUND);
            assert_eq!(&api.got(&format!("/api/v1/links/{}", text(link, "id"))).await, link);
        }
        for wanted in [json!({}), json!({ "all_assigned": false }), json!({ "all_assigned": true, "influencer_ids": [running.influencer] })] {
            let mut body = json!({ "campaign_id": running.campaign });
            body.as_object_mut().unwrap().extend(wanted.as_object().unwrap().clone());
            let problem = problem(api.post("/api/v1/links/generate", body).await, StatusCode::UNPROCESSABLE_ENTITY).await;
            assert!(["influencer_ids", "all_assigned"].contains(&wrong_fields(&problem)[0]), "{wanted}");
        }
        api.end().await;
    }

    async fn a_replaced_link_is_gone_and_the_new_one_leads_on(api: Api) {
        let running = api.running().await;
        let path = format!("/api/v1/links/{}", running.link);
        let new = api.acted(&format!("{path}/regenerate")).await;
        assert_eq!((&new["influencer_id"], &new["status"]), (&json!(running.influencer), &json!("active")));
        assert_eq!(api.follow(&running.code).await.status(), StatusCode::GONE);
        assert_eq!(api.follow(text(&new, "code")).await.status(), StatusCode::FOUND);
        let old = api.got(&path).await;
        assert_eq!((&old["status"], &old["replaced_by"]), (&json!("replaced"), &new["id"]));
        for action in ["regenerate", "activate", "deactivate"] {
            problem(api.act(&format!("{path}/{action}")).await, StatusCode::CONFLICT).await;
        }
        api.end().await;
    }
}

#[tokio::test]
async fn a_qr_code_is_an_image_that_can_do_nothing() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let running = api.running().await;
    let answer = api.get(&format!("/api/v1/links/{}/qr.svg", running.link)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let header = |name: header::HeaderName| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header(header::CONTENT_TYPE), "image/svg+xml");
    assert_eq!(header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert!(header(header::CONTENT_SECURITY_POLICY).contains("default-src 'none'"));
    let image = answer.text().await.unwrap();
    assert!(image.contains("<svg") && !image.contains("<script"), "{image}");
    api.end().await;
}

#[tokio::test]
async fn a_link_follows_its_campaign_unless_it_has_its_own_destination() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let running = api.running().await;
    let own = json!({ "campaign_id": running.campaign, "destination_url": "https://shop.example/own" });
    let own = api.created("/api/v1/links", own).await;
    let change = json!({ "destination_url": "https://shop.example/new" });
    api.patch(&format!("/api/v1/campaigns/{}", running.campaign), change).await;
    for (code, destination) in
        [(running.code.as_str(), "https://shop.example/new"), (text(&own, "code"), "https://shop.example/own")]
    {
        let location = api.follow(code).await.headers()[header::LOCATION].to_str().unwrap().to_owned();
        assert_eq!(location, format!("{destination}?ref_code={code}"));
    }
    let new: Value = api.acted(&format!("/api/v1/links/{}/regenerate", text(&own, "id"))).await;
    assert_eq!(new["destination_url"], "https://shop.example/own");
    api.end().await;
}
