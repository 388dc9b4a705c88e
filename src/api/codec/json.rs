//! The JSON mapping of proto3 (<https://protobuf.dev/programming-guides/json/>).

mod duration;
mod fields;
mod list;
mod request;
mod response;
mod session;
mod tree;

pub use request::decode;
pub use response::encode;
pub(crate) use response::rfc_3339;
pub(in crate::api) use response::{encode_connect_error, encode_status};
