use std::str::FromStr;

use super::Permission;
use super::text::Invalid;

/// Who may create sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Principals with the permission `session.write`.
    Token,
    /// Each principal that is authenticated.
    Authenticated,
    /// Anyone.
    Public,
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

impl Access {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Authenticated => "authenticated",
            Self::Public => "public",
        }
    }
}

impl FromStr for Access {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "token" => Ok(Self::Token),
            "authenticated" => Ok(Self::Authenticated),
            "public" => Ok(Self::Public),
            _ => Err(Invalid::new(
                "access",
                "is not token, authenticated or public",
            )),
        }
    }
}
