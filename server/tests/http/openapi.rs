//! `/api/v1/openapi.json` and `/docs/api/`.

use reqwest::StatusCode;
use serde_json::Value;

use crate::api::Api;

#[tokio::test]
async fn dump() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let document = api.got("/api/v1/openapi.json").await;
    std::fs::write("/tmp/openapi.json", serde_json::to_string_pretty(&document).unwrap()).unwrap();
    api.end().await;
}
