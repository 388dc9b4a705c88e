use std::collections::HashMap;

use super::{
    FactorKinds, Factors, LoginName, Session, SessionGeneration, SessionId, SessionState,
    Timestamp, UserFactor, UserPointer, UserRef,
};

/// A session that was read along with its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedSession {
    pub session: Session,
    /// The user's login name of today: since the check, the user may have been renamed, and another
    /// user may have got the name of then. `None` if the session has no user, or if the user was
    /// deleted, which ends the session.
    pub login_name: Option<LoginName>,
    /// The user's session generation of today.
    pub generation: Option<SessionGeneration>,
    /// The kinds of second factors that the user has.
    pub kinds: FactorKinds,
    pub state: SessionState,
}

impl NamedSession {
    /// A session with its state at `now`. `users` has the pointer of its user, if the user exists.
    pub fn new(session: Session, users: &HashMap<UserRef, UserPointer>, now: Timestamp) -> Self {
        let pointer = session.factors.user().and_then(|own| {
            let pointer = users.get(&UserRef::from(&own.user_id))?;
            (pointer.id == own.user_id).then_some(pointer)
        });
        Self {
            login_name: pointer.map(|pointer| pointer.login_name.clone()),
            generation: pointer.map(|pointer| pointer.generation),
            kinds: pointer.map(|pointer| pointer.kinds).unwrap_or_default(),
            state: session.state(pointer.map(|pointer| pointer.generation), now),
            session,
        }
    }

    /// Whether nothing but another generation of its user has ended the session. Session and user
    /// are not read at one instant, and a change of the password may give both another generation
    /// in between: so whoever finds this reads both once more before the session is refused.
    pub fn has_other_generation(&self) -> bool {
        let ended_by_generation = self.state == SessionState::Ended && self.login_name.is_some();
        ended_by_generation && self.session.ended_at.is_none()
    }

    /// The session's user, with the user's generation of today.
    pub fn current_user(&self) -> Option<UserFactor> {
        let user = self.session.factors.user()?;
        Some(UserFactor {
            generation: self.generation?,
            ..user.clone()
        })
    }

    /// The session's user with the current login name.
    pub fn user(&self) -> Option<(&UserFactor, &LoginName)> {
        self.session.factors.user().zip(self.login_name.as_ref())
    }
}

/// A user whose session proves who it is: in the session, a factor beyond the user was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionUser {
    pub session: SessionId,
    pub user: UserFactor,
    /// The user's login name of today.
    pub login_name: LoginName,
    /// What was checked, and when.
    pub factors: Factors,
    /// The kinds of second factors that the user has.
    pub kinds: FactorKinds,
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
            kinds,
            generation: _,
            state: _,
        } = named;
        Some(Self {
            session: session.id,
            user: session.factors.proved_user()?.clone(),
            login_name: login_name?,
            proved_at: session.factors.proved_at()?,
            factors: session.factors,
            kinds,
            created_at: session.created_at,
            expires_at: session.expires_at,
        })
    }

    /// The name to show for the user: the display name, or the login name if there is none.
    pub fn display_name(&self) -> &str {
        self.user.shown_name(&self.login_name)
    }
}
