//! Why a call was not carried out.

use std::borrow::Cow;

use crate::domain::{Denied, Invalid, LimitTooHigh, Sequence};

/// What operators may see of an error, and callers may not.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a call was not carried out. How each looks on the wire: `api::status`.
///
/// Messages go to the caller, so they name no table, host or secret. What only
/// operators may see is the `source()`.
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
    /// A password, and nobody whose password it could be.
    #[error("User ID missing")]
    UserMissing,
    #[error("User has no password")]
    PasswordNotSet,
    #[error("User is not active")]
    UserNotActive,
    /// Too many wrong passwords, too recently.
    #[error("User is locked")]
    UserLocked,
    /// There is no such session, or none that counts.
    #[error("Session could not be found")]
    SessionNotFound(ApiSide),
    /// It was deleted, or all of its user's were ended.
    #[error("Session already terminated")]
    SessionEnded,
    #[error("Session has expired")]
    SessionExpired,
    #[error("Session token is invalid")]
    SessionTokenInvalid(ApiSide),
    /// The session has moved on from where it was to be changed.
    #[error("the session is at sequence {}, not at the one of if-match", .0.0)]
    PreconditionFailed(Sequence),
    /// The caller has sent another request under this key.
    #[error("the idempotency-key was used for another request")]
    IdempotencyKeyReused,
    #[error("a valid bearer token is required")]
    Unauthenticated(TokenFault),
    #[error("No matching permissions found")]
    PermissionDenied,
    /// Others wrote first, each time that it was tried.
    #[error("the session was changed by others meanwhile, try again")]
    Conflict,
    /// With what it is: a check, a challenge, a call, or a way to make it.
    #[error("{0} is not supported")]
    Unimplemented(Cow<'static, str>),
    #[error("not found")]
    RouteNotFound,
    /// With what would be allowed, as an `Allow` header says it.
    #[error("method not allowed")]
    MethodNotAllowed(&'static str),
    /// With what would be supported, as an `Accept-Post` header says it.
    #[error("the content type is not supported here")]
    UnsupportedMediaType(&'static str),
    #[error("the compression is not supported, only gzip is")]
    UnsupportedEncoding,
    /// A frame of gRPC says that it is compressed, and no header how.
    #[error("the message is flagged as compressed, and no header says how")]
    CompressedHow,
    /// In gRPC's framing: none, or several.
    #[error("a unary call has one message, neither none nor more")]
    NotOneMessage,
    #[error("the request body is too large")]
    BodyTooLarge,
    #[error("Limit must not be over {}", LimitTooHigh::MAX)]
    LimitTooHigh,
    /// A page would be cut, or an end of the list never be reached; with what to do about it.
    #[error("the list is too long: {0}")]
    ListTooLong(&'static str),
    #[error("too many requests at once, try again")]
    Overloaded,
    /// Worth a retry; what was to be written may have been written all the same.
    #[error("unavailable, try again")]
    Unavailable(#[source] Cause),
    /// What was to be written may have been written all the same.
    #[error("deadline exceeded")]
    DeadlineExceeded(DeadlineOwner),
    #[error("internal error")]
    Internal(#[source] Cause),
}

/// Which half of the API an error comes from: its ids differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiSide {
    /// That changes something.
    Command,
    /// That reads.
    Query,
}

/// What is wrong with a caller's token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFault {
    /// None was shown.
    Missing,
    /// It stands for nobody: it is malformed, unknown, expired or revoked.
    Invalid,
}

/// Whose deadline passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadlineOwner {
    /// The one that the client set.
    Client,
    /// The platform's, or the server's own: something took too long.
    Ours,
}

impl Error {
    /// Whether operators have to look into it.
    pub fn is_server_fault(&self) -> bool {
        matches!(
            self,
            Self::Internal(_) | Self::Unavailable(_) | Self::DeadlineExceeded(DeadlineOwner::Ours)
        )
    }

    /// What somebody gets to know of it who hasn't said who he is: that a user
    /// doesn't exist, is locked or inactive looks like a wrong password.
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

    /// Whether it says that checks were not passed, were of another user than they may be, or
    /// may not be asked for.
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

    /// Names the kind of error in logs and metrics.
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
            Self::SessionNotFound(ApiSide::Command) => "no_session_to_change",
            Self::SessionNotFound(ApiSide::Query) => "unknown_session",
            Self::SessionEnded => "session_ended",
            Self::SessionExpired => "session_expired",
            Self::SessionTokenInvalid(ApiSide::Command) => "wrong_token_to_change",
            Self::SessionTokenInvalid(ApiSide::Query) => "wrong_token",
            Self::PreconditionFailed(_) => "precondition_failed",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::Unauthenticated(_) => "unauthenticated",
            Self::PermissionDenied => "permission_denied",
            Self::Conflict => "conflict",
            Self::Unimplemented(_) => "unimplemented",
            Self::RouteNotFound => "unknown_route",
            Self::MethodNotAllowed(_) => "unknown_method",
            Self::UnsupportedMediaType(_) => "unsupported_media_type",
            Self::UnsupportedEncoding => "unsupported_encoding",
            Self::CompressedHow => "compressed_how",
            Self::NotOneMessage => "not_one_message",
            Self::BodyTooLarge => "body_too_large",
            Self::LimitTooHigh => "limit_too_high",
            Self::ListTooLong(_) => "list_too_long",
            Self::Overloaded => "overloaded",
            Self::Unavailable(_) => "unavailable",
            Self::DeadlineExceeded(DeadlineOwner::Ours) => "deadline_exceeded",
            Self::DeadlineExceeded(DeadlineOwner::Client) => "client_deadline_exceeded",
            Self::Internal(_) => "internal",
        }
    }
}

impl From<LimitTooHigh> for Error {
    fn from(_: LimitTooHigh) -> Self {
        Self::LimitTooHigh
    }
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Unauthenticated => Self::Unauthenticated(TokenFault::Missing),
            Denied::Forbidden => Self::PermissionDenied,
        }
    }
}

/// An error and its causes, for operators' eyes.
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
