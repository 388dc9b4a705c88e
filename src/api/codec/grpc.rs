use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::BytesMut;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::compression::ACCEPTED;
use super::frame;
use crate::api::protocol::{Coding, respond};
use crate::api::route::Version;
use crate::api::status::Status;
use crate::api::{Body, messages};
use crate::error::Error;
use crate::service::Reply;

pub(in crate::api) const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const WEB: HeaderValue = HeaderValue::from_static("application/grpc-web+proto");
const WEB_TEXT: HeaderValue = HeaderValue::from_static("application/grpc-web-text+proto");

/// A message and trailers, or headers alone for an error ("trailers-only"). The HTTP
/// status is 200 either way.
pub(in crate::api) fn encode(outcome: &Result<Reply, Error>, version: Version) -> Response<Body> {
    match outcome {
        Ok(reply) => {
            let mut response = respond(
                GRPC,
                frame::write_message(&messages::encode(reply, version)),
            );
            response.body_mut().trailers = Some(success());
            response
        }
        Err(error) => {
            let mut response = respond(GRPC, "");
            response.headers_mut().extend(failure(error));
            add_accepted(response.headers_mut(), error);
            response
        }
    }
}

/// The trailers are a frame of the body.
pub(in crate::api) fn encode_web(
    outcome: &Result<Reply, Error>,
    version: Version,
    coding: Coding,
) -> Response<Body> {
    let (mut body, trailers) = match outcome {
        Ok(reply) => (
            frame::write_message(&messages::encode(reply, version)),
            success(),
        ),
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
    let status = Status::of(error);
    let details = STANDARD_NO_PAD.encode(status.encode());
    let mut trailers = HeaderMap::new();
    trailers.insert(STATUS, HeaderValue::from(u16::from(status.row.code)));
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

/// As `grpc-message` wants it: visible ASCII and spaces stand for themselves, but for `%`.
fn percent_encoded(text: &str) -> String {
    const HIDDEN: &AsciiSet = &CONTROLS.add(b'%');
    utf8_percent_encode(text, HIDDEN).to_string()
}

fn add_accepted(headers: &mut HeaderMap, error: &Error) {
    if matches!(error, Error::UnsupportedEncoding) {
        headers.insert(ACCEPT_ENCODING, ACCEPTED);
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
