use std::collections::HashMap;

use super::{LoginName, Session, SessionState, Timestamp, UserFactor, UserPointer, UserRef};

/// A session that was read along with its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedSession {
    pub session: Session,
    /// The user's login name of today: since the check, the user may have been renamed, and another
    /// user may have got the name of then. `None` if the session has no user, or if the user was
    /// deleted, which ends the session.
    pub login_name: Option<LoginName>,
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
            state: session.state(pointer.map(|pointer| pointer.generation), now),
            session,
        }
    }

    /// The session's user with the current login name.
    pub fn user(&self) -> Option<(&UserFactor, &LoginName)> {
        self.session.factors.user().zip(self.login_name.as_ref())
    }
}
