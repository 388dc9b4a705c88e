use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::StatusCode;
use serde::Serialize;

use crate::api::codec::grpc::encode_detail;
use crate::error::{Error, Row};
use crate::status::{Detail, Status, error_body};

/// A detail of an error of Connect.
/// <https://connectrpc.com/docs/protocol/#error-end-stream>
#[derive(Serialize)]
struct ConnectDetail<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The message in protobuf, in base64 without padding.
    value: String,
    /// The same for people to read.
    debug: &'a Detail,
}

pub(in crate::api) fn encode_connect_error(status: &Status) -> Vec<u8> {
    error_body(status.row.code.name, status, |detail| ConnectDetail {
        kind: detail.kind(),
        value: STANDARD_NO_PAD.encode(encode_detail(detail)),
        debug: detail,
    })
}

/// The HTTP status of an error in Connect: by Connect's own table, but for what HTTP itself has
/// a status for.
pub(in crate::api) fn connect_http(error: &Error, row: Row) -> StatusCode {
    match error {
        Error::MethodNotAllowed(_) | Error::UnsupportedMediaType(_) => row.http,
        _ => row.code.http,
    }
}
