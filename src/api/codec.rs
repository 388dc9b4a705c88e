//! Decodes requests to calls and encodes replies, in each protocol. None of it does I/O.

mod compression;
pub mod frame;
mod grpc;
pub mod json;

use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

use self::json::BoundFields;
use super::messages::{self, ReplyMessage};
use super::response::respond;
use crate::api::{
    Body, Codec, Coding, MatchedRoute, Protocol, Request, RequestHeaders, Version, WireLimits,
};
use crate::error::Error;
use crate::service::{Call, PAGE_ADVICE, Reply};
use crate::status::{self, Status};

pub use compression::Compression;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROTO: HeaderValue = HeaderValue::from_static("application/proto");
const CONNECT_VERSION: HeaderName = HeaderName::from_static("connect-protocol-version");

/// Decodes the call of a request.
///
/// # Errors
///
/// - [`Error::Malformed`], [`Error::InvalidArgument`]: it can't be read, or breaks a limit.
/// - [`Error::BodyTooLarge`]: the message in it is longer than the limit.
/// - [`Error::Unimplemented`], [`Error::UnsupportedEncoding`]: it wants what this service
///   doesn't do.
pub fn decode(route: &MatchedRoute, request: &Request, limits: WireLimits) -> Result<Call, Error> {
    let Request { headers, body, .. } = request;
    let (operation, version) = (route.operation, route.version);
    let call_headers = RequestHeaders::read(headers);
    match route.protocol {
        Protocol::Json => {
            // A GET has no body: the path and the query name what it reads.
            let body = match request.method {
                Method::GET => Bytes::new(),
                _ => read_plain(headers, body, limits)?,
            };
            let bound = BoundFields::read(route, request)?;
            json::decode(operation, version, bound, call_headers, &body)
        }
        Protocol::Connect(codec) => {
            check_connect_version(headers)?;
            let message = read_plain(headers, body, limits)?;
            match codec {
                Codec::Json => {
                    let bound = BoundFields::default();
                    json::decode(operation, version, bound, call_headers, &message)
                }
                Codec::Proto => messages::decode(operation, version, call_headers, &message),
            }
        }
        Protocol::Grpc | Protocol::GrpcWeb(Coding::Binary) => messages::decode(
            operation,
            version,
            call_headers,
            &read_framed(headers, body, limits)?,
        ),
        Protocol::GrpcWeb(Coding::Text) => {
            let body = frame::read_text(body)?;
            messages::decode(
                operation,
                version,
                call_headers,
                &read_framed(headers, &body, limits)?,
            )
        }
    }
}

/// Encodes a reply in the shape of `version`. `created` is the HTTP status of a new session on
/// the JSON paths.
///
/// # Errors
///
/// [`Error::ListTooLong`]: the message is too large for some clients. Only a list can become so
/// large.
pub fn encode(
    protocol: Protocol,
    version: Version,
    reply: &Reply,
    created: StatusCode,
) -> Result<Response<Body>, Error> {
    let message = ReplyMessage::new(reply, version);
    let response = match protocol {
        Protocol::Json => {
            let mut response = respond(JSON, json::encode(&message));
            if matches!(reply, Reply::CreateSession(_)) {
                *response.status_mut() = created;
            }
            response
        }
        Protocol::Connect(Codec::Json) => respond(JSON, json::encode(&message)),
        Protocol::Connect(Codec::Proto) => respond(PROTO, message.encode_to_vec()),
        Protocol::Grpc => grpc::encode(&message),
        Protocol::GrpcWeb(coding) => grpc::encode_web(&message, coding),
    };
    if !can_carry(protocol, response.body()) {
        return Err(Error::ListTooLong(PAGE_ADVICE));
    }
    Ok(response)
}

/// Encodes an error.
pub fn encode_error(protocol: Protocol, error: &Error) -> Response<Body> {
    match protocol {
        Protocol::Json => status::json_error(error).map(Body::from),
        Protocol::Connect(_) => {
            let status = Status::from(error);
            let mut response = respond(JSON, json::encode_connect_error(&status));
            *response.status_mut() = json::connect_http(error, status.row);
            response.headers_mut().extend(status::header(error));
            response
        }
        Protocol::Grpc => grpc::encode_error(error),
        Protocol::GrpcWeb(coding) => grpc::encode_web_error(error, coding),
    }
}

/// Whether the body of an answer reaches every client whole.
///
/// gRPC clients accept messages of at most 4 MiB by default. Lambda accepts
/// answers of at most 6 MB of JSON, in which a body is a string or base64.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
fn can_carry(protocol: Protocol, body: &Body) -> bool {
    const MESSAGE: usize = 4 * 1024 * 1024;
    const STRING: usize = 6_000_000;

    let length = body.data.len();
    match protocol {
        Protocol::GrpcWeb(Coding::Text) => length / 4 * 3 <= MESSAGE,
        Protocol::Grpc | Protocol::GrpcWeb(Coding::Binary) | Protocol::Connect(Codec::Proto) => {
            length <= MESSAGE
        }
        Protocol::Json | Protocol::Connect(Codec::Json) => {
            let escaped = body.data.iter().filter(|byte| b"\"\\".contains(byte));
            length <= MESSAGE && length + escaped.count() <= STRING
        }
    }
}

/// Decompresses a body that is the message itself.
fn read_plain(headers: &HeaderMap, body: &Bytes, limits: WireLimits) -> Result<Bytes, Error> {
    Compression::from_headers(headers, &CONTENT_ENCODING)?.decompress(body, limits.message)
}

/// Reads the message of a body that is a gRPC frame.
fn read_framed(headers: &HeaderMap, body: &Bytes, limits: WireLimits) -> Result<Bytes, Error> {
    let compression = Compression::from_headers(headers, &grpc::ENCODING)?;
    frame::read_message(body, compression, limits.message)
}

/// Clients that say which version of Connect they speak say "1".
fn check_connect_version(headers: &HeaderMap) -> Result<(), Error> {
    match headers.get(CONNECT_VERSION) {
        Some(version) if version != "1" => Err(Error::Malformed(
            "connect-protocol-version must be 1".to_owned(),
        )),
        _ => Ok(()),
    }
}
