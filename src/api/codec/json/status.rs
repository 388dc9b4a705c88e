use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use prost::Message as _;
use serde::Serialize;

use super::encode;
use crate::api::proto::zitadel::v1::ErrorDetail;
use crate::api::status::{ERROR_DETAIL, Status, connect};

/// `google.rpc.Status`.
#[derive(Serialize)]
struct StatusJson<'a> {
    code: u8,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<[DetailJson<'a>; 1]>,
}

/// `zitadel.v1.ErrorDetail` in a `google.protobuf.Any`.
#[derive(Serialize)]
struct DetailJson<'a> {
    #[serde(rename = "@type")]
    kind: &'static str,
    id: &'a str,
    message: &'a str,
}

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
    debug: ConnectDebug<'a>,
}

#[derive(Serialize)]
struct ConnectDebug<'a> {
    id: &'a str,
    message: &'a str,
}

pub(in crate::api) fn encode_status(status: &Status) -> Vec<u8> {
    encode(&StatusJson {
        code: status.row.code,
        message: &status.message,
        details: status.detail.as_ref().map(|detail| [detail_json(detail)]),
    })
}

fn detail_json(detail: &ErrorDetail) -> DetailJson<'_> {
    DetailJson {
        kind: "type.googleapis.com/zitadel.v1.ErrorDetail",
        id: &detail.id,
        message: &detail.message,
    }
}

pub(in crate::api) fn encode_connect_error(status: &Status) -> Vec<u8> {
    let (code, _) = connect(status.row.code);
    encode(&ConnectError {
        code,
        message: &status.message,
        details: status
            .detail
            .as_ref()
            .map(|detail| [connect_detail(detail)]),
    })
}

fn connect_detail(detail: &ErrorDetail) -> ConnectDetail<'_> {
    ConnectDetail {
        kind: ERROR_DETAIL,
        value: STANDARD_NO_PAD.encode(detail.encode_to_vec()),
        debug: ConnectDebug {
            id: &detail.id,
            message: &detail.message,
        },
    }
}
