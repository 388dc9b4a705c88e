use tokio::time::Instant;

use super::checks::{Checked, password_factor, user_factor};
use super::find::Found;
use super::{ChangedSession, Service, SetSession, Trace};
use crate::domain::{
    Action, Caller, Changes, Lifetime, Precondition, Session, State, Timestamp, UserSearch,
};
use crate::error::{Error, Side};
use crate::store::Written;
use crate::token::{SessionToken, Shown, draw_write_id, user_ref};

/// How often a session is written that others write at the same time. Each time one of
/// them is carried out, so that this many get through at once.
const TRIES: usize = 16;

impl Service {
    /// Adds to a session what passes all checks of the request, and gives it another token.
    ///
    /// Of two calls at once, both are carried out, one on top of the other: whoever was
    /// late starts again from what the other left. A call that changes nothing writes
    /// nothing.
    ///
    /// Requests, one after another: 2 without a password, 4 with one; without the session's
    /// token one more.
    pub(super) async fn set_session(
        &self,
        request: SetSession,
        caller: &Caller,
        now: Timestamp,
        trace: &Trace,
    ) -> Result<ChangedSession, Error> {
        let started = Instant::now();
        let policy = &self.policy;
        Lifetime::parse(request.lifetime, policy.lifetime, policy.max_lifetime)?;
        let token = request.session_token.as_ref();
        let token = token.map(|token| Shown::of(token.as_str()));
        let claim = self.claim(Action::Set, caller, token)?;
        let unknown = || Error::SessionNotFound(Side::Command);
        let id = request.session_id.ok_or_else(unknown)?;
        let user = token.and_then(|token| token.user);
        let Some(Found { session, state }) = self.find(id, user, now, trace).await? else {
            return Err(unknown());
        };
        if !claim.holds(&session) {
            return Err(super::not_held(&claim, Side::Command));
        }
        live(state)?;
        require(request.precondition.as_ref(), &session)?;

        let user = match (&request.user, &request.password) {
            (None, Some(_)) => session
                .user
                .as_ref()
                .map(|user| UserSearch::Id(user.user_id.clone())),
            (user, _) => user.clone(),
        };
        let checked = self
            .check(user.as_ref(), request.password, caller, now, trace)
            .await?;
        let changes = Changes {
            user: request
                .user
                .and(checked.as_ref())
                .map(|checked| user_factor(checked, now)),
            password: checked
                .as_ref()
                .and_then(|checked| password_factor(checked, now)),
            metadata: request.metadata,
            lifetime: request.lifetime,
        };
        if !session.is_changed_by(&changes)? {
            return Ok(ChangedSession {
                details: self.details(&session),
                session_token: request.session_token,
            });
        }
        let put = async {
            let mut session = session;
            for _ in 0..TRIES {
                // A session that expires while a password is checked is not revived.
                let at = now.plus(started.elapsed());
                still_live(&session, checked.as_ref(), at)?;
                require(request.precondition.as_ref(), &session)?;
                match self.put_changed(&session, &changes, now).await? {
                    Put::Done(put, token) => return Ok((put, token)),
                    Put::Late(stored) => session = *stored,
                }
                trace.note(|traced| traced.conflicts += 1);
            }
            Err(Error::Conflict)
        };
        let (session, token) = trace
            .database(self.settling(put, checked.as_ref(), trace))
            .await?;
        Ok(ChangedSession {
            details: self.details(&session),
            session_token: Some(token),
        })
    }

    /// Puts `session` with `changes` and another token, over what it was read as.
    async fn put_changed(
        &self,
        session: &Session,
        changes: &Changes,
        now: Timestamp,
    ) -> Result<Put, Error> {
        let user = session.user.as_ref().or(changes.user.as_ref());
        let user = user.map(|user| user_ref(&user.user_id));
        let token = SessionToken::draw(session.id, user)?;
        let next = session.changed(changes, token.hash(), draw_write_id(), now)?;
        match self.store.put_session(&next).await? {
            Written::Done => Ok(Put::Done(Box::new(next), token)),
            Written::Conflict(stored) => Ok(Put::Late(stored)),
            Written::Gone => Err(Error::SessionNotFound(Side::Command)),
        }
    }
}

/// What became of one try to change a session.
enum Put {
    Done(Box<Session>, SessionToken),
    /// Others were first; this is what they left.
    Late(Box<Session>),
}

fn live(state: State) -> Result<(), Error> {
    match state {
        State::Live => Ok(()),
        State::Ended => Err(Error::SessionEnded),
        State::Expired => Err(Error::SessionExpired),
    }
}

/// Whether a session that counted when it was read may be written at `at`.
///
/// If the user who was checked is in another epoch, it was ended in the meantime, and
/// another proof doesn't bring it back.
fn still_live(session: &Session, checked: Option<&Checked>, at: Timestamp) -> Result<(), Error> {
    let epoch = match (&session.user, checked) {
        (Some(user), Some(checked)) if user.user_id == checked.login.user_id => {
            Some(checked.login.epoch)
        }
        (user, _) => user.as_ref().map(|user| user.epoch),
    };
    live(session.state(epoch, at))
}

fn require(precondition: Option<&Precondition>, session: &Session) -> Result<(), Error> {
    match precondition {
        Some(wanted) if !wanted.holds(session.sequence) => {
            Err(Error::PreconditionFailed(session.sequence))
        }
        _ => Ok(()),
    }
}
