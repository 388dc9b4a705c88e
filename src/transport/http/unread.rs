//! Answers that their client hasn't read yet.

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

/// In bytes. No more of an answer is handed on than its client takes.
const PIECE: usize = 16 * 1024;

/// The answers of one connection, and when each of them must be read.
#[derive(Debug, Default)]
pub struct Unread {
    /// With a number that tells those of one instant apart.
    due: Mutex<(BTreeSet<(Instant, u64)>, u64)>,
    changed: Notify,
}

impl Unread {
    fn due(&self) -> MutexGuard<'_, (BTreeSet<(Instant, u64)>, u64)> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An answer that must be read by `at`.
    pub fn until(self: &Arc<Self>, at: Instant) -> Reading {
        let mut due = self.due();
        due.1 += 1;
        let entry = (at, due.1);
        due.0.insert(entry);
        self.changed.notify_one();
        Reading {
            unread: Arc::clone(self),
            entry,
        }
    }

    /// Waits until an answer isn't read in time.
    pub async fn overdue(&self) {
        loop {
            let first = self.due().0.first().map(|(at, _)| *at);
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

/// An answer that is being read, until this is dropped.
#[derive(Debug)]
pub struct Reading {
    unread: Arc<Unread>,
    entry: (Instant, u64),
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.unread.due().0.remove(&self.entry);
    }
}

/// The body of an answer, in pieces.
#[derive(Debug)]
pub struct Pieces {
    rest: Bytes,
    trailers: Option<HeaderMap>,
}

impl Pieces {
    pub fn new(data: Bytes, trailers: Option<HeaderMap>, until_read: impl Send + 'static) -> Self {
        Self {
            rest: keep(data, until_read),
            trailers,
        }
    }
}

/// The same data; `until_read` is dropped once the last piece of it is written to the
/// connection. It can't be when that is handed on: HTTP/2 then keeps it for as long as the
/// client's window has no room, and a window of one byte is enough to have it handed on.
pub fn keep(data: Bytes, until_read: impl Send + 'static) -> Bytes {
    Bytes::from_owner(Kept {
        data,
        _until_read: until_read,
    })
}

struct Kept<T> {
    data: Bytes,
    _until_read: T,
}

impl<T> AsRef<[u8]> for Kept<T> {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if !self.rest.is_empty() {
            let length = self.rest.len().min(PIECE);
            let piece = self.rest.split_to(length);
            return Poll::Ready(Some(Ok(Frame::data(piece))));
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
fn an_answer_is_read_when_its_last_piece_is_gone() {
    for length in [0, 1, PIECE, 2 * PIECE + 1] {
        let (until_read, read) = (Arc::new(()), |kept: &Arc<()>| Arc::strong_count(kept) == 1);
        let data = Bytes::from(vec![0; length]);
        let mut body = Pieces::new(data, None, Arc::clone(&until_read));

        let mut cx = Context::from_waker(std::task::Waker::noop());
        let mut pieces = Vec::new();
        while let Poll::Ready(Some(Ok(piece))) = Pin::new(&mut body).poll_frame(&mut cx) {
            pieces.push(piece);
        }
        assert_eq!(pieces.len(), length.div_ceil(PIECE), "{length}");
        drop(body);
        assert_eq!(read(&until_read), length == 0, "{length}");
        pieces.drain(..pieces.len().saturating_sub(1));
        assert_eq!(read(&until_read), length == 0, "{length}");
        drop(pieces);
        assert!(read(&until_read), "{length}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_answer_that_is_not_read_in_time_is_told() {
    use std::time::Duration;

    let unread = Arc::new(Unread::default());
    let start = Instant::now();
    let second = |n| start + Duration::from_secs(n);
    let late = unread.until(second(30));
    let early = unread.until(second(10));
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
