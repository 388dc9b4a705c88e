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

use super::budget::Held;

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

/// The body of an answer, in pieces, which counts as unread until its last piece is handed on.
#[derive(Debug)]
pub struct Pieces {
    rest: Bytes,
    trailers: Option<HeaderMap>,
    _held: Held,
    _reading: Reading,
}

impl Pieces {
    pub fn new(data: Bytes, trailers: Option<HeaderMap>, held: Held, reading: Reading) -> Self {
        Self {
            rest: data,
            trailers,
            _held: held,
            _reading: reading,
        }
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
            // A copy: a piece that waits for its client would keep the whole answer.
            return Poll::Ready(Some(Ok(Frame::data(Bytes::copy_from_slice(&piece)))));
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
