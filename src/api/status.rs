use http::StatusCode;
use prost::Message as _;

use crate::api::proto::google::rpc;
use crate::api::proto::zitadel::v1::ErrorDetail;
use crate::error::{ApiSide, Error};

/// How an error looks on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// `google.rpc.Code`.
    pub code: u8,
    /// On the JSON routes; Connect has a table of its own.
    pub http: StatusCode,
    /// ZITADEL's name of the error, by which its clients tell errors apart.
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

/// An error's row and words: what all protocols dress, each in its way.
pub(super) struct Status {
    pub row: Row,
    /// With the id behind it, if there is one.
    pub message: String,
    pub detail: Option<ErrorDetail>,
}

impl Status {
    pub fn of(error: &Error) -> Self {
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

    /// As `google.rpc.Status`, in protobuf.
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

/// What Connect makes of a `google.rpc.Code`: its name and its HTTP status.
/// <https://connectrpc.com/docs/protocol/#error-codes>
pub(super) fn connect(code: u8) -> (&'static str, u16) {
    match code {
        1 => ("canceled", 499),
        3 => ("invalid_argument", 400),
        4 => ("deadline_exceeded", 504),
        5 => ("not_found", 404),
        6 => ("already_exists", 409),
        7 => ("permission_denied", 403),
        8 => ("resource_exhausted", 429),
        9 => ("failed_precondition", 400),
        10 => ("aborted", 409),
        11 => ("out_of_range", 400),
        12 => ("unimplemented", 501),
        13 => ("internal", 500),
        14 => ("unavailable", 503),
        15 => ("data_loss", 500),
        16 => ("unauthenticated", 401),
        _ => ("unknown", 500),
    }
}
