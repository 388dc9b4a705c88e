//! Why a call was not carried out.

use std::time::Duration;

use crate::domain::{Denied, Invalid};

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
    #[error("authentication required: no bearer token, or one that is unknown or expired")]
    Unauthenticated,
    #[error("No matching permissions found")]
    PermissionDenied,
    #[error("not found")]
    RouteNotFound,
    /// What would be allowed there, as an `Allow` header says it.
    #[error("method not allowed")]
    MethodNotAllowed(&'static str),
    #[error("unsupported content type")]
    UnsupportedMediaType,
    #[error("the request body is larger than {0} bytes")]
    BodyTooLarge(usize),
    #[error("too many requests at once, try again")]
    Overloaded,
    /// Worth a retry; what was to be written may have been written all the same.
    #[error("unavailable, try again")]
    Unavailable(#[source] Cause),
    #[error("deadline exceeded after {0:?}")]
    DeadlineExceeded(Duration),
    #[error("internal error")]
    Internal(#[source] Cause),
}

impl Error {
    /// What somebody gets to know of it who hasn't said who he is: that a user
    /// doesn't exist, is locked or inactive looks like a wrong password.
    #[must_use]
    pub fn concealed(self) -> Self {
        match self {
            Self::UserNotFound
            | Self::PasswordInvalid
            | Self::PasswordNotSet
            | Self::UserNotActive
            | Self::UserLocked => Self::PasswordInvalid,
            other => other,
        }
    }
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Unauthenticated => Self::Unauthenticated,
            Denied::Forbidden => Self::PermissionDenied,
        }
    }
}
