//! Why a call was not carried out.

mod code;
mod factors;
mod rows;
mod table;
mod users;
mod web_authn;

use crate::domain::{Denial, Invalid};

pub use code::Code;
pub use factors::{CountFault, FactorError, FactorLock};
pub use rows::{Error, Example, examples};
pub use table::Row;
pub use users::{UserCommand, UserError};
pub use web_authn::WebAuthnError;

/// The cause of an error, which is for operators and is not sent to clients.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

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

impl Error {
    /// Whether the fault is on the server's side, so that operators should look into it.
    pub fn is_server_fault(&self) -> bool {
        matches!(
            self,
            Self::Internal(_) | Self::Unavailable(_) | Self::DeadlineExceeded
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
        if self.is_failed_login() {
            Self::PasswordInvalid(None)
        } else {
            self
        }
    }

    /// Whether a user and a password were checked and did not pass. Such a failure is counted by the
    /// client's address if there was a password.
    pub fn is_failed_login(&self) -> bool {
        matches!(
            self,
            Self::UserNotFound
                | Self::UserMismatch
                | Self::PasswordInvalid(_)
                | Self::PasswordNotSet
                | Self::UserNotActive
                | Self::UserLocked(_)
        )
    }

    /// How long to wait before the next try, in whole seconds and at least one. `None`: that is not
    /// known, or waiting is of no use.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Overloaded | Self::Unavailable(_) => Some(1),
            Self::TooManyFailures(wait)
            | Self::UserLocked(Some(wait))
            | Self::Factor(FactorError::Locked(FactorLock {
                left: Some(wait), ..
            }))
            | Self::User(UserError::TooManyMessages(wait)) => Some(
                wait.as_millis()
                    .div_ceil(1000)
                    .max(1)
                    .try_into()
                    .unwrap_or(u64::MAX),
            ),
            _ => None,
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
                | Self::Factor(_)
                | Self::WebAuthn(_)
        ) || self.is_failed_login()
    }

    /// The name of this kind of error in logs and metrics.
    pub fn kind(&self) -> &'static str {
        self.row().kind
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

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self::InvalidArgument(invalid)
    }
}

impl From<Denial> for Error {
    fn from(denied: Denial) -> Self {
        match denied {
            Denial::Unauthenticated => Self::Unauthenticated(TokenFault::Missing),
            Denial::Forbidden => Self::PermissionDenied,
            Denial::ProofTooOld => Self::ProofTooOld,
            Denial::TooWeak(lacking) => Self::TooWeak(lacking),
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
