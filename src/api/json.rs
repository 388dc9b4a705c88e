//! The JSON mapping of proto3 (<https://protobuf.dev/programming-guides/json/>).

mod request;
mod response;
mod tree;

pub use request::decode_create_session;
#[cfg(feature = "cli")]
pub(crate) use response::rfc_3339;
pub use response::{encode_error, encode_reply};
