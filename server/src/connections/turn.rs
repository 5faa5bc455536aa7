//! Whose turn it is on a connection of the router: the client's, to send a request, or ours, to answer it.
//!
//! hyper has one limit for both waiting for a request and reading it. A shop's backend may wait a minute for its next
//! order; a request whose head takes a minute is an attack. The stream itself tells them apart: it sees the first byte.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

/// How long a reader may take nothing of an answer. Exports give their readers as much.
const MOST_UNTAKEN: Duration = Duration::from_secs(60);

/// Nothing has come since the last answer.
const IDLE: u8 = 0;
/// A request has begun to arrive.
const HEAD: u8 = 1;
/// A request is being answered.
const BUSY: u8 = 2;

/// What the stream and whoever answers know of one another.
pub struct Turn {
    state: AtomicU8,
    has_asked: AtomicBool,
    made: Instant,
    /// Since when it is idle, in milliseconds since `made`.
    idle_since: AtomicU64,
}

impl Turn {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            state: AtomicU8::new(IDLE),
            has_asked: AtomicBool::new(false),
            made: Instant::now(),
            idle_since: AtomicU64::new(0),
        })
    }

    /// A request is here. It is ours until what comes of this is dropped.
    pub fn take(self: &Arc<Self>) -> Ours {
        self.state.store(BUSY, Ordering::Relaxed);
        self.has_asked.store(true, Ordering::Relaxed);
        Ours(Arc::clone(self))
    }

    /// Something of an answer has left: whoever takes it slowly is not idle.
    fn has_sent(&self) {
        let now = u64::try_from(self.made.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.idle_since.store(now, Ordering::Relaxed);
    }

    /// Whether the connection ever carried a request.
    pub fn has_asked(&self) -> bool {
        self.has_asked.load(Ordering::Relaxed)
    }

    /// Whether it has waited for a request for so long.
    pub fn is_idle_for(&self, time: Duration) -> bool {
        let since = Duration::from_millis(self.idle_since.load(Ordering::Relaxed));
        self.state.load(Ordering::Relaxed) == IDLE && self.made.elapsed().saturating_sub(since) >= time
    }
}

pub struct Ours(Arc<Turn>);

impl Drop for Ours {
    fn drop(&mut self) {
        self.0.has_sent();
        self.0.state.store(IDLE, Ordering::Relaxed);
    }
}

pin_project! {
    /// An answer's body: when the last of it is on its way, the turn is the client's.
    pub struct Answering<B> {
        #[pin]
        body: B,
        ours: Ours,
    }
}

impl<B> Answering<B> {
    pub fn new(body: B, ours: Ours) -> Self {
        Self { body, ours }
    }
}

impl<B: Body<Data = Bytes>> Body for Answering<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        self.project().body.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

pin_project! {
    /// A connection that ends when a request's head takes too long to arrive, or an answer is not taken.
    pub struct Timed<S> {
        #[pin]
        stream: S,
        turn: Arc<Turn>,
        most_head: Duration,
        most_untaken: Duration,
        // When the head that is arriving began.
        head_since: Option<Instant>,
        reading: Option<Pin<Box<Sleep>>>,
        writing: Option<Pin<Box<Sleep>>>,
    }
}

impl<S> Timed<S> {
    pub fn new(stream: S, turn: Arc<Turn>, most_head: Duration) -> Self {
        Self { stream, turn, most_head, most_untaken: MOST_UNTAKEN, head_since: None, reading: None, writing: None }
    }
}

impl<S: AsyncRead> AsyncRead for Timed<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.project();
        let before = buffer.filled().len();
        let read = this.stream.poll_read(cx, buffer);
        let state = this.turn.state.load(Ordering::Relaxed);
        if read.is_pending() && state == HEAD {
            // A head that comes in one piece never gets here, and needs no timer.
            let since = *this.head_since.get_or_insert_with(Instant::now);
            let end = since + *this.most_head;
            let reading = this.reading.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(end)));
            if reading.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "a request's head took too long")));
            }
        } else if state == IDLE && buffer.filled().len() > before {
            this.turn.state.store(HEAD, Ordering::Relaxed);
            (*this.head_since, *this.reading) = (Some(Instant::now()), None);
        }
        read
    }
}

impl<S: AsyncWrite> AsyncWrite for Timed<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.project();
        let written = this.stream.poll_write(cx, bytes);
        if written.is_ready() {
            this.turn.has_sent();
        }
        within(this.writing, *this.most_untaken, written, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.project();
        let written = this.stream.poll_write_vectored(cx, parts);
        if written.is_ready() {
            this.turn.has_sent();
        }
        within(this.writing, *this.most_untaken, written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.project();
        let flushed = this.stream.poll_flush(cx);
        within(this.writing, *this.most_untaken, flushed, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.project();
        let shut = this.stream.poll_shutdown(cx);
        within(this.writing, *this.most_untaken, shut, cx)
    }
}

/// What came of writing, or that it has waited for too long.
fn within<T>(
    writing: &mut Option<Pin<Box<Sleep>>>,
    most: Duration,
    written: Poll<io::Result<T>>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<T>> {
    if written.is_ready() {
        *writing = None;
        return written;
    }
    let waiting = writing.get_or_insert_with(|| Box::pin(tokio::time::sleep(most)));
    match waiting.as_mut().poll(cx) {
        Poll::Ready(()) => {
            Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "nothing of an answer was taken for too long")))
        }
        Poll::Pending => Poll::Pending,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const HEAD_TIME: Duration = Duration::from_millis(200);

    fn timed<S>(stream: S, turn: &Arc<Turn>) -> Timed<S> {
        Timed { most_untaken: HEAD_TIME, ..Timed::new(stream, Arc::clone(turn), HEAD_TIME) }
    }

    #[tokio::test]
    async fn a_head_has_its_time_from_its_first_byte_on_and_waiting_for_one_has_none() {
        let (mut client, server) = duplex(1024);
        let mut server = timed(server, &Turn::new());
        let trickling = tokio::spawn(async move {
            tokio::time::sleep(HEAD_TIME * 2).await;
            while client.write_all(b"x").await.is_ok() {
                tokio::time::sleep(HEAD_TIME / 10).await;
            }
        });
        let begun = Instant::now();
        let mut bytes = [0; 1];
        let error = loop {
            if let Err(error) = server.read_exact(&mut bytes).await {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!((HEAD_TIME * 3..HEAD_TIME * 5).contains(&begun.elapsed()), "{:?}", begun.elapsed());
        drop(server);
        trickling.await.unwrap();
    }

    #[tokio::test]
    async fn a_client_may_wait_for_its_answer_and_then_for_its_next_request() {
        let (mut client, server) = duplex(1024);
        let turn = Turn::new();
        let mut server = timed(server, &turn);
        client.write_all(b"x").await.unwrap();
        server.read_u8().await.unwrap();
        let ours = turn.take();
        let mut bytes = [0; 1];
        let mut waits = async || tokio::time::timeout(HEAD_TIME * 2, server.read(&mut bytes)).await.is_err();
        assert!(waits().await, "while it is answered");
        assert!(!turn.is_idle_for(Duration::ZERO));
        drop(ours);
        assert!(waits().await, "and behind that");
        assert!(turn.has_asked() && turn.is_idle_for(HEAD_TIME));
        assert!(!turn.is_idle_for(HEAD_TIME * 10));
    }

    #[tokio::test]
    async fn who_takes_nothing_of_an_answer_is_given_up() {
        let (_client, server) = duplex(16);
        let mut server = timed(server, &Turn::new());
        let begun = Instant::now();
        let error = server.write_all(&[0; 1024]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() >= HEAD_TIME);
    }
}
