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
        let at = || now.plus(started.elapsed());
        let put = self.put_changes(
            session,
            &changes,
            checked.as_ref(),
            request.precondition.as_ref(),
            at,
            trace,
        );
        let (session, token) = trace
            .database(self.settling(put, checked.as_ref(), trace))
            .await?;
        Ok(ChangedSession {
            details: self.details(&session),
            session_token: Some(token),
        })
    }

    /// Puts `session` with `changes`, on top of whatever others put in the meantime. `at`
    /// is the time of each try: a session that expires while a password is checked is not
    /// revived.
    async fn put_changes(
        &self,
        mut session: Session,
        changes: &Changes,
        checked: Option<&Checked>,
        precondition: Option<&Precondition>,
        at: impl Fn() -> Timestamp,
        trace: &Trace,
    ) -> Result<(Session, SessionToken), Error> {
        for _ in 0..TRIES {
            let now = at();
            if session.ended_at.is_some() || is_of_another_epoch(&session, checked) {
                return Err(Error::SessionEnded);
            }
            if !session.is_live(now) {
                return Err(Error::SessionExpired);
            }
            require(precondition, &session)?;
            let user = session.user.as_ref().or(changes.user.as_ref());
            let user = user.map(|user| user_ref(&user.user_id));
            let token = SessionToken::draw(session.id, user)?;
            let changed = session.changed(changes, token.hash(), draw_write_id(), now)?;
            match self.store.put_session(&changed).await? {
                Written::Done => return Ok((changed, token)),
                Written::Gone => return Err(Error::SessionNotFound(Side::Command)),
                Written::Conflict(stored) => {
                    trace.note(|traced| traced.conflicts += 1);
                    session = *stored;
                }
            }
        }
        Err(Error::Conflict)
    }
}

fn live(state: State) -> Result<(), Error> {
    match state {
        State::Live => Ok(()),
        State::Ended => Err(Error::SessionEnded),
        State::Expired => Err(Error::SessionExpired),
    }
}

/// The user who was checked is in another epoch than the session: it was ended in the
/// meantime, and another proof doesn't bring it back.
fn is_of_another_epoch(session: &Session, checked: Option<&Checked>) -> bool {
    let Some((user, checked)) = session.user.as_ref().zip(checked) else {
        return false;
    };
    user.user_id == checked.login.user_id && user.epoch != checked.login.epoch
}

fn require(precondition: Option<&Precondition>, session: &Session) -> Result<(), Error> {
    match precondition {
        Some(wanted) if !wanted.holds(session.sequence) => {
            Err(Error::PreconditionFailed(session.sequence))
        }
        _ => Ok(()),
    }
}
