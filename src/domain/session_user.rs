use super::{Factors, LoginName, NamedSession, SessionId, Timestamp, UserFactor};

/// A user whose session proves who it is: in the session, a factor beyond the user was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionUser {
    pub session: SessionId,
    pub user: UserFactor,
    /// The user's login name of today.
    pub login_name: LoginName,
    /// What was checked, and when.
    pub factors: Factors,
    /// When it was last proved that the user is there.
    pub proved_at: Timestamp,
    pub created_at: Timestamp,
    /// The instant from which the session is not valid.
    pub expires_at: Timestamp,
}

impl SessionUser {
    /// The user of `session`. It is `None` if the session has no user, or if nothing beyond the
    /// user's name was checked, which proves nothing of who gave it.
    pub fn from_session(named: NamedSession) -> Option<Self> {
        let NamedSession {
            session,
            login_name,
            state: _,
        } = named;
        Some(Self {
            session: session.id,
            user: session.factors.proved_user()?.clone(),
            login_name: login_name?,
            proved_at: session.factors.proved_at()?,
            factors: session.factors,
            created_at: session.created_at,
            expires_at: session.expires_at,
        })
    }

    /// The name to show for the user: the display name, or the login name if there is none.
    pub fn display_name(&self) -> &str {
        self.user.shown_name(&self.login_name)
    }
}
