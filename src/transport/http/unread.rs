//! What is held until a client has read a response.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

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
    use std::sync::Arc;

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
