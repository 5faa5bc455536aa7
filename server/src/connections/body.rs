//! A request's body whose sender may not take for ever: each part has its time, and the whole has. One for which there is
//! no room is read and thrown away, so that its sender gets to read the answer.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::BoxError;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Buf;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use super::{NoRoom, Room, Times};

/// So much is thrown away of a body at most.
const MOST_DISCARDED: usize = 16 << 20;

pin_project! {
    pub struct TimedBody<B> {
        #[pin]
        body: B,
        // None where it takes none.
        room: Option<Arc<Room>>,
        discarded: usize,
        part: Duration,
        // Until when all of it has to be there.
        end: Instant,
        // Until when the next part has to be; None while nobody waits.
        waiting: Option<Pin<Box<Sleep>>>,
    }
}

impl<B> TimedBody<B> {
    pub fn new(body: B, times: Times, room: Option<Arc<Room>>) -> Self {
        Self { body, room, discarded: 0, part: times.slow, end: Instant::now() + times.body(), waiting: None }
    }
}

impl<B: Body<Error: Into<BoxError>>> Body for TimedBody<B> {
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        let mut this = self.project();
        while let Poll::Ready(frame) = this.body.as_mut().poll_frame(cx) {
            *this.waiting = None;
            let Some(room) = this.room.as_ref() else {
                return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
            };
            match frame {
                None if room.is_refused() => return Poll::Ready(Some(Err(NoRoom.into()))),
                Some(Ok(frame)) => {
                    let length = frame.data_ref().map_or(0, Buf::remaining);
                    if room.take(length) {
                        return Poll::Ready(Some(Ok(frame)));
                    }
                    *this.discarded += length;
                    if *this.discarded > MOST_DISCARDED {
                        return Poll::Ready(Some(Err(NoRoom.into())));
                    }
                }
                other => return Poll::Ready(other.map(|frame| frame.map_err(Into::into))),
            }
        }
        let (part, end) = (*this.part, *this.end);
        let waiting = this.waiting.get_or_insert_with(|| Box::pin(sleep_until(end.min(Instant::now() + part))));
        ready!(waiting.as_mut().poll(cx));
        let error = std::io::Error::new(std::io::ErrorKind::TimedOut, "the body took too long to arrive");
        Poll::Ready(Some(Err(error.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use futures_util::{StreamExt, stream};

    use super::*;

    const PART: Duration = Duration::from_millis(200);

    /// How long a body lasted whose parts come in such a distance; as an error where it was given up.
    async fn lasted(parts: u32, distance: Duration) -> Result<Duration, Duration> {
        let times = Times { idle: Duration::from_secs(75), slow: PART };
        let parts = stream::iter(0..parts).then(move |_| async move {
            tokio::time::sleep(distance).await;
            Ok::<_, std::convert::Infallible>(Bytes::from_static(b"x"))
        });
        let body = TimedBody::new(axum::body::Body::from_stream(parts), times, None);
        let begun = Instant::now();
        let mut read = axum::body::Body::new(body).into_data_stream();
        while let Some(part) = read.next().await {
            part.map_err(|_| begun.elapsed())?;
        }
        Ok(begun.elapsed())
    }

    #[tokio::test]
    async fn a_body_that_stops_or_trickles_is_given_up() {
        assert!(lasted(3, PART / 20).await.is_ok());
        let stopped = lasted(1, PART * 100).await.unwrap_err();
        assert!((PART..PART * 2).contains(&stopped), "{stopped:?}");
        let trickled = lasted(1000, PART / 20).await.unwrap_err();
        assert!((PART * 2..PART * 4).contains(&trickled), "{trickled:?}");
    }
}
