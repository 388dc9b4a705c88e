//! Reads the frames of gRPC and of both forms of gRPC-Web, with and without gzip.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use sesame::api::codec::{Compression, frame};

const MAX_MESSAGE_BYTES: usize = 4096;

fuzz_target!(|body: &[u8]| {
    for compression in [Compression::Identity, Compression::Gzip] {
        let read = |body: Bytes| frame::read_message(&body, compression, MAX_MESSAGE_BYTES);
        if let Ok(message) = read(Bytes::copy_from_slice(body)) {
            assert!(message.len() <= MAX_MESSAGE_BYTES);
            assert_eq!(
                read(frame::write_message(&message).freeze()).ok(),
                Some(message)
            );
        }
    }
    let text = frame::write_text(body);
    assert_eq!(frame::read_text(&text).expect("its own text"), body);
    if let Ok(binary) = frame::read_text(body) {
        assert!(binary.len() <= body.len());
        let _ = frame::read_message(&binary, Compression::Gzip, MAX_MESSAGE_BYTES);
    }
});
