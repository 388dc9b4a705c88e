//! The JSON mapping of proto3 (<https://protobuf.dev/programming-guides/json/>).

mod duration;
mod fields;
mod list;
mod request;
pub(in crate::api) mod serialize;
mod status;
mod tree;

use serde::Serialize;

pub use request::{BoundFields, decode};
pub(super) use status::{encode_connect_error, encode_status};

pub(super) fn encode(message: &impl Serialize) -> Vec<u8> {
    // Strings and numbers can't fail to be written.
    serde_json::to_vec(message).unwrap_or_default()
}
