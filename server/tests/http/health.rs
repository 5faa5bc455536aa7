//! `/healthz` and `/readyz`, for balancers.

use std::{net::TcpStream, time::Duration};

use reqwest::StatusCode;
use serde_json::{Value, json};
use server::{cli::ServeConfig, connections::ConnectionsConfig};

use crate::{api::Api, databases::Database};

#[tokio::test]
async fn a_server_that_is_told_to_stop_is_not_ready_while_it_still_answers() {
    let lingering = |config: ServeConfig| {
        let connections = ConnectionsConfig { linger_ms: 3000, ..config.connections.clone() };
        ServeConfig { connections, ..config }
    };
    let mut api = Api::start_with(Database::sqlite(), lingering).await;
    let code = api.running().await.code;
    let ask = async |path: &str| reqwest::get(api.url(path)).await.unwrap();
    let ready = ask("/readyz").await;
    assert_eq!(ready.status(), StatusCode::OK);
    assert_eq!(ready.json::<Value>().await.unwrap()["ready"], json!(true));
    assert_eq!(ask("/healthz").await.status(), StatusCode::OK);
    // As long as anybody is connected there is somebody to tell.
    let _connected = TcpStream::connect(api.base.strip_prefix("http://").unwrap()).unwrap();
    api.tell_to_stop();
    let told = loop {
        let ready = reqwest::get(api.url("/readyz")).await.unwrap();
        if ready.status() == StatusCode::SERVICE_UNAVAILABLE {
            break ready.json::<Value>().await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(told["ready"], false, "{told}");
    assert!(told["reason"].as_str().unwrap().contains("stopping"), "{told}");
    assert_eq!(reqwest::get(api.url("/healthz")).await.unwrap().status(), StatusCode::OK);
    assert_eq!(api.follow(&code).await.status(), StatusCode::FOUND);
    api.end().await;
}
