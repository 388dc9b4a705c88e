//! The table of errors: the codes, the header and the JSON of each.

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, ALLOW, CONTENT_TYPE, ETAG, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::domain::Sequence;
use crate::error::{ApiSide, Error, TokenFault};

/// The codes of an error on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// `google.rpc.Code`.
    pub code: u8,
    /// The HTTP status on the JSON paths. Connect has a table of its own.
    pub http: StatusCode,
    /// ZITADEL's id of the error, by which its clients tell errors apart.
    pub id: Option<&'static str>,
}

/// The codes of an error. This is the one table of errors.
pub fn row(error: &Error) -> Row {
    // Exhaustive on purpose: a new variant must choose its row here.
    let (code, http, id) = match error {
        Error::InvalidArgument(_)
        | Error::Malformed(_)
        | Error::UserMismatch
        | Error::HostInvalid => (3, StatusCode::BAD_REQUEST, None),
        Error::DeadlineExceeded(_) => (4, StatusCode::GATEWAY_TIMEOUT, None),
        Error::UserNotFound => (5, StatusCode::NOT_FOUND, Some("QUERY-Dfbg2")),
        Error::PasswordInvalid => (3, StatusCode::BAD_REQUEST, Some("COMMAND-3M0fs")),
        Error::UserMissing => (9, StatusCode::BAD_REQUEST, Some("COMMAND-Sfw3f")),
        Error::PasswordNotSet => (9, StatusCode::BAD_REQUEST, Some("COMMAND-3nJ4t")),
        Error::UserNotActive => (9, StatusCode::BAD_REQUEST, Some("SESSION-Gj4ko")),
        Error::UserLocked => (9, StatusCode::BAD_REQUEST, Some("COMMAND-JLK35")),
        Error::SessionNotFound(ApiSide::Command) => {
            (5, StatusCode::NOT_FOUND, Some("COMMAND-Flk38"))
        }
        Error::SessionNotFound(ApiSide::Query) => (5, StatusCode::NOT_FOUND, Some("QUERY-SFeaa")),
        Error::SessionEnded => (9, StatusCode::BAD_REQUEST, Some("COMMAND-Hewfq")),
        Error::SessionExpired => (9, StatusCode::BAD_REQUEST, Some("COMMAND-Hkl3d")),
        Error::SessionTokenInvalid(ApiSide::Command) => {
            (7, StatusCode::FORBIDDEN, Some("COMMAND-sGr42"))
        }
        Error::SessionTokenInvalid(ApiSide::Query) => {
            (7, StatusCode::FORBIDDEN, Some("QUERY-dsfr3"))
        }
        Error::PreconditionFailed(_) => (10, StatusCode::PRECONDITION_FAILED, None),
        Error::IdempotencyKeyReused => (6, StatusCode::CONFLICT, None),
        Error::PermissionDenied => (7, StatusCode::FORBIDDEN, Some("AUTH-5mWD2")),
        Error::HostNotAllowed | Error::OriginNotAllowed => (7, StatusCode::FORBIDDEN, None),
        Error::Unauthenticated(_) => (16, StatusCode::UNAUTHORIZED, None),
        Error::Conflict => (10, StatusCode::CONFLICT, None),
        Error::Unimplemented(_) | Error::TrailersUnsupported => {
            (12, StatusCode::NOT_IMPLEMENTED, None)
        }
        Error::RouteNotFound => (5, StatusCode::NOT_FOUND, None),
        Error::MethodNotAllowed(_) => (12, StatusCode::METHOD_NOT_ALLOWED, None),
        Error::UnsupportedMediaType(_) | Error::UnsupportedEncoding => {
            (12, StatusCode::UNSUPPORTED_MEDIA_TYPE, None)
        }
        Error::CompressionNotNamed => (13, StatusCode::BAD_REQUEST, None),
        Error::MessageCount => (12, StatusCode::BAD_REQUEST, None),
        Error::LimitTooHigh => (3, StatusCode::BAD_REQUEST, Some("QUERY-4M0fs")),
        Error::BodyTooLarge | Error::ListTooLong(_) => (8, StatusCode::PAYLOAD_TOO_LARGE, None),
        Error::TooManyHeaderFields => (8, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, None),
        Error::Overloaded => (8, StatusCode::TOO_MANY_REQUESTS, None),
        Error::Unavailable(_) => (14, StatusCode::SERVICE_UNAVAILABLE, None),
        Error::Internal(_) => (13, StatusCode::INTERNAL_SERVER_ERROR, None),
    };
    Row { code, http, id }
}

/// The parts of an error that each protocol encodes in its way.
pub(crate) struct Status {
    pub row: Row,
    /// The error's text, with its id behind it.
    pub message: String,
    pub detail: Option<ErrorDetail>,
}

/// `zitadel.v1.ErrorDetail`.
#[derive(Serialize)]
pub(crate) struct ErrorDetail {
    pub id: &'static str,
    /// The error's text without its id.
    pub message: String,
}

impl From<&Error> for Status {
    fn from(error: &Error) -> Self {
        let row = row(error);
        let text = error.to_string();
        let message = match row.id {
            Some(id) => format!("{text} ({id})"),
            None => text.clone(),
        };
        let detail = row.id.map(|id| ErrorDetail { id, message: text });
        Self {
            row,
            message,
            detail,
        }
    }
}

/// How long a client may wait before it tries again, in seconds.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");
/// Challenges by RFC 6750. If the request has no token, the challenge has no error.
/// <https://www.rfc-editor.org/rfc/rfc6750#section-3.1>
const NO_TOKEN: HeaderValue = HeaderValue::from_static("Bearer");
const INVALID_TOKEN: HeaderValue = HeaderValue::from_static("Bearer error=\"invalid_token\"");
const INSUFFICIENT_SCOPE: HeaderValue =
    HeaderValue::from_static("Bearer error=\"insufficient_scope\"");
const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");
/// The compressions of requests that are read.
pub(crate) const ACCEPTED_ENCODINGS: HeaderValue = HeaderValue::from_static("identity,gzip");

/// The header that explains an error in JSON and Connect. gRPC and gRPC-Web answers have none.
pub(crate) fn header(error: &Error) -> Option<(HeaderName, HeaderValue)> {
    match error {
        Error::Unauthenticated(TokenFault::Missing) => Some((WWW_AUTHENTICATE, NO_TOKEN)),
        Error::Unauthenticated(TokenFault::Invalid) => Some((WWW_AUTHENTICATE, INVALID_TOKEN)),
        Error::PermissionDenied => Some((WWW_AUTHENTICATE, INSUFFICIENT_SCOPE)),
        Error::MethodNotAllowed(allowed) => Some((ALLOW, HeaderValue::from_static(allowed))),
        Error::Overloaded | Error::Unavailable(_) => Some((RETRY_AFTER, RETRY_AFTER_SECONDS)),
        Error::UnsupportedEncoding => Some((ACCEPT_ENCODING, ACCEPTED_ENCODINGS)),
        Error::PreconditionFailed(Sequence(current)) => {
            let tag = HeaderValue::from_str(&format!("\"{current}\""));
            tag.ok().map(|tag| (ETAG, tag))
        }
        Error::UnsupportedMediaType(types) => Some((ACCEPT_POST, HeaderValue::from_static(types))),
        _ => None,
    }
}

/// `google.rpc.Status` in JSON.
#[derive(Serialize)]
struct StatusJson<'a> {
    code: u8,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<[DetailJson<'a>; 1]>,
}

/// An [`ErrorDetail`] in a `google.protobuf.Any`.
#[derive(Serialize)]
struct DetailJson<'a> {
    #[serde(rename = "@type")]
    kind: &'static str,
    #[serde(flatten)]
    detail: &'a ErrorDetail,
}

/// Encodes an error on the JSON paths.
pub(crate) fn json_error(error: &Error) -> Response<Bytes> {
    let status = Status::from(error);
    let detail = status.detail.as_ref().map(|detail| {
        let kind = "type.googleapis.com/zitadel.v1.ErrorDetail";
        [DetailJson { kind, detail }]
    });
    let json = StatusJson {
        code: status.row.code,
        message: &status.message,
        details: detail,
    };
    // Strings and numbers can't fail to be written.
    let body = serde_json::to_vec(&json).unwrap_or_default();
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status.row.http;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.extend(header(error));
    response
}
