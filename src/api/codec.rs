//! How messages are written down: JSON, protobuf in gRPC's frames, and gzip around either.

mod compression;
pub mod frame;
pub(super) mod grpc;
pub mod json;

pub(in crate::api) use compression::ACCEPTED;
pub use compression::Compression;
