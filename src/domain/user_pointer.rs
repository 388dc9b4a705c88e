use super::{LoginName, SessionGeneration, UserId};

/// What is found by a user's id: where the login is, and what it is called today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPointer {
    pub id: UserId,
    pub login_name: LoginName,
    /// Only sessions with this epoch are valid.
    pub generation: SessionGeneration,
}
