use http::StatusCode;

use crate::error::Error;

/// How an error looks on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// `google.rpc.Code`.
    pub code: u8,
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
        Error::DeadlineExceeded => (4, StatusCode::GATEWAY_TIMEOUT, None),
        Error::UserNotFound => (5, StatusCode::NOT_FOUND, Some("QUERY-Dfbg2")),
        Error::PasswordInvalid => (3, StatusCode::BAD_REQUEST, Some("COMMAND-3M0fs")),
        Error::UserMissing => (9, StatusCode::BAD_REQUEST, Some("COMMAND-Sfw3f")),
        Error::PasswordNotSet => (9, StatusCode::BAD_REQUEST, Some("COMMAND-3nJ4t")),
        Error::UserNotActive => (9, StatusCode::BAD_REQUEST, Some("SESSION-Gj4ko")),
        Error::UserLocked => (9, StatusCode::BAD_REQUEST, Some("COMMAND-JLK35")),
        Error::PermissionDenied => (7, StatusCode::FORBIDDEN, Some("AUTH-5mWD2")),
        Error::Unauthenticated => (16, StatusCode::UNAUTHORIZED, None),
        Error::Conflict => (10, StatusCode::CONFLICT, None),
        Error::RouteNotFound => (5, StatusCode::NOT_FOUND, None),
        Error::MethodNotAllowed(_) => (12, StatusCode::METHOD_NOT_ALLOWED, None),
        Error::UnsupportedMediaType => (12, StatusCode::UNSUPPORTED_MEDIA_TYPE, None),
        Error::BodyTooLarge => (8, StatusCode::PAYLOAD_TOO_LARGE, None),
        Error::Overloaded => (8, StatusCode::TOO_MANY_REQUESTS, None),
        Error::Unavailable(_) => (14, StatusCode::SERVICE_UNAVAILABLE, None),
        Error::Internal(_) => (13, StatusCode::INTERNAL_SERVER_ERROR, None),
    };
    Row { code, http, id }
}
