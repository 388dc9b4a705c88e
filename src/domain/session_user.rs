use super::{PasswordFactor, Session, SessionId, Timestamp, UserFactor};

/// The user for whom a session's token stands: a factor beyond the name was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionUser {
    pub session: SessionId,
    pub user: UserFactor,
    pub password: PasswordFactor,
    pub created_at: Timestamp,
    /// The instant from which the session is void.
    pub expires_at: Timestamp,
}

impl SessionUser {
    /// None: it is nobody's, or its user's name alone was checked, which proves nothing of
    /// who says it.
    pub fn of(session: Session) -> Option<Self> {
        Some(Self {
            session: session.id,
            user: session.user?,
            password: session.password?,
            created_at: session.created_at,
            expires_at: session.expires_at,
        })
    }
}
