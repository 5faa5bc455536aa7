//! `POST /api/v1/advertisers/{id}/erase-customer`.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::{Api, problem};

crate::on_both! {
    async fn an_admin_erases_a_shops_customer_and_nobody_else_may(api: Api) {
        let shop = api.running().await;
        let path = format!("/api/v1/advertisers/{}/erase-customer", shop.advertiser);
        for order in ["A-1", "A-2"] {
            let event = json!({ "action": "purchase", "event_id": order, "value": 5, "customer_id": "c-1" });
            assert_eq!(api.event(&shop.key, event).await.status(), StatusCode::CREATED);
        }
        let (_, token) =
            api.account("shop@shop.example", json!({ "role": "advertiser", "advertiser_id": shop.advertiser })).await;
        let answer = api.send(&token, Method::POST, &path, json!({ "customer_id": "c-1" })).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        let admin = api.token.clone();
        for (body, field) in [(json!({}), "customer_id"), (json!({ "customer_id": "" }), "customer_id"), (json!({ "customer_id": 7 }), "customer_id")] {
            let answer = api.send(&admin, Method::POST, &path, body).await;
            let problem = problem(answer, StatusCode::UNPROCESSABLE_ENTITY).await;
            assert_eq!(problem["errors"][0]["field"], field);
        }
        let answer = api.send(&admin, Method::POST, &path, json!({ "customer_id": "c-1" })).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({ "events": 2, "failures": 0 }));
        let figures = api.got(&format!("/api/v1/stats/overview?advertiser_id={}", shop.advertiser)).await;
        assert_eq!((&figures["purchases"], &figures["gmv"]), (&json!(0), &json!([])));
        let unknown = format!("/api/v1/advertisers/{}/erase-customer", shop.campaign);
        let answer = api.send(&admin, Method::POST, &unknown, json!({ "customer_id": "c-1" })).await;
        problem(answer, StatusCode::NOT_FOUND).await;
    }
}
