//! `/metrics`: who is told, where, and in which form.

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use reqwest::StatusCode;
use server::tls::TlsConfig;

use crate::{
    api::{Api, CHROME},
    databases::Database,
    exposition::Exposition,
};

#[tokio::test]
async fn whoever_asks_from_this_machine_is_told_and_whoever_comes_through_a_proxy_is_not() {
    let trusting = |config| server::cli::ServeConfig { trusted_proxies: "loopback".parse().unwrap(), ..config };
    let api = Api::start_with(Database::sqlite(), trusting).await;
    let told = api.client.get(api.url("/metrics")).send().await.unwrap();
    assert_eq!(told.status(), StatusCode::OK);
    assert_eq!(told.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let told = Exposition::parse(&told.text().await.unwrap());
    assert_eq!(told.find("tributary_database_up", &[]), Some(1.0));
    for (name, value) in [
        ("X-Forwarded-For", "127.0.0.1"),
        ("Forwarded", "for=127.0.0.1"),
        ("X-Real-IP", "127.0.0.1"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "localhost"),
        ("Via", "1.1 proxy"),
    ] {
        let refused = api.client.get(api.url("/metrics")).header(name, value).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::NOT_FOUND, "{name}");
        assert!(!refused.text().await.unwrap().contains("tributary_"), "{name}");
    }
    api.end().await;
}

#[tokio::test]
async fn on_an_address_of_their_own_they_are_nowhere_else() {
    let own = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let apart = |config| server::cli::ServeConfig { metrics_addr: Some(own), ..config };
    let api = Api::start_with(Database::sqlite(), apart).await;
    assert_eq!(api.get("/metrics").await.status(), StatusCode::NOT_FOUND);
    let get = async |path: &str| api.client.get(format!("http://{own}{path}")).send().await.unwrap();
    let told = get("/metrics").await;
    assert_eq!(told.status(), StatusCode::OK);
    assert!(Exposition::parse(&told.text().await.unwrap()).names().contains("tributary_database_up"));
    for path in ["/", "/login", "/api/v1/campaigns", "/healthz"] {
        assert_eq!(get(path).await.status(), StatusCode::NOT_FOUND, "{path} is not there");
    }
    api.end().await;
}

#[tokio::test]
async fn links_that_many_threads_redirect_are_counted_once_each() {
    let api = Api::start(Database::sqlite()).await;
    let code = api.running().await.code;
    let (one, gone) = (api.url(&format!("/r/{code}")), api.url("/r/nosuchcode"));
    let mut visitors = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (one, gone) = (one.clone(), gone.clone());
        // A client of its own has connections of its own.
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        visitors.spawn(async move {
            for _ in 0..25 {
                let answer = client.get(&one).header("User-Agent", CHROME).send().await.unwrap();
                assert_eq!(answer.status(), StatusCode::FOUND);
            }
            assert_eq!(client.get(&gone).send().await.unwrap().status(), StatusCode::NOT_FOUND);
            // By now this connection is the router's.
            assert_eq!(client.get(&one).send().await.unwrap().status(), StatusCode::FOUND);
        });
    }
    visitors.join_all().await;
    let told = Exposition::parse(&api.get("/metrics").await.text().await.unwrap());
    let redirects = |outcome| told.get("tributary_redirects_total", &[("outcome", outcome)]);
    assert_eq!((redirects("redirected"), redirects("not_found"), redirects("gone")), (208.0, 8.0, 0.0));
    assert_eq!(told.get("tributary_clicks_recorded_total", &[]), 208.0);
    assert!(told.label_values().iter().all(|value| !value.contains(&code)));
    api.end().await;
}

#[tokio::test]
async fn the_end_of_the_servers_own_certificate_is_told_and_its_connections_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let files = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
    let key = KeyPair::generate().unwrap();
    let mut certificate = CertificateParams::new(vec!["localhost".into()]).unwrap();
    certificate.not_after = date_time_ymd(2031, 5, 6);
    std::fs::write(&files[0], certificate.self_signed(&key).unwrap().pem()).unwrap();
    std::fs::write(&files[1], key.serialize_pem()).unwrap();
    let [certificate, key] = files;
    let own = |config| server::cli::ServeConfig {
        tls: TlsConfig { tls_cert: Some(certificate), tls_key: Some(key), http_addr: None },
        ..config
    };
    let api = Api::start_with(Database::sqlite(), own).await;
    let told = Exposition::parse(&api.get("/metrics").await.text().await.unwrap());
    assert_eq!(told.find("tributary_tls_certificate_expiry_timestamp_seconds", &[]), Some(1_935_792_000.0));
    assert!(told.get("tributary_connections", &[]) >= 1.0 && told.get("tributary_connections_max", &[]) >= 1.0);
    assert_eq!(told.get("tributary_rate_limited_total", &[("limit", "connections")]), 0.0);
    api.end().await;
}
