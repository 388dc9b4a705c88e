use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::BytesMut;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use prost::Message as _;

use super::frame;
use crate::api::proto::google::rpc;
use crate::api::proto::zitadel::v1;
use crate::api::response::respond;
use crate::api::{Body, Coding};
use crate::error::Error;
use crate::status::{ACCEPTED_ENCODINGS, Detail, Status, type_url};

pub(super) const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const WEB: HeaderValue = HeaderValue::from_static("application/grpc-web+proto");
const WEB_TEXT: HeaderValue = HeaderValue::from_static("application/grpc-web-text+proto");

/// Encodes a reply as a message and trailers. The HTTP status is 200, as of all answers here.
pub(super) fn encode(message: &[u8]) -> Response<Body> {
    let mut response = respond(GRPC, frame::write_message(message));
    response.body_mut().trailers = Some(success());
    response
}

/// Encodes an error as headers alone ("trailers-only").
pub(super) fn encode_error(error: &Error) -> Response<Body> {
    let mut response = respond(GRPC, "");
    response.headers_mut().extend(failure(error));
    add_accepted(response.headers_mut(), error);
    response
}

/// Encodes a reply or an error with the trailers as a frame of the body.
pub(super) fn encode_web(outcome: Result<&[u8], &Error>, coding: Coding) -> Response<Body> {
    let (mut body, trailers) = match outcome {
        Ok(message) => (frame::write_message(message), success()),
        Err(error) => (BytesMut::new(), failure(error)),
    };
    frame::write_trailers(&mut body, &trailers);
    let mut response = match coding {
        Coding::Binary => respond(WEB, body),
        Coding::Text => respond(WEB_TEXT, frame::write_text(&body)),
    };
    if let Err(error) = outcome {
        add_accepted(response.headers_mut(), error);
    }
    response
}

fn success() -> HeaderMap {
    HeaderMap::from_iter([(STATUS, HeaderValue::from_static("0"))])
}

fn failure(error: &Error) -> HeaderMap {
    let status = Status::from(error);
    let details = STANDARD_NO_PAD.encode(encode_status(&status));
    let mut trailers = HeaderMap::new();
    trailers.insert(STATUS, HeaderValue::from(u16::from(status.row.code.number)));
    for (name, text) in [
        (MESSAGE, percent_encoded(&status.message)),
        (DETAILS, details),
    ] {
        // Visible ASCII, both.
        if let Ok(value) = HeaderValue::from_str(&text) {
            trailers.insert(name, value);
        }
    }
    trailers
}

/// Encodes a text for `grpc-message`: visible ASCII and spaces stand for themselves, but for
/// `%`.
fn percent_encoded(text: &str) -> String {
    const HIDDEN: &AsciiSet = &CONTROLS.add(b'%');
    utf8_percent_encode(text, HIDDEN).to_string()
}

fn add_accepted(headers: &mut HeaderMap, error: &Error) {
    if matches!(error, Error::UnsupportedEncoding) {
        headers.insert(ACCEPT_ENCODING, ACCEPTED_ENCODINGS);
    }
}

#[test]
fn messages_are_percent_encoded() {
    for (text, want) in [
        (
            "User could not be found (QUERY-Dfbg2)",
            "User could not be found (QUERY-Dfbg2)",
        ),
        ("100%", "100%25"),
        ("a\r\nb\u{7f}", "a%0D%0Ab%7F"),
        ("ä", "%C3%A4"),
    ] {
        assert_eq!(percent_encoded(text), want);
    }
}

/// Encodes a detail's message in protobuf.
pub(super) fn encode_detail(detail: &Detail) -> Vec<u8> {
    match detail {
        Detail::Error { id, message } => {
            let (id, message) = ((*id).to_owned(), message.clone());
            v1::ErrorDetail { id, message }.encode_to_vec()
        }
        Detail::Credentials {
            id,
            message,
            failed_attempts,
        } => v1::CredentialsCheckError {
            id: (*id).to_owned(),
            message: message.clone(),
            failed_attempts: i32::try_from(*failed_attempts).unwrap_or(i32::MAX),
        }
        .encode_to_vec(),
        Detail::Retry { seconds } => {
            let delay = prost_types::Duration {
                seconds: i64::try_from(*seconds).unwrap_or(i64::MAX),
                nanos: 0,
            };
            let retry_delay = Some(delay);
            rpc::RetryInfo { retry_delay }.encode_to_vec()
        }
    }
}

/// Encodes an error as `google.rpc.Status`, in protobuf.
fn encode_status(status: &Status) -> Vec<u8> {
    let details = status.details.iter().map(|detail| prost_types::Any {
        type_url: type_url(detail),
        value: encode_detail(detail),
    });
    rpc::Status {
        code: status.row.code.number.into(),
        message: status.message.clone(),
        details: details.collect(),
    }
    .encode_to_vec()
}
