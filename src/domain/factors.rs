use super::{DisplayName, LoginName, SessionGeneration, Timestamp, UserId, UserSearch};

/// The user whom a session is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFactor {
    pub user_id: UserId,
    pub login_name: LoginName,
    pub display_name: DisplayName,
    pub verified_at: Timestamp,
    /// The one of the user's that the session counts in.
    pub generation: SessionGeneration,
}

impl UserFactor {
    /// Whether a request that names a user means this one: by the id, by a spelling of the
    /// login name, or by both.
    pub fn is_named_by(&self, search: &UserSearch) -> bool {
        let is_named = |name: &LoginName| name.folded() == self.login_name.folded();
        match search {
            UserSearch::Id(id) => *id == self.user_id,
            UserSearch::LoginName(name) => is_named(name),
            UserSearch::Both(id, name) => *id == self.user_id && is_named(name),
        }
    }
}

/// That user's password was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordFactor {
    pub verified_at: Timestamp,
}
