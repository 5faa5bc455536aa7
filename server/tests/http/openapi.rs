//! `/api/v1/openapi.json` and `/docs/api/`: every route is documented, and every documented operation answers.

use std::{collections::BTreeSet, path::Path};

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::api::{Api, problem};

/// Modules whose addresses are no part of the API. Others register their routes through `routes!`, which documents them.
const NOT_API: [&str; 7] = ["code_lists.rs", "docs.rs", "health.rs", "metrics.rs", "mod.rs", "pages.rs", "redirect.rs"];

async fn api() -> Api {
    Api::start(crate::databases::Database::sqlite()).await
}

pub fn operations(document: &Value) -> impl Iterator<Item = (&String, Method, &Value)> {
    document["paths"].as_object().unwrap().iter().flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(move |(method, it)| (path, method.to_uppercase().parse().unwrap(), it))
    })
}

/// The document's path with something in place of each parameter.
pub fn concrete(path: &str) -> String {
    let none = "01890000-0000-7000-8000-000000000000";
    path.replace("{action}", "purchase").replace("{id}", none).replace("{influencer_id}", none)
}

#[test]
fn api_modules_register_routes_with_their_description_alone() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/routes");
    let mut registered = 0;
    let entries = |folder: &Path| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries(&folder).flat_map(|path| if path.is_dir() { entries(&path).collect() } else { vec![path] });
    for file in files {
        let name = file.strip_prefix(&folder).unwrap().display().to_string();
        if NOT_API.contains(&name.as_str()) {
            continue;
        }
        let text = std::fs::read_to_string(file).unwrap();
        for undocumented in [".route(", ".route_service(", ".nest(", ".nest_service(", "axum::routing"] {
            assert!(!text.contains(undocumented), "{name} has {undocumented}");
        }
        registered += text.matches("routes!(").count();
    }
    assert!(registered > 30, "{registered}");
}

#[tokio::test]
async fn every_documented_operation_asks_for_a_session_or_is_public() {
    let api = api().await;
    let document = api.client.get(api.url("/api/v1/openapi.json")).send().await.unwrap();
    let document: Value = document.json().await.unwrap();
    let mut count = 0;
    for (path, method, operation) in operations(&document) {
        let answer =
            api.client.request(method.clone(), api.url(&concrete(path))).json(&json!({})).send().await.unwrap();
        let expected = if operation["security"] == json!([{}]) {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::UNAUTHORIZED
        };
        assert_eq!(answer.status(), expected, "{method} {path}");
        problem(answer, expected).await;
        count += 1;
    }
    assert!(count > 50, "{count}");
    api.end().await;
}

#[tokio::test]
async fn every_operation_is_described_and_every_reference_leads_somewhere() {
    let api = api().await;
    let document = api.got("/api/v1/openapi.json").await;
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}");
        let tag = &operation["tags"][0];
        assert!(
            document["tags"].as_array().unwrap().iter().any(|known| &known["name"] == tag),
            "{method} {path}: {tag}"
        );
        let body = operation.get("requestBody").map(|body| &body["content"]["application/json"]);
        assert!(body.is_none_or(|body| body["example"].is_object()), "{method} {path} has a body without example");
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert!(response["description"].is_string() || response["$ref"].is_string(), "{method} {path} {status}");
        }
    }
    follow_references(&document, &document);
    let problem = &document["components"]["responses"]["422"]["content"]["application/problem+json"];
    assert_eq!(problem["schema"]["$ref"], "#/components/schemas/Problem");
    let text = document.to_string();
    for of_rust in ["None", "Some("] {
        assert!(!text.contains(of_rust), "a stranger does not read Rust: {of_rust}");
    }
    api.end().await;
}

fn follow_references(document: &Value, value: &Value) {
    match value {
        Value::Object(fields) => {
            if let Some(name) = fields.get("$ref").and_then(Value::as_str) {
                assert!(document.pointer(name.strip_prefix('#').unwrap()).is_some(), "{name}");
            }
            fields.values().for_each(|value| follow_references(document, value));
        }
        Value::Array(items) => items.iter().for_each(|value| follow_references(document, value)),
        _ => {}
    }
}

#[tokio::test]
async fn what_has_no_route_is_a_problem_too() {
    let api = api().await;
    for path in ["/api/v1/nosuch", "/api/v1/", "/api/v1/campaigns/x/y/z", "/api/v1/events/batch/x", "/event/custom/x"] {
        problem(api.get(path).await, StatusCode::NOT_FOUND).await;
    }
    for (path, allowed) in [
        ("/api/v1/campaigns", ["GET", "HEAD", "POST"].as_slice()),
        ("/api/v1/events", ["GET", "HEAD", "POST"].as_slice()),
        ("/event/purchase", &["POST"]),
    ] {
        let answer = api.request(Method::DELETE, path).send().await.unwrap();
        let mut methods: Vec<&str> = answer.headers()[header::ALLOW].to_str().unwrap().split(',').collect();
        methods.sort_unstable();
        assert_eq!(methods, allowed, "{path}");
        problem(answer, StatusCode::METHOD_NOT_ALLOWED).await;
    }
    api.end().await;
}

#[tokio::test]
async fn the_api_can_be_read_in_a_browser_without_leaving_this_server() {
    let api = api().await;
    let bare = api.client.get(api.url("/docs/api")).send().await.unwrap();
    assert!(bare.status().is_redirection());
    assert_eq!(bare.headers()[header::LOCATION], "/docs/api/");
    for file in ["", "swagger-ui-bundle.js", "swagger-ui.css", "swagger-initializer.js"] {
        let answer = api.client.get(api.url(&format!("/docs/api/{file}"))).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{file}");
        let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "{policy}");
        if file.is_empty() || file == "swagger-initializer.js" {
            let text = answer.text().await.unwrap();
            assert!(!text.contains("https://"), "{file} loads from elsewhere: {text}");
        }
    }
    api.end().await;
}
