//! Accepts connections, makes their handshakes, and passes them on as what they then are: HTTP.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{
    connections::{Place, Places, say_not_accepted},
    serve::Arrived,
    stage::{FIRST_REQUEST, Stage},
};

/// The first byte of a handshake.
const HANDSHAKE: u8 = 0x16;
/// How long nothing is accepted after the system had no room for a connection.
const PAUSE: Duration = Duration::from_millis(50);
/// The answer to plain HTTP.
pub const SPEAKS_HTTPS: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n\
    content-length: 55\r\n\r\nThis port speaks https: begin the address with https://";
const MOST_UNREAD: u64 = 64 << 10;

/// A connection whose handshake is made.
pub struct Secured {
    pub stream: TlsStream<TcpStream>,
    pub peer: SocketAddr,
    pub place: Place,
}

/// Whoever accepts over TLS.
pub struct Accepting {
    pub acceptor: TlsAcceptor,
    pub places: Arc<Places>,
    pub stage: Arc<Stage>,
    /// What a handshake may take.
    pub most: Duration,
    pub arrived: mpsc::UnboundedSender<Arrived>,
}

impl Accepting {
    /// Until the server ends. Who has come by then is still answered.
    pub async fn run(self, listener: TcpListener) {
        let accepting = Arc::new(self);
        loop {
            tokio::select! {
                accepted = listener.accept() => accepting.take(accepted).await,
                () = accepting.stage.ending() => break,
            }
        }
        // Those that the system has accepted by itself: closed unasked, they would be lost.
        while let Ok(Ok(accepted)) = timeout(Duration::ZERO, listener.accept()).await {
            accepting.take(Ok(accepted)).await;
        }
    }

    async fn take(self: &Arc<Self>, accepted: io::Result<(TcpStream, SocketAddr)>) {
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted) => {
                return;
            }
            Err(error) => {
                // No file descriptors, mostly: those that end make room.
                say_not_accepted(&error);
                return tokio::time::sleep(PAUSE).await;
            }
        };
        // Nothing can be told before a handshake: it is closed.
        let Ok(place) = self.places.take(peer.ip()) else { return };
        let accepting = Arc::clone(self);
        tokio::spawn(async move {
            let ended = async {
                accepting.stage.ending().await;
                tokio::time::sleep(FIRST_REQUEST).await;
            };
            let secured = tokio::select! {
                secured = timeout(accepting.most, accepting.secure(stream)) => secured,
                () = ended => return,
            };
            match secured {
                Ok(Ok(Some(stream))) => {
                    // Nobody takes it once the server stops.
                    let _ = accepting.arrived.send(Arrived::Secured(Box::new(Secured { stream, peer, place })));
                }
                Ok(Ok(None)) => {}
                Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
                Err(_) => tracing::debug!("a TLS handshake took too long"),
            }
        });
    }

    /// None where the client does not speak TLS.
    async fn secure(&self, mut stream: TcpStream) -> io::Result<Option<TlsStream<TcpStream>>> {
        // Answers are small: send them at once.
        stream.set_nodelay(true)?;
        let mut first = [0];
        if stream.peek(&mut first).await? == 0 {
            return Ok(None);
        }
        if first[0] == HANDSHAKE {
            return self.acceptor.accept(stream).await.map(Some);
        }
        if first[0].is_ascii_uppercase() {
            stream.write_all(SPEAKS_HTTPS).await?;
            stream.shutdown().await?;
            // Closed with something unread, the connection would be reset, and the answer perhaps not seen.
            tokio::io::copy(&mut stream.take(MOST_UNREAD), &mut tokio::io::sink()).await?;
        }
        Ok(None)
    }
}
