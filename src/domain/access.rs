use std::collections::BTreeSet;
use std::str::FromStr;

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

impl FromStr for Access {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let reason = "is not token, authenticated or public";
        Self::named(text).ok_or(Invalid::new("access", reason))
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

named! {
    /// What a principal may do with sessions that aren't its own. `session.write` is also needed to
    /// create sessions in the access mode "token", and to check a user without a password.
    pub enum Permission {
        Write = "session.write",
        Read = "session.read",
        Delete = "session.delete",
    }
}

pub type Permissions = BTreeSet<Permission>;

impl FromStr for Permission {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let reason = "is not session.write, session.read or session.delete";
        Self::named(text).ok_or(Invalid::new("permission", reason))
    }
}
