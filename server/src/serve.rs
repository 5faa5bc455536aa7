//! Serves the connections that the front has handed over, every request but a link that redirects, and those that came
//! over TLS.

use std::{
    convert::Infallible,
    io::{self, Cursor},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use axum::{
    body::Body,
    http::{HeaderValue, header},
};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, join},
    net::TcpStream,
    sync::{mpsc, watch},
};

use crate::{
    answers::Answers,
    connections::{Answering, Bodies, MOST_BUFFERED, MOST_HEADERS, Places, Timed, TimedBody, Times, Turn},
    front::HandedOver,
    scheme::Scheme,
    stage::{FIRST_REQUEST, Stage},
    tls::Secured,
};

/// How often it is looked whether there are places left.
const LOOK: Duration = Duration::from_secs(1);
/// How long a connection may do nothing where places are short.
const MOST_IDLE_IF_SHORT: Duration = Duration::from_secs(5);

/// A connection, by the way it came.
pub enum Arrived {
    HandedOver(HandedOver),
    Secured(Box<Secured>),
}

/// What serves connections.
#[derive(Clone)]
pub struct Serving {
    pub answers: Answers,
    pub times: Times,
    pub places: Arc<Places>,
    pub bodies: Arc<Bodies>,
    pub stage: Arc<Stage>,
}

/// Serves until nobody is left who could send a connection, then until the last answer has left.
pub async fn serve(serving: Serving, mut arriving: mpsc::UnboundedReceiver<Arrived>) {
    let graceful = GracefulShutdown::new();
    let shortage = watch::Sender::new(());
    let mut look = tokio::time::interval(LOOK);
    loop {
        let arrived = tokio::select! {
            arrived = arriving.recv() => arrived,
            _ = look.tick() => {
                if serving.places.are_short() {
                    shortage.send_replace(());
                }
                continue;
            }
        };
        let Some(arrived) = arrived else { break };
        let (serving, watcher, shortage) = (serving.clone(), graceful.watcher(), shortage.subscribe());
        tokio::spawn(async move {
            // A client that goes away in the middle of a request is no fault of ours.
            if let Err(error) = serving.connection(arrived, watcher, shortage).await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    graceful.shutdown().await;
}

impl Serving {
    async fn connection(self, arrived: Arrived, watcher: Watcher, shortage: watch::Receiver<()>) -> anyhow::Result<()> {
        match arrived {
            Arrived::HandedOver(HandedOver { stream, peer, read, unsent, place: _place }) => {
                let (reader, mut writer) = into_tokio(stream)?.into_split();
                tokio::time::timeout(self.times.slow, writer.write_all(&unsent)).await??;
                let stream = join(Cursor::new(read).chain(reader), writer);
                self.answer(stream, peer, Scheme::Http, watcher, shortage).await
            }
            Arrived::Secured(secured) => {
                let Secured { stream, peer, place: _place } = *secured;
                self.answer(stream, peer, Scheme::Https, watcher, shortage).await
            }
        }
    }

    async fn answer(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
        peer: SocketAddr,
        scheme: Scheme,
        watcher: Watcher,
        shortage: watch::Receiver<()>,
    ) -> anyhow::Result<()> {
        let (times, stage, turn) = (self.times, Arc::clone(&self.stage), Turn::new());
        let stream = TokioIo::new(Timed::new(stream, Arc::clone(&turn), times.slow));
        let asked = Arc::clone(&turn);
        let service = service_fn(move |request: Request<Incoming>| {
            let (serving, ours) = (self.clone(), asked.take());
            async move {
                // Kept until it is answered: so long what was read of the body is in memory.
                let room = serving.bodies.room(&request, peer.ip());
                let mut request = request.map(|body| Body::new(TimedBody::new(body, serving.times, room.clone())));
                if let Some(room) = &room {
                    request.extensions_mut().insert(Arc::clone(room));
                }
                let mut response = serving.answers.answer(request, peer, scheme).await;
                drop(room);
                if serving.stage.is_leaving() {
                    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(response.map(|body| Answering::new(body, ours)))
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(times.idle)
            .max_headers(MOST_HEADERS)
            .max_buf_size(MOST_BUFFERED)
            .serve_connection(stream, service);
        tokio::select! {
            ended = watcher.watch(connection) => Ok(ended?),
            () = dismissed(&turn, &stage, shortage) => Ok(()),
        }
    }
}

/// Waits until a connection has to go that nobody uses: others find no place, or the server ends and nothing was asked.
async fn dismissed(turn: &Turn, stage: &Stage, mut shortage: watch::Receiver<()>) {
    let is_short = async {
        while shortage.changed().await.is_ok() {
            if turn.is_idle_for(MOST_IDLE_IF_SHORT) {
                return;
            }
        }
        std::future::pending().await
    };
    let never_asked = async {
        stage.ending().await;
        tokio::time::sleep(FIRST_REQUEST).await;
        if turn.has_asked() {
            std::future::pending().await
        }
    };
    tokio::select! {
        () = is_short => {}
        () = never_asked => {}
    }
}

fn into_tokio(stream: std::net::TcpStream) -> io::Result<TcpStream> {
    // Answers are small: send them at once.
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    TcpStream::from_std(stream)
}
