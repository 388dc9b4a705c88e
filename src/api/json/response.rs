use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use serde::Serialize;
use time::OffsetDateTime;

use crate::api::status::row;
use crate::domain::Timestamp;
use crate::error::Error;
use crate::service::{CreatedSession, Details, Reply};

/// How long a client may wait before it tries again, in seconds.
const RETRY_AFTER_SECONDS: &str = "1";

/// `CreateSessionResponse`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreateSessionResponse<'a> {
    details: DetailsJson<'a>,
    session_id: String,
    session_token: &'a str,
}

/// `zitadel.object.Details`. 64-bit numbers are strings in proto3's JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DetailsJson<'a> {
    sequence: String,
    change_date: String,
    resource_owner: &'a str,
}

/// `google.rpc.Status`.
#[derive(Serialize)]
struct Status<'a> {
    code: u8,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<[ErrorDetail<'a>; 1]>,
}

/// `zitadel.v1.ErrorDetail`.
#[derive(Serialize)]
struct ErrorDetail<'a> {
    #[serde(rename = "@type")]
    kind: &'static str,
    id: &'static str,
    message: &'a str,
}

pub fn encode_reply(reply: &Reply, created: StatusCode) -> Response<Bytes> {
    match reply {
        Reply::CreateSession(session) => respond(created, &create_session(session)),
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
        sequence: details.sequence.0.to_string(),
        change_date: rfc_3339(details.change_date),
        resource_owner: &details.resource_owner,
    }
}

pub fn encode_error(error: &Error) -> Response<Bytes> {
    let row = row(error);
    let text = error.to_string();
    let message = row
        .id
        .map_or_else(|| text.clone(), |id| format!("{text} ({id})"));
    let details = row.id.map(|id| {
        [ErrorDetail {
            kind: "type.googleapis.com/zitadel.v1.ErrorDetail",
            id,
            message: &text,
        }]
    });
    let status = Status {
        code: row.code,
        message: &message,
        details,
    };
    let mut response = respond(row.http, &status);
    let header = match error {
        Error::Unauthenticated => Some((WWW_AUTHENTICATE, "Bearer")),
        Error::MethodNotAllowed(allowed) => Some((ALLOW, *allowed)),
        Error::Overloaded | Error::Unavailable(_) => Some((RETRY_AFTER, RETRY_AFTER_SECONDS)),
        _ => None,
    };
    if let Some((name, value)) = header {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

fn respond(status: StatusCode, body: &impl Serialize) -> Response<Bytes> {
    // Strings and numbers can't fail to be written.
    let body = serde_json::to_vec(body).unwrap_or_default();
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
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
