use super::{LoginName, SessionGeneration, UserId};

/// The pointer from a user's id to the user: the current login name, under which the user is
/// stored, and the session generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPointer {
    pub id: UserId,
    pub login_name: LoginName,
    /// Only sessions with this generation are valid.
    pub generation: SessionGeneration,
}
