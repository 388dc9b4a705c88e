//! Why a call was not carried out.

use std::borrow::Cow;

use crate::domain::{Denial, Invalid, LimitTooHigh, Sequence};

/// The cause of an error, which is for operators and is not sent to clients.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a call was not carried out. The module `status` has the code and the HTTP status of
/// each.
///
/// Messages are sent to the client, so they name no table, host or secret. What only
/// operators may see is in the `source()`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    InvalidArgument(#[from] Invalid),
    /// The body can't be read as a message at all.
    #[error("malformed request: {0}")]
    Malformed(String),
    #[error("User could not be found")]
    UserNotFound,
    /// The request names one user by id and another by login name.
    #[error("invalid checks.user: user_id and login_name name different users")]
    UserMismatch,
    #[error("Password is invalid")]
    PasswordInvalid,
    /// The request has a password, and neither it nor the session has a user.
    #[error("User ID missing")]
    UserMissing,
    #[error("User has no password")]
    PasswordNotSet,
    #[error("User is not active")]
    UserNotActive,
    /// The password is locked after too many wrong ones.
    #[error("User is locked")]
    UserLocked,
    /// There is no such session; for a read, also if it has ended or expired.
    #[error("Session could not be found")]
    SessionNotFound(ApiSide),
    /// The session was deleted, or all sessions of its user were ended.
    #[error("Session already terminated")]
    SessionEnded,
    #[error("Session has expired")]
    SessionExpired,
    #[error("Session token is invalid")]
    SessionTokenInvalid(ApiSide),
    /// The session is at another sequence than those of the `If-Match` header.
    #[error("the session is at sequence {}, not at the one of if-match", .0.0)]
    PreconditionFailed(Sequence),
    /// The principal has sent another request with this idempotency key.
    #[error("the idempotency-key was used for another request")]
    IdempotencyKeyReused,
    #[error("a valid bearer token is required")]
    Unauthenticated(TokenFault),
    #[error("No matching permissions found")]
    PermissionDenied,
    /// Another write came first at each try.
    #[error("the session was changed by others meanwhile, try again")]
    Conflict,
    /// Has the name of what is not supported: a check, a challenge, a call or a protocol.
    #[error("{0} is not supported")]
    Unimplemented(Cow<'static, str>),
    /// A gRPC call came by a transport that has no trailers, such as API Gateway.
    #[error(
        "gRPC needs HTTP/2 trailers, which this endpoint can't send; use gRPC-Web, Connect or \
         `sesame serve`"
    )]
    TrailersUnsupported,
    #[error("not found")]
    RouteNotFound,
    /// Carries the value of an `Allow` header.
    #[error("method not allowed")]
    MethodNotAllowed(&'static str),
    /// Carries the value of an `Accept-Post` header.
    #[error("the content type is not supported here")]
    UnsupportedMediaType(&'static str),
    #[error("the compression is not supported, only gzip is")]
    UnsupportedEncoding,
    /// A gRPC frame is flagged as compressed, and no header names the compression.
    #[error("compressed flag set without grpc-encoding")]
    CompressionNotNamed,
    /// A gRPC body has no message or several.
    #[error("a unary call takes exactly one message")]
    MessageCount,
    #[error("the request body is too large")]
    BodyTooLarge,
    #[error("the request has too many header fields")]
    TooManyHeaderFields,
    #[error("Limit must not be over {}", LimitTooHigh::MAX)]
    LimitTooHigh,
    /// A page would be too large, or entries of the list would be out of reach. Has the advice
    /// for the client.
    #[error("the list is too long: {0}")]
    ListTooLong(&'static str),
    /// An HTTP/1.1 request has no `Host` header, or one that no server could be named by.
    #[error("the Host header is missing, repeated or malformed")]
    HostInvalid,
    /// The local service doesn't answer to this host name, which may be that of any web page.
    #[error("the host is neither an address nor localhost: --host NAME allows another one")]
    HostNotAllowed,
    #[error("pages of this origin may not call: ALLOWED_ORIGINS says which may")]
    OriginNotAllowed,
    #[error("too many requests at once, try again")]
    Overloaded,
    /// The request is worth a retry. What was to be written may have been written all the same.
    #[error("unavailable, try again")]
    Unavailable(#[source] Cause),
    /// What was to be written may have been written all the same.
    #[error("deadline exceeded")]
    DeadlineExceeded(DeadlineOwner),
    #[error("internal error")]
    Internal(#[source] Cause),
}

/// The half of the API that an error comes from. Error ids differ between the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiSide {
    /// The calls that change something.
    Command,
    /// The calls that read.
    Query,
}

/// The fault of a bearer token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFault {
    /// The request has none.
    Missing,
    /// It is malformed, unknown, expired or revoked.
    Invalid,
}

/// The owner of a deadline that passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadlineOwner {
    /// The client set the deadline.
    Client,
    /// The deadline is the platform's or the server's: something took too long.
    Server,
}

impl Error {
    /// Whether the fault is on the server's side, so that operators should look into it.
    pub fn is_server_fault(&self) -> bool {
        matches!(
            self,
            Self::Internal(_)
                | Self::Unavailable(_)
                | Self::DeadlineExceeded(DeadlineOwner::Server)
        )
    }

    /// Whether the error is one of HTTP, which ends a request before a call is found in it. So its
    /// HTTP status is the same in every protocol, in gRPC too.
    pub fn is_before_protocol(&self) -> bool {
        matches!(
            self,
            Self::HostInvalid | Self::HostNotAllowed | Self::OriginNotAllowed
        )
    }

    /// The error that is shown to principals that may not learn about users: a user who doesn't
    /// exist, is locked or is inactive looks like a wrong password.
    #[must_use]
    pub fn concealed(self) -> Self {
        match self {
            Self::UserNotFound
            | Self::UserMismatch
            | Self::PasswordInvalid
            | Self::PasswordNotSet
            | Self::UserNotActive
            | Self::UserLocked => Self::PasswordInvalid,
            other => other,
        }
    }

    /// Whether the checks of a request failed: they were not passed, name another user than they
    /// may, or are not permitted.
    pub fn is_check_failure(&self) -> bool {
        matches!(
            self,
            Self::InvalidArgument(_)
                | Self::PermissionDenied
                | Self::Unauthenticated(_)
                | Self::UserNotFound
                | Self::UserMismatch
                | Self::PasswordInvalid
                | Self::PasswordNotSet
                | Self::UserNotActive
                | Self::UserLocked
        )
    }

    /// The name of this kind of error in logs and metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::InvalidArgument(_) => "invalid_argument",
            Self::Malformed(_) => "malformed",
            Self::UserNotFound => "unknown_user",
            Self::UserMismatch => "user_mismatch",
            Self::PasswordInvalid => "wrong_password",
            Self::UserMissing => "user_missing",
            Self::PasswordNotSet => "no_password",
            Self::UserNotActive => "not_active",
            Self::UserLocked => "locked",
            Self::SessionNotFound(_) => "session_not_found",
            Self::SessionEnded => "session_ended",
            Self::SessionExpired => "session_expired",
            Self::SessionTokenInvalid(_) => "invalid_session_token",
            Self::PreconditionFailed(_) => "precondition_failed",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::Unauthenticated(_) => "unauthenticated",
            Self::PermissionDenied => "permission_denied",
            Self::Conflict => "conflict",
            Self::Unimplemented(_) => "unimplemented",
            Self::TrailersUnsupported => "trailers_unsupported",
            Self::RouteNotFound => "unknown_route",
            Self::MethodNotAllowed(_) => "unknown_method",
            Self::UnsupportedMediaType(_) => "unsupported_media_type",
            Self::UnsupportedEncoding => "unsupported_encoding",
            Self::CompressionNotNamed => "compression_not_named",
            Self::MessageCount => "message_count",
            Self::BodyTooLarge => "body_too_large",
            Self::TooManyHeaderFields => "too_many_header_fields",
            Self::LimitTooHigh => "limit_too_high",
            Self::ListTooLong(_) => "list_too_long",
            Self::HostInvalid => "invalid_host",
            Self::HostNotAllowed => "host_not_allowed",
            Self::OriginNotAllowed => "origin_not_allowed",
            Self::Overloaded => "overloaded",
            Self::Unavailable(_) => "unavailable",
            Self::DeadlineExceeded(DeadlineOwner::Server) => "deadline_exceeded",
            Self::DeadlineExceeded(DeadlineOwner::Client) => "client_deadline_exceeded",
            Self::Internal(_) => "internal",
        }
    }

    /// The half of the API that the error comes from, if both have errors of this kind.
    pub fn side(&self) -> Option<ApiSide> {
        match self {
            Self::SessionNotFound(side) | Self::SessionTokenInvalid(side) => Some(*side),
            _ => None,
        }
    }
}

impl ApiSide {
    /// Its name in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Query => "query",
        }
    }
}

impl From<LimitTooHigh> for Error {
    fn from(_: LimitTooHigh) -> Self {
        Self::LimitTooHigh
    }
}

impl From<Denial> for Error {
    fn from(denied: Denial) -> Self {
        match denied {
            Denial::Unauthenticated => Self::Unauthenticated(TokenFault::Missing),
            Denial::Forbidden => Self::PermissionDenied,
        }
    }
}

/// The text of an error and of all its causes. It is for operators only.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
