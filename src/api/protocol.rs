use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, ETAG, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

use super::codec::{ACCEPTED, Compression, frame, grpc, json};
use super::route::{Bound, Route, Version};
use super::status::Status;
use super::{Body, Request, messages, request_headers, status};
use crate::config::WireLimits;
use crate::domain::Sequence;
use crate::error::{Error, TokenFault};
use crate::service::{Call, Reply};

/// How a call and its answer are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// On the JSON routes.
    Json,
    /// <https://connectrpc.com/docs/protocol/#unary-request>
    Connect(Codec),
    GrpcWeb(Coding),
    Grpc,
}

/// Of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    Json,
    Proto,
}

/// Of gRPC-Web's frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    Binary,
    /// Base64.
    Text,
}

/// How long a client may wait before it tries again, in seconds.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");
/// Challenges to callers. One that has shown no token is told of no error.
/// <https://www.rfc-editor.org/rfc/rfc6750#section-3.1>
const NO_TOKEN: HeaderValue = HeaderValue::from_static("Bearer");
const INVALID_TOKEN: HeaderValue = HeaderValue::from_static("Bearer error=\"invalid_token\"");
const INSUFFICIENT_SCOPE: HeaderValue =
    HeaderValue::from_static("Bearer error=\"insufficient_scope\"");
const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");
const CONNECT_VERSION: HeaderName = HeaderName::from_static("connect-protocol-version");

impl Protocol {
    /// Reads what a request asks for.
    ///
    /// # Errors
    ///
    /// - [`Error::Malformed`], [`Error::InvalidArgument`]: it can't be read, or breaks a
    ///   limit.
    /// - [`Error::BodyTooLarge`]: the message in it is longer than the limit.
    /// - [`Error::Unimplemented`], [`Error::UnsupportedEncoding`]: it wants what this
    ///   service doesn't do.
    pub fn decode(
        self,
        route: Route,
        request: &Request,
        limits: WireLimits,
    ) -> Result<Call, Error> {
        let mut call = self.decode_message(route, request, limits)?;
        request_headers::add(&mut call, &request.headers)?;
        Ok(call)
    }

    fn decode_message(
        self,
        route: Route,
        request: &Request,
        limits: WireLimits,
    ) -> Result<Call, Error> {
        let Request { headers, body, .. } = request;
        match self {
            // All that it asks for is in the path and in the query.
            Self::Json if request.method == Method::GET => {
                json::decode(route, &[], Bound::of(request)?)
            }
            Self::Json => {
                let body = plain(headers, body, limits)?;
                json::decode(route, &body, Bound::of(request)?)
            }
            Self::Connect(codec) => {
                check_connect_version(headers)?;
                let message = plain(headers, body, limits)?;
                match codec {
                    Codec::Json => json::decode(route, &message, Bound::default()),
                    Codec::Proto => messages::decode(route, &message),
                }
            }
            Self::Grpc | Self::GrpcWeb(Coding::Binary) => {
                messages::decode(route, &framed(headers, body, limits)?)
            }
            Self::GrpcWeb(Coding::Text) => {
                let body = frame::read_text(body)?;
                messages::decode(route, &framed(headers, &body, limits)?)
            }
        }
    }

    /// Whether an answer's body reaches every client whole.
    ///
    /// Messages of gRPC clients are at most 4 MiB, if they don't say otherwise. Lambda's
    /// answers are at most 6 MB of JSON, in which a body is a string or base64.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
    pub fn can_carry(self, body: &Body) -> bool {
        const MESSAGE: usize = 4 * 1024 * 1024;
        const STRING: usize = 6_000_000;

        match self {
            Self::GrpcWeb(Coding::Text) => body.data.len() / 4 * 3 <= MESSAGE,
            Self::Grpc | Self::GrpcWeb(Coding::Binary) | Self::Connect(Codec::Proto) => {
                body.data.len() <= MESSAGE
            }
            Self::Json | Self::Connect(Codec::Json) => {
                let escaped = body.data.iter().filter(|byte| b"\"\\".contains(byte));
                body.data.len() <= MESSAGE && body.data.len() + escaped.count() <= STRING
            }
        }
    }

    /// Writes the answer in the shape of `version`. `created` is the JSON routes' status of
    /// a new session.
    pub fn encode(
        self,
        outcome: &Result<Reply, Error>,
        version: Version,
        created: StatusCode,
    ) -> Response<Body> {
        match (self, outcome) {
            (Self::Json, Ok(reply)) => {
                let mut response = respond(JSON, json::encode(reply, version));
                *response.status_mut() = match reply {
                    Reply::CreateSession(_) => created,
                    _ => StatusCode::OK,
                };
                response
            }
            (Self::Json, Err(error)) => json_error(error),
            (Self::Connect(Codec::Json), Ok(reply)) => respond(JSON, json::encode(reply, version)),
            (Self::Connect(Codec::Proto), Ok(reply)) => {
                respond(PROTO, messages::encode(reply, version))
            }
            (Self::Connect(_), Err(error)) => {
                let status = Status::of(error);
                let mut response = respond(JSON, json::encode_connect_error(&status));
                *response.status_mut() = connect_status(error, &status);
                add_error_headers(response.headers_mut(), error);
                response
            }
            (Self::Grpc, outcome) => grpc::encode(outcome, version),
            (Self::GrpcWeb(coding), outcome) => grpc::encode_web(outcome, version, coding),
        }
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROTO: HeaderValue = HeaderValue::from_static("application/proto");

pub(super) fn respond(content_type: HeaderValue, data: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Body {
        data: data.into(),
        trailers: None,
    });
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// An error on the JSON routes.
pub(crate) fn json_error(error: &Error) -> Response<Body> {
    let status = Status::of(error);
    let mut response = respond(JSON, json::encode_status(&status));
    *response.status_mut() = status.row.http;
    add_error_headers(response.headers_mut(), error);
    response
}

/// A body that is the message itself.
fn plain(headers: &HeaderMap, body: &Bytes, limits: WireLimits) -> Result<Bytes, Error> {
    Compression::from_headers(headers, &CONTENT_ENCODING)?.undo(body, limits.message)
}

/// A body that is a gRPC frame.
fn framed(headers: &HeaderMap, body: &Bytes, limits: WireLimits) -> Result<Bytes, Error> {
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

/// Connect's own table, but for what HTTP itself has a word for.
fn connect_status(error: &Error, status: &Status) -> StatusCode {
    match error {
        Error::MethodNotAllowed(_) | Error::UnsupportedMediaType(_) => status.row.http,
        _ => {
            let (_, http) = status::connect(status.row.code);
            StatusCode::from_u16(http).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

fn add_error_headers(headers: &mut HeaderMap, error: &Error) {
    let header = match error {
        Error::Unauthenticated(TokenFault::Missing) => Some((WWW_AUTHENTICATE, NO_TOKEN)),
        Error::Unauthenticated(TokenFault::Invalid) => Some((WWW_AUTHENTICATE, INVALID_TOKEN)),
        Error::PermissionDenied => Some((WWW_AUTHENTICATE, INSUFFICIENT_SCOPE)),
        Error::MethodNotAllowed(allowed) => Some((ALLOW, HeaderValue::from_static(allowed))),
        Error::Overloaded | Error::Unavailable(_) => Some((RETRY_AFTER, RETRY_AFTER_SECONDS)),
        Error::UnsupportedEncoding => Some((ACCEPT_ENCODING, ACCEPTED)),
        Error::PreconditionFailed(Sequence(current)) => {
            let tag = HeaderValue::from_str(&format!("\"{current}\""));
            tag.ok().map(|tag| (ETAG, tag))
        }
        Error::UnsupportedMediaType(types) => Some((ACCEPT_POST, HeaderValue::from_static(types))),
        _ => None,
    };
    headers.extend(header);
}
