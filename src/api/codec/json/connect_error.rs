use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::StatusCode;
use serde::Serialize;

use crate::api::codec::grpc::encode_detail;
use crate::error::{Error, Row};
use crate::status::{ErrorDetail, Status};

/// An error of Connect.
/// <https://connectrpc.com/docs/protocol/#error-end-stream>
#[derive(Serialize)]
struct ConnectError<'a> {
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<[ConnectDetail<'a>; 1]>,
}

#[derive(Serialize)]
struct ConnectDetail<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The message in protobuf, in base64 without padding.
    value: String,
    /// The same for people to read.
    debug: &'a ErrorDetail,
}

pub(in crate::api) fn encode_connect_error(status: &Status) -> Vec<u8> {
    let detail = status.detail.as_ref().map(|detail| ConnectDetail {
        kind: "zitadel.v1.ErrorDetail",
        value: STANDARD_NO_PAD.encode(encode_detail(detail)),
        debug: detail,
    });
    let error = ConnectError {
        code: status.row.code.name,
        message: &status.message,
        details: detail.map(|detail| [detail]),
    };
    // Strings can't fail to be written.
    serde_json::to_vec(&error).unwrap_or_default()
}

/// The HTTP status of an error in Connect: by Connect's own table, but for what HTTP itself has
/// a status for.
pub(in crate::api) fn connect_http(error: &Error, row: Row) -> StatusCode {
    match error {
        Error::MethodNotAllowed(_) | Error::UnsupportedMediaType(_) => row.http,
        _ => row.code.http,
    }
}
