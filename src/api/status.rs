use http::header::{ACCEPT_ENCODING, ALLOW, ETAG, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use prost::Message as _;

use crate::api::proto::google::rpc;
use crate::api::proto::zitadel::v1::ErrorDetail;
use crate::domain::Sequence;
use crate::error::{ApiSide, Error, TokenFault};

/// The codes of an error on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The `google.rpc.Code`.
    pub code: u8,
    /// The HTTP status on the JSON paths. Connect has a table of its own.
    pub http: StatusCode,
    /// ZITADEL's id of the error, by which its clients tell errors apart.
    pub id: Option<&'static str>,
}

/// The one table of errors.
pub fn row(error: &Error) -> Row {
    // Exhaustive on purpose: a new variant must choose its row here.
    let (code, http, id) = match error {
        Error::InvalidArgument(_) | Error::Malformed(_) | Error::UserMismatch => {
            (3, StatusCode::BAD_REQUEST, None)
        }
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
        Error::Unauthenticated(_) => (16, StatusCode::UNAUTHORIZED, None),
        Error::Conflict => (10, StatusCode::CONFLICT, None),
        Error::Unimplemented(_) => (12, StatusCode::NOT_IMPLEMENTED, None),
        Error::RouteNotFound => (5, StatusCode::NOT_FOUND, None),
        Error::MethodNotAllowed(_) => (12, StatusCode::METHOD_NOT_ALLOWED, None),
        Error::UnsupportedMediaType(_) | Error::UnsupportedEncoding => {
            (12, StatusCode::UNSUPPORTED_MEDIA_TYPE, None)
        }
        Error::CompressedHow => (13, StatusCode::BAD_REQUEST, None),
        Error::NotOneMessage => (12, StatusCode::BAD_REQUEST, None),
        Error::LimitTooHigh => (3, StatusCode::BAD_REQUEST, Some("QUERY-4M0fs")),
        Error::BodyTooLarge | Error::ListTooLong(_) => (8, StatusCode::PAYLOAD_TOO_LARGE, None),
        Error::Overloaded => (8, StatusCode::TOO_MANY_REQUESTS, None),
        Error::Unavailable(_) => (14, StatusCode::SERVICE_UNAVAILABLE, None),
        Error::Internal(_) => (13, StatusCode::INTERNAL_SERVER_ERROR, None),
    };
    Row { code, http, id }
}

/// The parts of an error that each protocol encodes in its way.
pub(super) struct Status {
    pub row: Row,
    /// The error's text, with its id behind it.
    pub message: String,
    pub detail: Option<ErrorDetail>,
}

impl From<&Error> for Status {
    fn from(error: &Error) -> Self {
        let row = row(error);
        let text = error.to_string();
        let message = match row.id {
            Some(id) => format!("{text} ({id})"),
            None => text.clone(),
        };
        let detail = row.id.map(|id| ErrorDetail {
            id: id.to_owned(),
            message: text,
        });
        Self {
            row,
            message,
            detail,
        }
    }
}

impl Status {
    /// The error as `google.rpc.Status`, in protobuf.
    pub fn encode(&self) -> Vec<u8> {
        let details = self.detail.iter().map(|detail| prost_types::Any {
            type_url: format!("type.googleapis.com/{ERROR_DETAIL}"),
            value: detail.encode_to_vec(),
        });
        rpc::Status {
            code: self.row.code.into(),
            message: self.message.clone(),
            details: details.collect(),
        }
        .encode_to_vec()
    }
}

/// The full name of [`ErrorDetail`].
pub(super) const ERROR_DETAIL: &str = "zitadel.v1.ErrorDetail";

/// Connect's name of a `google.rpc.Code`, and its HTTP status.
/// <https://connectrpc.com/docs/protocol/#error-codes>
pub(super) fn connect(code: u8) -> (&'static str, u16) {
    match code {
        3 => ("invalid_argument", 400),
        4 => ("deadline_exceeded", 504),
        5 => ("not_found", 404),
        6 => ("already_exists", 409),
        7 => ("permission_denied", 403),
        8 => ("resource_exhausted", 429),
        9 => ("failed_precondition", 400),
        10 => ("aborted", 409),
        12 => ("unimplemented", 501),
        13 => ("internal", 500),
        14 => ("unavailable", 503),
        16 => ("unauthenticated", 401),
        _ => ("unknown", 500),
    }
}

/// How long a client may wait before it tries again, in seconds.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");
/// Challenges by RFC 6750. A request that presents no token is told of no error.
/// <https://www.rfc-editor.org/rfc/rfc6750#section-3.1>
const NO_TOKEN: HeaderValue = HeaderValue::from_static("Bearer");
const INVALID_TOKEN: HeaderValue = HeaderValue::from_static("Bearer error=\"invalid_token\"");
const INSUFFICIENT_SCOPE: HeaderValue =
    HeaderValue::from_static("Bearer error=\"insufficient_scope\"");
const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");
/// The compressions of requests that are read.
pub(super) const ACCEPTED_ENCODINGS: HeaderValue = HeaderValue::from_static("identity,gzip");

/// The HTTP status of an error in Connect: by Connect's own table, but for what HTTP itself has
/// a status for.
pub(super) fn connect_http(error: &Error, row: Row) -> StatusCode {
    match error {
        Error::MethodNotAllowed(_) | Error::UnsupportedMediaType(_) => row.http,
        _ => {
            let (_, http) = connect(row.code);
            StatusCode::from_u16(http).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// The header that explains an error, in all protocols but gRPC.
pub(super) fn header(error: &Error) -> Option<(HeaderName, HeaderValue)> {
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
