//! docs/examples: what an admin can copy works against a real server. The shop's own are in `post_order`.

use std::{path::Path, process::Output};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::api::{Api, EMAIL, PASSWORD, text};

async fn set_up(api: &Api, password: &str, arguments: &[&str]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples/set-up-campaign.sh");
    let mut command = Command::new(script);
    command.env("TRIBUTARY_URL", &api.base).env("TRIBUTARY_EMAIL", EMAIL).env("TRIBUTARY_PASSWORD", password);
    command.args(arguments).output().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_script_sets_up_a_campaign_of_twenty_influencers() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let advertiser = api.created("/api/v1/advertisers", json!({ "name": "Shop" })).await;
    let advertiser = text(&advertiser, "id");
    for number in 1..=19 {
        api.created("/api/v1/influencers", json!({ "name": format!("Influencer {number}") })).await;
    }
    api.created("/api/v1/influencers", json!({ "name": r#"Zoë "},{"id":"x" \ Smith"# })).await;
    api.created("/api/v1/influencers", json!({ "name": "Gone", "status": "archived" })).await;
    let key = api.created(&format!("/api/v1/advertisers/{advertiser}/api-keys"), json!({ "name": "Backend" })).await;

    let done = set_up(&api, PASSWORD, &[advertiser, "Spring \"24\"", "https://shop.example/", "SPRING-"]).await;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let lines = String::from_utf8(done.stdout).unwrap();
    assert_eq!(lines.lines().count(), 20, "{lines}");
    for line in lines.lines() {
        let [name, link, code] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        assert!(!name.is_empty() && code.starts_with("SPRING-"), "{line}");
        assert_eq!(api.client.get(link).send().await.unwrap().status(), StatusCode::FOUND);
        let answer = api.event(text(&key, "key"), json!({ "action": "purchase", "coupon_code": code })).await;
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["attribution"]["method"], "coupon", "{line}");
    }
    assert_eq!(api.got("/api/v1/campaigns").await["items"][0]["name"], "Spring \"24\"");
    api.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_fails_says_why() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let advertiser = api.created("/api/v1/advertisers", json!({ "name": "Shop" })).await;
    api.created("/api/v1/influencers", json!({ "name": "Anna" })).await;
    let advertiser = text(&advertiser, "id");
    let arguments = [advertiser, "Spring", "no address", "SPRING-"];
    for (password, said) in [("wrong", "401"), (PASSWORD, "destination_url")] {
        let failed = set_up(&api, password, &arguments).await;
        assert!(!failed.status.success());
        assert!(String::from_utf8(failed.stderr).unwrap().contains(said), "{said}");
    }
    assert_eq!(set_up(&api, PASSWORD, &[]).await.status.code(), Some(2));
    api.end().await;
}
