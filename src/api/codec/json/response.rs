use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use prost::Message as _;
use serde::Serialize;
use time::OffsetDateTime;

use super::session::{GetSessionResponse, ListSessionsResponse};
use crate::api::proto::zitadel::v1::ErrorDetail;
use crate::api::route::Version;
use crate::api::status::{ERROR_DETAIL, Status, connect};
use crate::domain::Timestamp;
use crate::service::{CreatedSession, Details, Reply};
use crate::token::SessionToken;

/// `CreateSessionResponse`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreateSessionResponse<'a> {
    details: DetailsJson<'a>,
    session_id: String,
    session_token: &'a str,
}

/// `SetSessionResponse`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SetSessionResponse<'a> {
    details: DetailsJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_token: Option<&'a str>,
}

/// `DeleteSessionResponse`.
#[derive(Serialize)]
struct DeleteSessionResponse<'a> {
    details: DetailsJson<'a>,
}

/// `zitadel.object.Details`. 64-bit numbers are strings in proto3's JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DetailsJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change_date: Option<String>,
    resource_owner: &'a str,
}

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
    /// For people's eyes.
    debug: ConnectDebug<'a>,
}

#[derive(Serialize)]
struct ConnectDebug<'a> {
    id: &'a str,
    message: &'a str,
}

/// In the shape of `version`, which may lack fields of the later ones.
pub fn encode(reply: &Reply, version: Version) -> Vec<u8> {
    match reply {
        Reply::CreateSession(session) => write(&create_session(session)),
        Reply::SetSession(session) => write(&SetSessionResponse {
            details: details(&session.details),
            session_token: session.session_token.as_ref().map(SessionToken::as_str),
        }),
        Reply::GetSession(got) => write(&GetSessionResponse::of(got, version)),
        Reply::DeleteSession(deleted) => write(&DeleteSessionResponse {
            details: details(deleted),
        }),
        Reply::ListSessions(listed) => write(&ListSessionsResponse::of(listed, version)),
    }
}

fn create_session(session: &CreatedSession) -> CreateSessionResponse<'_> {
    CreateSessionResponse {
        details: details(&session.details),
        session_id: session.session_id.to_string(),
        session_token: session.session_token.as_str(),
    }
}

fn details(details: &Details) -> DetailsJson<'_> {
    DetailsJson {
        sequence: sequence(details.sequence.0),
        change_date: details.change_date.map(rfc_3339),
        resource_owner: &details.resource_owner,
    }
}

/// None: it is 0, and left out.
pub(super) fn sequence(number: u64) -> Option<String> {
    (number > 0).then(|| number.to_string())
}

pub(in crate::api) fn encode_status(status: &Status) -> Vec<u8> {
    write(&StatusJson {
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
    write(&ConnectError {
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

fn write(body: &impl Serialize) -> Vec<u8> {
    // Strings and numbers can't fail to be written.
    serde_json::to_vec(body).unwrap_or_default()
}

/// With three digits of a second or none, as proto3's mapping has it.
pub(crate) fn rfc_3339(at: Timestamp) -> String {
    let nanos = i128::from(at.as_millis()) * 1_000_000;
    // Only a clock thousands of years off is out of range.
    let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, time) = (at.date(), at.time());
    let fraction = match time.millisecond() {
        0 => String::new(),
        millis => format!(".{millis:03}"),
    };
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{fraction}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second(),
    )
}

#[test]
fn times_are_rfc_3339_in_utc() {
    for (millis, text) in [
        (0, "1970-01-01T00:00:00Z"),
        (1_683_796_445_123, "2023-05-11T09:14:05.123Z"),
        (1_683_796_445_120, "2023-05-11T09:14:05.120Z"),
        (1_709_164_800_001, "2024-02-29T00:00:00.001Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
    ] {
        assert_eq!(rfc_3339(Timestamp::from_millis(millis)), text);
    }
}
