use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::StatusCode;
use prost::Message as _;
use serde::Serialize;

use crate::api::proto::zitadel::v1;
use crate::error::Error;
use crate::status::{ErrorDetail, Row, Status};

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
    let (code, _) = connect(status.row.code);
    let detail = status.detail.as_ref().map(|detail| ConnectDetail {
        kind: "zitadel.v1.ErrorDetail",
        value: STANDARD_NO_PAD.encode(v1::ErrorDetail::from(detail).encode_to_vec()),
        debug: detail,
    });
    let error = ConnectError {
        code,
        message: &status.message,
        details: detail.map(|detail| [detail]),
    };
    // Strings can't fail to be written.
    serde_json::to_vec(&error).unwrap_or_default()
}

/// Connect's name of a `google.rpc.Code`, and its HTTP status.
/// <https://connectrpc.com/docs/protocol/#error-codes>
fn connect(code: u8) -> (&'static str, u16) {
    match code {
        3 => ("invalid_argument", 400),
        4 => ("deadline_exceeded", 504),
        5 => ("not_found", 404),
        6 => ("already_exists", 409),
        7 => ("permission_denied", 403),
        8 => ("resource_exhausted", 429),
        9 => ("failed_precondition", 400),
        10 => ("aborted", 409),
        12 => ("unimplemented", 501),
        13 => ("internal", 500),
        14 => ("unavailable", 503),
        16 => ("unauthenticated", 401),
        _ => ("unknown", 500),
    }
}

/// The HTTP status of an error in Connect: by Connect's own table, but for what HTTP itself has
/// a status for.
pub(in crate::api) fn connect_http(error: &Error, row: Row) -> StatusCode {
    match error {
        Error::MethodNotAllowed(_) | Error::UnsupportedMediaType(_) => row.http,
        _ => {
            let (_, http) = connect(row.code);
            StatusCode::from_u16(http).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}
