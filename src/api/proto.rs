//! The messages of `proto/`, which `build.rs` generates.
//!
//! They hold passwords and tokens, and so have no `Debug`. Messages of the older versions that
//! have v2's shape are v2's types.

#![allow(
    clippy::all,
    clippy::pedantic,
    reason = "what a generator writes is not ours to lint"
)]

include!(concat!(env!("OUT_DIR"), "/proto.rs"));

/// All of `proto/`, as a `google.protobuf.FileDescriptorSet`.
#[cfg(feature = "cli")]
pub static DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
