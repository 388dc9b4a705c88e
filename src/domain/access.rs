use std::str::FromStr;

use super::Permission;
use super::named::named;
use super::text::Invalid;

named! {
    /// Who may create sessions.
    pub enum Access {
        /// Principals with the permission `session.write`.
        Token = "token",
        /// Each principal that is authenticated.
        Authenticated = "authenticated",
        /// Anyone.
        Public = "public",
    }
}

/// A reason for which an operation is permitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    Anyone,
    /// The principal is authenticated.
    Authenticated,
    /// The request presents the session's token.
    Token,
    /// The principal created the session; while that has no user, if the principal may not see
    /// users.
    Creator,
    /// The principal is the session's user.
    User,
    /// The principal has the permission.
    Permission(Permission),
}

impl FromStr for Access {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::named(text).ok_or(Invalid::new(
            "access",
            "is not token, authenticated or public",
        ))
    }
}
