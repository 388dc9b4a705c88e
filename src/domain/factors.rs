use super::{DisplayName, LoginName, SessionGeneration, Timestamp, UserId, UserSearch};

/// The user of a session, as of the last check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFactor {
    pub user_id: UserId,
    pub login_name: LoginName,
    pub display_name: DisplayName,
    pub verified_at: Timestamp,
    /// The user's session generation when the user was added to the session. The session is
    /// valid only while it is still the user's.
    pub generation: SessionGeneration,
}

impl UserFactor {
    /// Whether `search` finds this user: by the id, by any spelling of the login name, or by
    /// both.
    pub fn is_named_by(&self, search: &UserSearch) -> bool {
        let is_named = |name: &LoginName| name.folded() == self.login_name.folded();
        match search {
            UserSearch::Id(id) => *id == self.user_id,
            UserSearch::LoginName(name) => is_named(name),
            UserSearch::Both(id, name) => *id == self.user_id && is_named(name),
        }
    }
}

/// The last check of the password of a session's user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordFactor {
    pub verified_at: Timestamp,
}
