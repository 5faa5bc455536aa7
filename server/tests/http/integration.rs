//! `/integration`: whose page it is, and that what can be copied from it works. What people see and do there is in
//! `end2end`.

use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{
    api::{Api, text},
    databases::Database,
};

async fn page(api: &Api, token: &str, path: &str) -> (StatusCode, String) {
    let request = api.client.get(api.url(path)).header(header::COOKIE, format!("trb_session={token}"));
    let answer = request.send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

/// Posts the form as a browser without JavaScript does.
async fn validate(api: &Api, token: &str, advertiser: &str, event: &str) -> (StatusCode, String) {
    let request = api.client.post(api.url("/integration/validate")).header(header::ORIGIN, &api.base);
    let form = [("form", "validate_event"), ("advertiser_id", advertiser), ("event", event)];
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
    let answer = request.header(header::COOKIE, format!("trb_session={token}")).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

/// The text of the first block of code.
fn code(page: &str) -> String {
    let (_, rest) = page.split_once("<pre").unwrap();
    let (_, rest) = rest.split_once("<code>").unwrap();
    let (text, _) = rest.split_once("</code>").unwrap();
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#x27;", "'");
    text.replace("&amp;", "&")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_event_is_copied_from_the_page_and_arrives() {
    let api = Api::start(Database::sqlite()).await;
    let running = api.running().await;
    let (_, token) =
        api.account("dev@shop.example", json!({ "role": "advertiser", "advertiser_id": running.advertiser })).await;
    let (status, shown) = page(&api, &token, "/integration").await;
    assert_eq!(status, StatusCode::OK);
    assert!(shown.contains("Waiting for your first event…") && !shown.contains(&running.key));
    let prefix = running.key.get(..13).unwrap();
    let call = code(&shown).replace(&format!("{prefix}…"), &running.key);
    let ran = Command::new("bash").arg("-c").arg(&call).output().await.unwrap();
    let answer: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(text(&answer, "status"), "recorded", "{call}");
    let (_, shown) = page(&api, &token, "/integration").await;
    assert!(shown.contains(" s ago: hello hello-1, credited to nobody."), "{shown}");
    api.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_has_what_is_its_own() {
    let api = Api::start(Database::sqlite()).await;
    let (own, other) = (api.running().await, api.running().await);
    let (_, shop) =
        api.account("dev@shop.example", json!({ "role": "advertiser", "advertiser_id": own.advertiser })).await;
    let (_, anna) =
        api.account("a@anna.example", json!({ "role": "influencer", "influencer_id": own.influencer })).await;
    let event = r#"{ "action": "purchase", "value": "<script>", "ref_code": 5 }"#;
    for path in ["/integration", "/integration/programs", "/integration/validate"] {
        let of = |id: &str| format!("{path}?advertiser_id={id}");
        assert_eq!(page(&api, &shop, path).await.0, StatusCode::OK, "{path}");
        assert_eq!(page(&api, &shop, &of(&own.advertiser)).await.0, StatusCode::OK, "{path}");
        assert_eq!(page(&api, &shop, &of(&other.advertiser)).await.0, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(page(&api, &shop, &of("x")).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert_eq!(page(&api, &api.token, &of(&other.advertiser)).await.0, StatusCode::OK, "{path}");
        assert_eq!(page(&api, &api.token, &of(&own.link)).await.0, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(page(&api, &anna, path).await.0, StatusCode::FORBIDDEN, "{path}");
    }
    for (token, advertiser, status) in [
        (&shop, &own.advertiser, StatusCode::OK),
        (&shop, &other.advertiser, StatusCode::NOT_FOUND),
        (&api.token, &other.advertiser, StatusCode::OK),
        (&anna, &own.advertiser, StatusCode::FORBIDDEN),
        // Leads to the login.
        (&String::new(), &own.advertiser, StatusCode::SEE_OTHER),
    ] {
        assert_eq!(validate(&api, token, advertiser, event).await.0, status);
    }
    api.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_judged_as_the_api_judges_it_and_leaves_no_trace() {
    let api = Api::start(Database::sqlite()).await;
    let running = api.running().await;
    let sent = json!({ "action": "purchase", "event_id": "A-1", "value": "5" });
    api.event(&running.key, sent.clone()).await;
    let changed = json!({ "action": "purchase", "event_id": "A-1", "value": "6" }).to_string();
    let long = format!(r#"{{ "action": "signup", "x": "{}" }}"#, "ü".repeat(32_760));
    for (event, says) in [
        (sent.to_string().as_str(), "200: recorded before"),
        (r#"{ "action": "signup" }"#, "201: it would be recorded"),
        (&changed, "409: it would be refused"),
        ("{", "400: it would be refused"),
        ("", "400: it would be refused"),
        ("[]", "422: it would be refused"),
        (r#"{ "action": "purchase", "value": "<script>", "ref_code": 5 }"#, "422: it would be refused"),
        (&long, "413: it would be refused"),
    ] {
        let (status, page) = validate(&api, &api.token, &running.advertiser, event).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains(says), "{says}");
        assert!(!page.contains("<script>\""), "what was entered is text");
    }
    api.patch(&format!("/api/v1/advertisers/{}", running.advertiser), json!({ "status": "inactive" })).await;
    let (_, page) = validate(&api, &api.token, &running.advertiser, r#"{ "action": "signup" }"#).await;
    assert!(page.contains("403: it would be refused"));
    assert_eq!(api.got("/api/v1/events").await["items"].as_array().unwrap().len(), 1);
    // Had a failure been kept, it would be written before this one, which is.
    api.event(&running.key, json!({})).await;
    assert_eq!(api.failures(1).await.len(), 1);
    api.end().await;
}
