//! The JSON mapping of proto3 (<https://protobuf.dev/programming-guides/json/>).

mod connect_error;
mod duration;
mod fields;
mod list;
mod request;
pub(in crate::api) mod serialize;
mod tree;

use serde::Serialize;

pub(super) use connect_error::{connect_http, encode_connect_error};
pub use request::{BoundFields, decode};

pub(super) fn encode(message: &impl Serialize) -> Vec<u8> {
    // Strings and numbers can't fail to be written.
    serde_json::to_vec(message).unwrap_or_default()
}
