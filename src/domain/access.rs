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
    /// The principal is the session's user, or the user that a call is about.
    User,
    /// The principal has the permission.
    Permission(Permission),
}

named! {
    /// What a principal may do with sessions and users that aren't its own.
    ///
    /// `session.write` is also needed to create sessions in the access mode "token", and to check
    /// a user without a password. Whoever has `user.write` can set any user's password, and so take
    /// over every user.
    pub enum Permission {
        SessionWrite = "session.write",
        SessionRead = "session.read",
        SessionDelete = "session.delete",
        UserWrite = "user.write",
        UserRead = "user.read",
        UserDelete = "user.delete",
        /// Whoever has it can give any user a second factor, and so log in with a password alone
        /// that he knows, or keep the user out.
        UserCredentialWrite = "user.credential.write",
        /// Whoever has it can have a passkey registered for any user, and so log in as him.
        UserPasskeyWrite = "user.passkey.write",
        /// Beside what a call takes, to have codes returned.
        UserCodeRead = "user.code.read",
    }
}

pub type Permissions = BTreeSet<Permission>;

impl FromStr for Permission {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let reason = "is not session.write, session.read, session.delete, user.write, user.read, \
                      user.delete, user.credential.write, user.passkey.write or user.code.read";
        Self::named(text).ok_or(Invalid::new("permission", reason))
    }
}

#[test]
fn the_error_for_an_unknown_permission_names_every_one() {
    let reason = "all".parse::<Permission>().unwrap_err().reason;
    let listed = reason
        .strip_prefix("is not ")
        .unwrap()
        .replace(" or ", ", ");
    let listed: Vec<_> = listed.split(", ").collect();

    assert_eq!(listed, Permission::ALL.map(Permission::as_str));
}
