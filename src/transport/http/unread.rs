//! Responses that their clients have not read.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::Instant;

/// The largest chunk of a response. hyper gets the next chunk only when the client accepts more.
const CHUNK_BYTES: usize = 16 * 1024;

/// The unread responses of one connection, with the time by which each has to be read.
#[derive(Debug, Default)]
pub struct UnreadResponses {
    /// The deadlines, each with a number that makes it unique, and the last such number.
    deadlines: Mutex<(BTreeSet<(Instant, u64)>, u64)>,
    changed: Notify,
}

impl UnreadResponses {
    fn deadlines(&self) -> MutexGuard<'_, (BTreeSet<(Instant, u64)>, u64)> {
        self.deadlines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a response that has to be read by `at`.
    pub fn add(self: &Arc<Self>, at: Instant) -> ReadDeadline {
        let mut deadlines = self.deadlines();
        deadlines.1 += 1;
        let entry = (at, deadlines.1);
        deadlines.0.insert(entry);
        self.changed.notify_one();
        ReadDeadline {
            unread: Arc::clone(self),
            entry,
        }
    }

    /// Waits until a response is not read in time.
    pub async fn overdue(&self) {
        loop {
            let first = self.deadlines().0.first().map(|(at, _)| *at);
            match first {
                Some(at) if at <= Instant::now() => return,
                Some(at) => tokio::select! {
                    () = tokio::time::sleep_until(at) => {}
                    () = self.changed.notified() => {}
                },
                None => self.changed.notified().await,
            }
        }
    }
}

/// The entry of an unread response, which is removed when this is dropped.
#[derive(Debug)]
pub struct ReadDeadline {
    unread: Arc<UnreadResponses>,
    entry: (Instant, u64),
}

impl Drop for ReadDeadline {
    fn drop(&mut self) {
        self.unread.deadlines().0.remove(&self.entry);
    }
}

/// The body of a response, which is written in chunks.
#[derive(Debug)]
pub struct ChunkedBody {
    rest: Bytes,
    trailers: Option<HeaderMap>,
}

impl ChunkedBody {
    pub fn new(data: Bytes, trailers: Option<HeaderMap>, held: impl Send + 'static) -> Self {
        Self {
            rest: hold_until_written(data, held),
            trailers,
        }
    }
}

/// Returns the same data, which drops `held` once its last byte is written to the connection.
///
/// To drop it when hyper takes the data would be too early: over HTTP/2, hyper takes a whole chunk
/// as soon as the client's window has room for one byte, and keeps the rest.
pub fn hold_until_written(data: Bytes, held: impl Send + 'static) -> Bytes {
    Bytes::from_owner(HeldBytes { data, _held: held })
}

struct HeldBytes<T> {
    data: Bytes,
    _held: T,
}

impl<T> AsRef<[u8]> for HeldBytes<T> {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

impl Body for ChunkedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if !self.rest.is_empty() {
            let length = self.rest.len().min(CHUNK_BYTES);
            let chunk = self.rest.split_to(length);
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        let trailers = self.trailers.take();
        Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

#[test]
fn a_response_is_read_once_its_last_chunk_is_written() {
    for length in [0, 1, CHUNK_BYTES, 2 * CHUNK_BYTES + 1] {
        let (held, is_read) = (Arc::new(()), |held: &Arc<()>| Arc::strong_count(held) == 1);
        let data = Bytes::from(vec![0; length]);
        let mut body = ChunkedBody::new(data, None, Arc::clone(&held));

        let mut cx = Context::from_waker(std::task::Waker::noop());
        let mut chunks = Vec::new();
        while let Poll::Ready(Some(Ok(chunk))) = Pin::new(&mut body).poll_frame(&mut cx) {
            chunks.push(chunk);
        }
        assert_eq!(chunks.len(), length.div_ceil(CHUNK_BYTES), "{length}");
        drop(body);
        assert_eq!(is_read(&held), length == 0, "{length}");
        chunks.drain(..chunks.len().saturating_sub(1));
        assert_eq!(is_read(&held), length == 0, "{length}");
        drop(chunks);
        assert!(is_read(&held), "{length}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_response_that_is_not_read_in_time_is_overdue() {
    use std::time::Duration;

    let unread = Arc::new(UnreadResponses::default());
    let start = Instant::now();
    let second = |n| start + Duration::from_secs(n);
    let late = unread.add(second(30));
    let early = unread.add(second(10));
    let overdue = {
        let unread = Arc::clone(&unread);
        tokio::spawn(async move {
            unread.overdue().await;
            Instant::now()
        })
    };
    tokio::time::sleep(Duration::from_secs(9)).await;
    drop(early);
    assert_eq!(overdue.await.unwrap(), second(30));
    drop(late);
}
