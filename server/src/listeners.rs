//! Where the server listens: on sockets that somebody hands over open, else on those that it opens.
//!
//! systemd (`LISTEN_FDS`) keeps the sockets it hands over. Between the end of one process and the start of the next,
//! whoever comes waits in them, and is not refused.

use std::net::{SocketAddr, TcpListener as StdListener};

use anyhow::{Context, ensure};
use listenfd::ListenFd;
use tokio::net::TcpListener;

use crate::cli::ServeConfig;

/// Sockets that were handed over, in their order.
pub struct HandedOver(Vec<StdListener>);

impl HandedOver {
    /// Changes the environment, so that no child takes the sockets for its own: before there are threads.
    pub fn take() -> anyhow::Result<Self> {
        let mut handed_over = ListenFd::from_env();
        let mut listeners = Vec::new();
        for index in 0..handed_over.len() {
            let listener = handed_over
                .take_tcp_listener(index)
                .context("LISTEN_FDS: a socket that is handed over must listen for TCP")?;
            listeners.extend(listener);
        }
        Ok(Self(listeners))
    }
}

pub struct Listeners {
    /// For https where there is TLS, else for everything.
    pub main: TcpListener,
    /// In the clear, beside TLS.
    pub plain: Option<TcpListener>,
}

impl Listeners {
    /// The first that was handed over stands for `--addr`, the second for `--http-addr`.
    pub async fn open(config: &ServeConfig, HandedOver(handed_over): HandedOver) -> anyhow::Result<Self> {
        let wanted = 1 + usize::from(config.tls.http_addr.is_some());
        let given = handed_over.len();
        ensure!(
            given <= wanted,
            "LISTEN_FDS: {given} sockets were handed over, and {wanted} can be used: --addr, and --http-addr where it is named"
        );
        let mut handed_over = handed_over.into_iter();
        let main = listener(handed_over.next(), config.addr).await?;
        let plain = match config.tls.http_addr {
            Some(addr) => Some(listener(handed_over.next(), addr).await?),
            None => None,
        };
        Ok(Self { main, plain })
    }
}

impl From<TcpListener> for Listeners {
    fn from(main: TcpListener) -> Self {
        Self { main, plain: None }
    }
}

async fn listener(handed_over: Option<StdListener>, addr: SocketAddr) -> anyhow::Result<TcpListener> {
    let Some(listener) = handed_over else {
        return TcpListener::bind(addr).await.with_context(|| format!("cannot listen on {addr}"));
    };
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    tracing::info!(addr = %listener.local_addr()?, "listening on a socket that was handed over");
    Ok(listener)
}
