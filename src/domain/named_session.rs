use super::{LoginName, Session, UserFactor, UserPointer};

/// A session that was read along with its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedSession {
    pub session: Session,
    /// The user's login name of today: since the check, the user may have been renamed, and another
    /// user may have got the name of then. `None` if the session has no user, or if the user was
    /// deleted, which ends the session.
    pub login_name: Option<LoginName>,
}

impl NamedSession {
    /// `pointer` is that of the session's user, if there is one.
    pub fn new(session: Session, pointer: Option<&UserPointer>) -> Self {
        let own = session.factors.user().map(|user| &user.user_id);
        let pointer = pointer.filter(|pointer| Some(&pointer.id) == own);
        Self {
            login_name: pointer.map(|pointer| pointer.login_name.clone()),
            session,
        }
    }

    /// The session's user with the current login name.
    pub fn user(&self) -> Option<(&UserFactor, &LoginName)> {
        self.session.factors.user().zip(self.login_name.as_ref())
    }
}
