//! Serves the connections that the front has handed over: every request but a link that redirects.

use std::{
    convert::Infallible,
    io::{self, Cursor},
    time::Duration,
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, join},
    net::TcpStream,
    sync::mpsc,
};

use crate::{answers::Answers, front::HandedOver, scheme::Scheme};

/// How long a request's head may take to arrive, and a connection may stay without one.
const MOST_HEAD: Duration = Duration::from_secs(60);

/// Serves until `shutdown`, then until the last answer has left.
pub async fn serve(answers: Answers, mut connections: mpsc::UnboundedReceiver<HandedOver>, shutdown: impl Future) {
    let graceful = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let handed_over = tokio::select! {
            Some(handed_over) = connections.recv() => handed_over,
            _ = &mut shutdown => break,
        };
        let answers = answers.clone();
        let watcher = graceful.watcher();
        tokio::spawn(async move {
            // A client that goes away in the middle of a request is no fault of ours.
            if let Err(error) = connection(handed_over, answers, watcher).await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    graceful.shutdown().await;
}

async fn connection(
    handed_over: HandedOver,
    answers: Answers,
    watcher: hyper_util::server::graceful::Watcher,
) -> anyhow::Result<()> {
    let HandedOver { stream, peer, read, unsent } = handed_over;
    let stream = into_tokio(stream)?;
    let (reader, mut writer) = stream.into_split();
    writer.write_all(&unsent).await?;
    let stream = TokioIo::new(join(Cursor::new(read).chain(reader), writer));
    let service = service_fn(move |request| {
        let answers = answers.clone();
        async move { Ok::<_, Infallible>(answers.answer(request, peer, Scheme::Http).await) }
    });
    let connection =
        http1::Builder::new().timer(TokioTimer::new()).header_read_timeout(MOST_HEAD).serve_connection(stream, service);
    Ok(watcher.watch(connection).await?)
}

fn into_tokio(stream: std::net::TcpStream) -> io::Result<TcpStream> {
    // Answers are small: send them at once.
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    TcpStream::from_std(stream)
}
