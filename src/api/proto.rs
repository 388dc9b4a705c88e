//! The messages of `proto/`, as `build.rs` makes them.
//!
//! They hold passwords and tokens, and so have no `Debug`. Where the older versions
//! have a message of v2's shape, it is v2's type.

#![allow(
    clippy::all,
    clippy::pedantic,
    reason = "what a generator writes is not ours to lint"
)]

include!(concat!(env!("OUT_DIR"), "/proto.rs"));

/// Everything in `proto/`, as a `google.protobuf.FileDescriptorSet`.
#[cfg(feature = "cli")]
pub static DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
