//! A database that is reached over TLS alone, as Aurora should be: it is used where it shows what was asked for, and never
//! where it does not.

use std::{path::Path, process::Command};

use reqwest::StatusCode;
use tempfile::TempDir;

use super::support::{MariaDb, Server, Start, until};

/// Authorities, and a certificate of one of them for `localhost`.
fn certificates() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let openssl = |arguments: &str| {
        let mut openssl = Command::new("openssl");
        let told = openssl.args(arguments.split(' ')).current_dir(folder.path()).output().expect("openssl is there");
        assert!(told.status.success(), "{arguments}: {}", String::from_utf8_lossy(&told.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    for authority in ["ours", "another"] {
        openssl(&format!("req -x509 {key} -days 1 -subj /CN={authority} -keyout {authority}.key -out {authority}.pem"));
    }
    openssl(&format!(
        "req -x509 {key} -days 1 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
         -addext basicConstraints=critical,CA:FALSE -CA ours.pem -CAkey ours.key -keyout server.key -out server.pem"
    ));
    folder
}

async fn encrypted(certificates: &Path) -> MariaDb {
    let file = |name: &str| certificates.join(name).display().to_string();
    MariaDb::start_with(vec![
        format!("--ssl-ca={}", file("ours.pem")),
        format!("--ssl-cert={}", file("server.pem")),
        format!("--ssl-key={}", file("server.key")),
        "--require-secure-transport=ON".into(),
    ])
    .await
}

fn url(database: &MariaDb, host: &str, mode: &str, authority: &Path) -> String {
    format!("mysql://root@{host}:{}/tributary?ssl-mode={mode}&ssl-ca={}", database.port(), authority.display())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_proves_who_it_is_is_used_over_tls_and_one_that_does_not_never() {
    let certificates = certificates();
    let database = encrypted(certificates.path()).await;
    let [ours, another] = ["ours.pem", "another.pem"].map(|name| certificates.path().join(name));
    for (host, mode, authority, said) in [
        ("localhost", "VERIFY_IDENTITY", &another, "UnknownIssuer"),
        ("127.0.0.1", "VERIFY_IDENTITY", &ours, "certificate not valid for name"),
        // In the clear, which the database does not take.
        ("localhost", "DISABLED", &ours, "database: error"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let start = Start::new(folder.path(), Some(url(&database, host, mode, authority)));
        let refusal = Server::refusal(&start).await;
        assert!(refusal.contains(said), "{host} {mode}: {refusal}");
    }

    let folder = tempfile::tempdir().unwrap();
    let mut start = Start::new(folder.path(), Some(url(&database, "localhost", "VERIFY_IDENTITY", &ours)));
    let mut server = Server::start(&start).await;
    until("it is ready", async || server.is_ready().await).await;
    let (code, _) = server.set_up().await;
    let followed = format!("/r/{code}");
    assert_eq!(server.status(&followed).await, Some(StatusCode::FOUND));
    let snapshot = folder.path().join("data/links.snapshot");
    let holds = |bytes: Vec<u8>| bytes.windows(code.len()).any(|part| part == code.as_bytes());
    until("the link is on disk", async || std::fs::read(&snapshot).is_ok_and(holds)).await;
    server.end();

    // An authority that is no longer the right one is an outage like any other: known links redirect.
    start.database_url = Some(url(&database, "localhost", "VERIFY_IDENTITY", &another));
    let server = Server::start(&start).await;
    until("the log says why", async || server.said("ERROR", "") > 0).await;
    assert!(server.log().contains("UnknownIssuer"), "{}", server.log());
    assert!(!server.is_ready().await);
    assert_eq!(server.status(&followed).await, Some(StatusCode::FOUND));
}
