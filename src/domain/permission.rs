use std::collections::BTreeSet;
use std::str::FromStr;

use super::named::named;
use super::text::Invalid;

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
        Self::named(text).ok_or(Invalid::new(
            "permission",
            "is not session.write, session.read or session.delete",
        ))
    }
}
