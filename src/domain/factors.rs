use super::{DisplayName, LoginName, SessionGeneration, Timestamp, UserId};

/// The user of a session, as of the last check. The login name isn't part of it, because a rename
/// may change that: see [`NamedSession`](super::NamedSession).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFactor {
    pub user_id: UserId,
    pub display_name: Option<DisplayName>,
    pub verified_at: Timestamp,
    /// The user's session generation when the user was added to the session. The session is
    /// valid only while it is still the user's.
    pub generation: SessionGeneration,
}

impl UserFactor {
    /// The name to show for the user, whose login name is `login_name`.
    pub fn shown_name<'a>(&'a self, login_name: &'a LoginName) -> &'a str {
        DisplayName::or_login_name(self.display_name.as_ref(), login_name)
    }
}

/// The last check of the password of a session's user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordFactor {
    pub verified_at: Timestamp,
}
