//! https by the server's own TLS.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rcgen::{CertificateParams, KeyPair};
use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use server::{cli::ServeConfig, connections::ConnectionsConfig, tls::TlsConfig};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, HandshakeKind, ProtocolVersion, RootCertStore, StreamOwned,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, pem::PemObject},
    version::{TLS12, TLS13},
};

use crate::{
    api::{Api, CHROME, EMAIL, PASSWORD},
    databases::Database,
};

/// A folder with a certificate for `localhost` and its key.
struct Pair(tempfile::TempDir);

impl Pair {
    fn new() -> Self {
        let pair = Self(tempfile::tempdir().unwrap());
        pair.renew();
        pair
    }

    /// Another certificate, with another key.
    fn renew(&self) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".into()]).unwrap().self_signed(&key).unwrap();
        fs::write(self.certificate(), certificate.pem()).unwrap();
        fs::write(self.0.path().join("key.pem"), key.serialize_pem()).unwrap();
    }

    fn certificate(&self) -> std::path::PathBuf {
        self.0.path().join("cert.pem")
    }

    fn config(&self) -> TlsConfig {
        TlsConfig { tls_cert: Some(self.certificate()), tls_key: Some(self.0.path().join("key.pem")), http_addr: None }
    }
}

async fn start(pair: &Pair, change: impl FnOnce(ServeConfig) -> ServeConfig) -> Api {
    Api::start_with(Database::sqlite(), |config| change(ServeConfig { tls: pair.config(), ..config })).await
}

/// Whoever trusts this certificate alone.
fn client(certificate: &Path) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    Arc::new(
        config.with_protocol_versions(&[&TLS13, &TLS12]).unwrap().with_root_certificates(roots).with_no_client_auth(),
    )
}

type Secure = StreamOwned<ClientConnection, TcpStream>;

fn open(api: &Api, client: &Arc<ClientConfig>) -> Secure {
    let stream = TcpStream::connect(api.secure.unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    StreamOwned::new(ClientConnection::new(Arc::clone(client), "localhost".try_into().unwrap()).unwrap(), stream)
}

/// One request and its answer's head; the body is read where it has a length.
fn ask(stream: &mut Secure, request: &str) -> std::io::Result<String> {
    stream.write_all(request.as_bytes())?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let mut head = String::from_utf8(head).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body)?;
    head.push_str(&String::from_utf8_lossy(&body));
    Ok(head)
}

fn follow(code: &str) -> String {
    format!("GET /r/{code} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {CHROME}\r\n\r\n")
}

/// Clients here block: they get a thread.
async fn blocking<T: Send + 'static>(talk: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(talk).await.unwrap()
}

#[tokio::test]
async fn links_events_and_pages_are_served_over_tls_and_every_click_is_counted() {
    let pair = Pair::new();
    let api = start(&pair, |config| config).await;
    let running = api.running().await;
    let mut clients = Vec::new();
    for version in [&TLS12, &TLS13] {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(pair.certificate()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
        let mut config =
            config.with_protocol_versions(&[version]).unwrap().with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        clients.push((open(&api, &Arc::new(config)), version.version));
    }
    let (code, key) = (running.code, running.key);
    blocking(move || {
        for (mut stream, version) in clients {
            for _ in 0..3 {
                let answer = ask(&mut stream, &follow(&code)).unwrap();
                assert!(answer.starts_with("http/1.1 302 found\r\n"), "{answer}");
                assert!(answer.contains("\r\nlocation: https://shop.example/p?x=1&ref_code="), "{answer}");
            }
            assert_eq!(stream.conn.protocol_version(), Some(version));
            assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
            let body =
                json!({ "action": "purchase", "event_id": format!("A-{version:?}"), "ref_code": code }).to_string();
            let post = format!(
                "POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nX-API-KEY: {key}\r\n\
                Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            assert!(ask(&mut stream, &post).unwrap().starts_with("http/1.1 201 created\r\n"));
            let page = ask(&mut stream, "GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            assert!(page.starts_with("http/1.1 200 ok\r\n"), "{page}");
        }
    })
    .await;
    api.wait_for("/api/v1/stats/overview", "clicks", json!(6)).await;
    api.wait_for("/api/v1/stats/overview", "conversions", json!(2)).await;
    api.end().await;
}

/// What a call with a body is answered.
fn post(stream: &mut Secure, token: &str, path: &str, body: &Value) -> Value {
    let body = body.to_string();
    let answer = ask(
        stream,
        &format!(
            "POST /api/v1/{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
            Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    );
    let answer = answer.unwrap();
    assert!(answer.starts_with("http/1.1 20"), "{path}: {answer}");
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[tokio::test]
async fn beside_it_whoever_comes_in_the_clear_is_led_to_https_and_the_api_is_refused() {
    let pair = Pair::new();
    let at_https = |mut config: ServeConfig| {
        config.data.public_url = "https://localhost".into();
        ServeConfig { tls: pair.config(), ..config }
    };
    let api = Api::start_unreached(Database::sqlite(), at_https).await;
    let mut stream = open(&api, &client(&pair.certificate()));
    let code = blocking(move || {
        let login = post(&mut stream, "", "auth/login", &json!({ "email": EMAIL, "password": PASSWORD }));
        let token = login["token"].as_str().unwrap();
        let advertiser = post(&mut stream, token, "advertisers", &json!({ "name": "Shop" }));
        let campaign = json!({
            "advertiser_id": advertiser["id"], "name": "Spring", "destination_url": "https://shop.example/",
        });
        let campaign = post(&mut stream, token, "campaigns", &campaign);
        let link = post(&mut stream, token, "links", &json!({ "campaign_id": campaign["id"] }));
        let code = link["code"].as_str().unwrap().to_owned();
        let answer = ask(&mut stream, &follow(&code)).unwrap();
        assert!(answer.starts_with("http/1.1 302 found\r\n"), "{answer}");
        assert!(answer.contains("\r\nstrict-transport-security: "), "{answer}");
        code
    })
    .await;
    // The front knows the link, and sends nobody on who comes in the clear.
    let answer = api.follow(&code).await;
    assert_eq!(answer.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(answer.headers()[header::LOCATION], format!("https://localhost/r/{code}"));
    let answer = api.client.get(api.url("/login")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::PERMANENT_REDIRECT);
    assert_eq!(answer.headers()[header::LOCATION], "https://localhost/login");
    assert_eq!(api.event("trb_live_x", json!({ "action": "signup" })).await.status(), StatusCode::FORBIDDEN);
    api.end().await;
}

#[tokio::test]
async fn who_was_here_before_resumes() {
    let pair = Pair::new();
    let api = start(&pair, |config| config).await;
    let client = client(&pair.certificate());
    let mut kinds = Vec::new();
    for _ in 0..2 {
        let mut stream = open(&api, &client);
        kinds.push(
            blocking(move || {
                ask(&mut stream, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
                assert_eq!(stream.conn.protocol_version(), Some(ProtocolVersion::TLSv1_3));
                stream.conn.handshake_kind().unwrap()
            })
            .await,
        );
    }
    assert_eq!(kinds, [HandshakeKind::Full, HandshakeKind::Resumed]);
    api.end().await;
}

#[tokio::test]
async fn a_new_certificate_is_used_without_a_restart_and_connections_stay() {
    const HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let pair = Pair::new();
    let api = start(&pair, |config| config).await;
    let before = client(&pair.certificate());
    let mut kept = open(&api, &before);
    kept = blocking(move || {
        ask(&mut kept, HEALTH).unwrap();
        kept
    })
    .await;
    // Half of a pair is no pair: nothing changes.
    let certificate = fs::read(pair.certificate()).unwrap();
    fs::write(pair.certificate(), "nonsense").unwrap();
    tokio::time::sleep(Duration::from_secs(6)).await;
    let mut stream = open(&api, &before);
    blocking(move || ask(&mut stream, HEALTH).unwrap()).await;
    fs::write(pair.certificate(), certificate).unwrap();
    pair.renew();
    let after = client(&pair.certificate());
    let begun = Instant::now();
    loop {
        let mut stream = open(&api, &after);
        match blocking(move || ask(&mut stream, HEALTH)).await {
            Ok(_) => break,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(20), "it is not in use: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    blocking(move || assert!(ask(&mut kept, HEALTH).is_ok(), "who was connected stays")).await;
    api.end().await;
}

#[tokio::test]
async fn who_speaks_plain_http_to_it_reads_why_that_is_wrong() {
    let pair = Pair::new();
    let api = start(&pair, |config| config).await;
    let secure = api.secure.unwrap();
    for (said, answer) in [
        ("GET /r/abc HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"),
        (
            "POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}",
            "HTTP/1.1 400 Bad Request\r\n",
        ),
        ("\0\u{1}\u{2}nonsense", ""),
        ("\u{16}\u{3}\u{1}nonsense", "\u{15}\u{3}"),
    ] {
        let mut stream = TcpStream::connect(secure).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let told = blocking(move || {
            stream.write_all(said.as_bytes()).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let mut told = Vec::new();
            let _ = stream.read_to_end(&mut told);
            String::from_utf8_lossy(&told).into_owned()
        })
        .await;
        assert!(told.starts_with(answer), "{said:?}: {told:?}");
        if answer.starts_with("HTTP") {
            let (head, body) = told.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("content-length: {}", body.len())) && body.contains("https"), "{told}");
        }
    }
    api.end().await;
}

#[tokio::test]
async fn a_handshake_that_takes_too_long_ends_and_no_other() {
    let pair = Pair::new();
    let hasty = |config: ServeConfig| ServeConfig {
        connections: ConnectionsConfig { slow_seconds: 1, ..config.connections.clone() },
        ..config
    };
    let api = start(&pair, hasty).await;
    for said in ["", "\u{16}", "\u{16}\u{3}\u{1}"] {
        let mut slow = TcpStream::connect(api.secure.unwrap()).unwrap();
        slow.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut other = open(&api, &client(&pair.certificate()));
        blocking(move || {
            slow.write_all(said.as_bytes()).unwrap();
            let begun = Instant::now();
            ask(&mut other, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            assert!(begun.elapsed() < Duration::from_secs(1));
            assert!(matches!(slow.read(&mut [0; 64]), Ok(0) | Err(_)));
            assert!(begun.elapsed() < Duration::from_secs(4), "{said:?}: {:?}", begun.elapsed());
        })
        .await;
    }
    api.end().await;
}

#[tokio::test]
async fn a_head_that_trickles_inside_tls_ends_its_connection() {
    let pair = Pair::new();
    let hasty = |config: ServeConfig| ServeConfig {
        connections: ConnectionsConfig { slow_seconds: 1, ..config.connections.clone() },
        ..config
    };
    let api = start(&pair, hasty).await;
    let mut stream = open(&api, &client(&pair.certificate()));
    blocking(move || {
        let begun = Instant::now();
        stream.write_all(b"GET /healthz HTTP/1.1\r\n").unwrap();
        while begun.elapsed() < Duration::from_secs(10) && stream.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(100));
        }
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    })
    .await;
    api.end().await;
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_ends_the_start_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cert.pem");
    fs::write(&file, "nonsense").unwrap();
    let tls = TlsConfig { tls_cert: Some(file.clone()), tls_key: Some(file), http_addr: None };
    let told = format!("{:#}", tls.open().err().unwrap());
    assert!(told.contains("holds no certificate; it must be PEM"), "{told}");
}
