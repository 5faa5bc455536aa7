//! The server's own TLS: 1.2 and 1.3 by rustls, HTTP/1.1 inside. Decision 0034.

mod accept;
mod certificate;
mod reload;

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::Context;
use clap::Args;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring::{Ticketer, default_provider},
        version::{TLS12, TLS13},
    },
};

use self::certificate::Files;
pub use self::{
    accept::{Accepting, SPEAKS_HTTPS, Secured},
    reload::{Current, Reload},
};

#[derive(Args, Clone, Debug, Default)]
pub struct TlsConfig {
    /// The certificate and its chain (PEM): `--addr` then speaks https. Read anew, as the key, when the files change.
    #[arg(long, env = "TRIBUTARY_TLS_CERT", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM), readable by the server alone.
    #[arg(long, env = "TRIBUTARY_TLS_KEY", requires = "tls_cert", hide_env_values = true)]
    pub tls_key: Option<PathBuf>,
    /// Where to listen in the clear beside that: pages and links lead to https, the API is refused.
    #[arg(long, env = "TRIBUTARY_HTTP_ADDR", requires = "tls_cert")]
    pub http_addr: Option<SocketAddr>,
}

/// What handshakes are made with, and what renews its certificate.
pub struct Tls {
    pub acceptor: TlsAcceptor,
    pub reload: Reload,
    pub current: Arc<Current>,
}

impl TlsConfig {
    pub fn is_on(&self) -> bool {
        self.tls_cert.is_some()
    }

    /// Reads certificate and key. None where there is to be no TLS.
    pub fn open(&self) -> anyhow::Result<Option<Tls>> {
        let (certificate, key) = match (&self.tls_cert, &self.tls_key) {
            (None, None) => return Ok(None),
            (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
            _ => anyhow::bail!("--tls-cert and --tls-key belong together: name both, or neither"),
        };
        let files = Files { certificate, key };
        files.warn_of_readers();
        let contents = files.read()?;
        let loaded = files.load(&contents)?;
        let current = Arc::new(Current::new(loaded.certified, &loaded.validity));
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as _);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Whoever was here before comes back with half the work; the keys of its tickets are this process's, and live hours.
        config.ticketer = Ticketer::new().context("no random numbers for TLS tickets")?;
        let reload = Reload::new(files, contents, loaded.validity, Arc::clone(&current));
        Ok(Some(Tls { acceptor: TlsAcceptor::from(Arc::new(config)), reload, current }))
    }
}
