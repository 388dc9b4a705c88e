//! Decodes requests to calls and encodes replies, in each protocol. None of it does I/O.

mod compression;
mod filter;
pub mod frame;
mod grpc;
pub mod json;
mod path;

use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use http::{HeaderName, HeaderValue, Response, StatusCode};

use self::filter::filter;
use self::json::Encoded;
use super::response::respond;
use crate::api::{Body, Codec, Coding, MatchedRoute, Protocol, Request, WireLimits};
use crate::error::Error;
use crate::service::PAGE_ADVICE;
use crate::status::{self, Status};

pub use compression::Compression;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROTO: HeaderValue = HeaderValue::from_static("application/proto");
const CONNECT_VERSION: HeaderName = HeaderName::from_static("connect-protocol-version");

/// The answer to a call that was carried out. It may hold a token, and so has no `Debug`.
pub struct Answer {
    /// v2's message in protobuf.
    pub message: Vec<u8>,
    /// Whether JSON's routes answer with the status of what was created.
    pub creates: bool,
}

/// Decodes the message of a request to v2's message in protobuf, without fields that the version
/// lacks.
pub(super) fn decode(
    route: &MatchedRoute,
    request: &Request,
    limits: WireLimits,
) -> Result<Encoded, Error> {
    let Request { headers, body, .. } = request;
    // Clients that say which version of Connect they speak say "1".
    if let (Protocol::Connect(_), Some(version)) = (route.protocol, headers.get(CONNECT_VERSION))
        && version != "1"
    {
        let reason = "connect-protocol-version must be 1";
        return Err(Error::Malformed(reason.to_owned()));
    }
    let framed = |body: &Bytes| {
        let compression = Compression::from_headers(headers, &grpc::ENCODING)?;
        frame::read_message(body, compression, limits.message)
    };
    let message = match route.protocol {
        // A route without a body has its fields in the path and in the query.
        _ if !route.has_body => Bytes::new(),
        Protocol::Json | Protocol::Connect(_) => {
            let compression = Compression::from_headers(headers, &CONTENT_ENCODING)?;
            compression.decompress(body, limits.message)?
        }
        Protocol::Grpc | Protocol::GrpcWeb(Coding::Binary) => framed(body)?,
        Protocol::GrpcWeb(Coding::Text) => framed(&frame::read_text(body)?)?,
    };
    match route.protocol {
        Protocol::Json | Protocol::Connect(Codec::Json) => json::read(route, request, &message),
        Protocol::Connect(Codec::Proto) | Protocol::Grpc | Protocol::GrpcWeb(_) => {
            filter(route.procedure.request, &message).map(Encoded::new)
        }
    }
}

/// Encodes the answer to a call in the shape of the route's version. `created` is the HTTP status
/// of a new session on the JSON paths.
///
/// # Errors
///
/// [`Error::ListTooLong`]: the message is too large for some clients. Only a list can become so
/// large.
pub fn encode(
    route: &MatchedRoute,
    answer: &Answer,
    created: StatusCode,
) -> Result<Response<Body>, Error> {
    let reply = route.procedure.reply;
    let json = || json::write(reply, &answer.message);
    let binary = || filter(reply, &answer.message);
    let response = match route.protocol {
        Protocol::Json => {
            let mut response = respond(JSON, json()?);
            if answer.creates {
                *response.status_mut() = created;
            }
            response
        }
        Protocol::Connect(Codec::Json) => respond(JSON, json()?),
        Protocol::Connect(Codec::Proto) => respond(PROTO, binary()?.to_vec()),
        Protocol::Grpc => grpc::encode(&binary()?),
        Protocol::GrpcWeb(coding) => grpc::encode_web(Ok(&binary()?), coding),
    };
    if !can_carry(route.protocol, response.body()) {
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
        Protocol::GrpcWeb(coding) => grpc::encode_web(Err(error), coding),
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
