//! Responses that their clients have not read.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::guard::Guard;

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

    /// Adds a response that has to be read by `at`, until the guard is dropped.
    pub fn add(self: &Arc<Self>, at: Instant) -> Guard {
        let mut deadlines = self.deadlines();
        deadlines.1 += 1;
        let entry = (at, deadlines.1);
        deadlines.0.insert(entry);
        self.changed.notify_one();
        let unread = Arc::clone(self);
        Guard::new(move || {
            unread.deadlines().0.remove(&entry);
        })
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

/// Returns the same data, which drops `held` once its last byte is written to the connection.
///
/// To drop it when hyper takes the data would be too early: over HTTP/2, hyper takes a whole chunk
/// as soon as the client's window has room for one byte, and keeps the rest.
pub fn hold_until_written(data: Bytes, held: impl Send + 'static) -> Bytes {
    Bytes::from_owner(HeldBytes { data, _held: held })
}

/// Drops `held` once the head of a response without data is written.
pub fn hold_in_head(headers: &mut HeaderMap, held: impl Send + 'static) {
    let Some(value) = headers.values_mut().next() else {
        return;
    };
    let text = Bytes::copy_from_slice(value.as_bytes());
    if let Ok(mut holding) = HeaderValue::from_maybe_shared(hold_until_written(text, held)) {
        // HPACK would keep the value, for responses to come.
        holding.set_sensitive(true);
        *value = holding;
    }
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

#[test]
fn a_response_is_held_until_its_last_byte_or_its_head_is_written() {
    let held = Arc::new(());
    let mut data = hold_until_written(Bytes::from_static(b"whole"), Arc::clone(&held));
    let written = data.split_to(4);
    drop(written);
    assert_eq!(Arc::strong_count(&held), 2);
    drop(data);
    assert_eq!(Arc::strong_count(&held), 1);

    let mut headers = HeaderMap::new();
    headers.insert("x-request-id", HeaderValue::from_static("1"));
    hold_in_head(&mut headers, Arc::clone(&held));
    assert_eq!(headers["x-request-id"], "1");
    assert_eq!(Arc::strong_count(&held), 2);
    drop(headers);
    assert_eq!(Arc::strong_count(&held), 1);
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
