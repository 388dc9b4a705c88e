use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use prost::Message as _;
use serde::Serialize;

use super::encode;
use crate::api::proto::zitadel::v1::ErrorDetail;
use crate::api::status::{ERROR_DETAIL, Status, connect};

/// An error: `google.rpc.Status`, or Connect's form of it.
/// <https://connectrpc.com/docs/protocol/#error-end-stream>
#[derive(Serialize)]
struct ErrorBody<'a, Code, Detail> {
    code: Code,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<[Detail; 1]>,
}

/// A detail in a `google.protobuf.Any`.
#[derive(Serialize)]
struct AnyDetail<'a> {
    #[serde(rename = "@type")]
    kind: String,
    #[serde(flatten)]
    detail: &'a ErrorDetail,
}

#[derive(Serialize)]
struct ConnectDetail<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The detail in protobuf, in base64 without padding.
    value: String,
    /// The same for people to read.
    debug: &'a ErrorDetail,
}

pub(in crate::api) fn encode_status(status: &Status) -> Vec<u8> {
    let detail = status.detail.as_ref().map(|detail| AnyDetail {
        kind: format!("type.googleapis.com/{ERROR_DETAIL}"),
        detail,
    });
    encode(&ErrorBody {
        code: status.row.code,
        message: &status.message,
        details: detail.map(|detail| [detail]),
    })
}

pub(in crate::api) fn encode_connect_error(status: &Status) -> Vec<u8> {
    let detail = status.detail.as_ref().map(|detail| ConnectDetail {
        kind: ERROR_DETAIL,
        value: STANDARD_NO_PAD.encode(detail.encode_to_vec()),
        debug: detail,
    });
    encode(&ErrorBody {
        code: connect(status.row.code).0,
        message: &status.message,
        details: detail.map(|detail| [detail]),
    })
}
