use super::checks::{Checked, Subject, password_factor, user_factor};
use super::verify_token::Found;
use super::{ChangedSession, Service, SetSession};
use crate::domain::{
    Lifetime, Operation, PassedChecks, Permit, Precondition, Principal, Session, SessionChanges,
    SessionState, Timestamp, TokenRotation, TokenValidity,
};
use crate::error::{ApiSide, Error};
use crate::log::CallRecord;
use crate::store::PutOutcome;
use crate::token::{SessionToken, Shown, generate_write_id, user_ref};

/// How often a session is written that others write at the same time. Each time one of
/// them is carried out, so that this many get through at once.
const TRIES: usize = 16;

impl Service {
    /// Adds to a session what passes all checks of the request, and gives it another token.
    ///
    /// Of two calls at once, both are carried out, one on top of the other: whoever was
    /// late starts again from what the other left. A call that changes nothing writes
    /// nothing, unless the token was replaced: whoever still has that one has lost an answer,
    /// and needs another token before its grace is over.
    ///
    /// Requests, one after another: 2 without a password, 4 with one; without the session's
    /// token one more.
    pub(super) async fn set_session(
        &self,
        request: SetSession,
        caller: &Principal,
        now: Timestamp,
        record: &CallRecord,
    ) -> Result<ChangedSession, Error> {
        let policy = &self.policy;
        Lifetime::parse(request.lifetime, policy.lifetime, policy.max_lifetime)?;
        let token = request.session_token.as_ref();
        let token = token.map(|token| Shown::of(token.as_str()));
        let permit = self.permit(Operation::SetSession, caller, token)?;
        let unknown = || Error::SessionNotFound(ApiSide::Command);
        let id = request.session_id.ok_or_else(unknown)?;
        let user = token.and_then(|token| token.user);
        let Some(Found { session, state }) = self.find(id, user, now, record).await? else {
            return Err(unknown());
        };
        let wanted = PassedChecks {
            user: request.user.is_some(),
            added: false,
            password: request.password.is_some(),
        };
        let granted = granted_by(&permit, &session, wanted, now)?;
        live(state)?;
        if granted == Granted::Change {
            require(request.precondition.as_ref(), &session)?;
        }
        let checked = async {
            // Before an attempt is counted that nothing would settle.
            session.metadata.changed(&request.metadata)?;
            let subject = self.subject(&request, &session, &permit, caller, now)?;
            self.check(subject, request.password.clone(), caller, now, record)
                .await
        };
        let checked = checked.await;
        // A token that is good for nothing but the same change again is told nothing else: not
        // even who the user is that has replaced it.
        let checked = checked.map_err(|error| {
            if granted == Granted::Repetition && error.is_check_failure() {
                record.conceal(error.kind());
                return super::not_held(&permit, ApiSide::Command);
            }
            error
        })?;
        let changes = SessionChanges {
            user: request
                .user
                .as_ref()
                .and(checked.as_ref())
                .map(|checked| user_factor(checked, now)),
            password: checked
                .as_ref()
                .and_then(|checked| password_factor(checked, now)),
            metadata: request.metadata,
            lifetime: request.lifetime,
            max_lifetime: policy.max_lifetime,
        };
        let is_current = token.is_none_or(|token| token.hash == session.token_hash);
        if is_current && !session.is_changed_by(&changes)? {
            return Ok(ChangedSession {
                details: self.details(&session),
                session_token: request.session_token,
            });
        }
        let put = async {
            let mut session = session;
            let proved_sequence = session.proved_sequence;
            for _ in 0..TRIES {
                // A session that expires while a password is checked is not revived.
                let at = record.time(now);
                still_live(&session, checked.as_ref(), at)?;
                // What was valid when it was read still is after changes that proved nothing: of
                // any number of calls with one token, all are carried out.
                if session.proved_sequence != proved_sequence {
                    let granted = granted_by(&permit, &session, wanted, at)?;
                    if granted == Granted::Repetition && is_another(&session, checked.as_ref()) {
                        return Err(super::not_held(&permit, ApiSide::Command));
                    }
                }
                require(request.precondition.as_ref(), &session)?;
                if changes.lifetime.is_some() && session.absolute_end(&changes) <= at {
                    return Err(Error::SessionExpired);
                }
                match self.put_changed(&session, &changes, now, at).await? {
                    Put::Done(put, token) => return Ok((put, token)),
                    Put::Late(stored) => session = *stored,
                }
                record.note(|facts| facts.conflicts += 1);
            }
            Err(Error::Conflict)
        };
        let (session, token) = record
            .database(self.settling(put, checked.as_ref(), record))
            .await?;
        Ok(ChangedSession {
            details: self.details(&session),
            session_token: Some(token),
        })
    }

    /// Whom the request wants checked. None: nobody is.
    ///
    /// Another user than the session's is refused here, before anything of that user is read or
    /// counted, and with one answer for all of them, whether they exist or not: whoever has a
    /// session must not find out about others, nor guess at their passwords, with it.
    fn subject<'a>(
        &self,
        request: &'a SetSession,
        session: &'a Session,
        permit: &Permit,
        caller: &Principal,
        now: Timestamp,
    ) -> Result<Option<Subject<'a>>, Error> {
        let by_password = request.password.is_some();
        let access = self.policy.access;
        match (&session.user, &request.user) {
            (Some(own), Some(named)) if !own.is_named_by(named) => {
                Err(Session::another_user().into())
            }
            (Some(own), Some(_)) => {
                // Whoever repeats a change that added the user is asked for what it took.
                let added = matches!(
                    permit.standing(session, now),
                    TokenValidity::ValidToRepeat(PassedChecks { added: true, .. })
                );
                if added || !by_password {
                    access.may_check_user(caller, by_password)?;
                }
                Ok(Some(Subject::Own(own)))
            }
            (None, Some(named)) => {
                access.may_check_user(caller, by_password)?;
                Ok(Some(Subject::Named(named)))
            }
            (Some(own), None) => Ok(by_password.then_some(Subject::Own(own))),
            (None, None) => Ok(None),
        }
    }

    /// Puts `session` with `changes` and another token, over what it was read as. The grace of
    /// the token before begins `at` this try.
    async fn put_changed(
        &self,
        session: &Session,
        changes: &SessionChanges,
        now: Timestamp,
        at: Timestamp,
    ) -> Result<Put, Error> {
        let user = session.user.as_ref().or(changes.user.as_ref());
        let user = user.map(|user| user_ref(&user.user_id));
        let token = SessionToken::draw(session.id, user)?;
        let grace = self.policy.token_grace;
        let rotation = TokenRotation {
            token_hash: token.hash(),
            write: generate_write_id(),
            grace_until: (!grace.is_zero()).then(|| at.plus(grace)),
        };
        let next = session.changed(changes, rotation, now)?;
        match self.store.put_session(&next).await? {
            PutOutcome::Done => Ok(Put::Done(Box::new(next), token)),
            PutOutcome::Conflict(stored) => Ok(Put::Late(stored)),
            PutOutcome::Gone => Err(Error::SessionNotFound(ApiSide::Command)),
        }
    }
}

/// What became of one try to change a session.
enum Put {
    Done(Box<Session>, SessionToken),
    /// Others were first; this is what they left.
    Late(Box<Session>),
}

/// Which changes of a session a claim allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Granted {
    Change,
    /// The change that replaced the token, once more.
    Repetition,
}

/// Whether `permit` lets a Set change `session`, if it passes the checks of `wanted`.
fn granted_by(
    permit: &Permit,
    session: &Session,
    wanted: PassedChecks,
    now: Timestamp,
) -> Result<Granted, Error> {
    match permit.standing(session, now) {
        TokenValidity::Valid => Ok(Granted::Change),
        TokenValidity::ValidToRepeat(proof) if wanted.covers(proof) => Ok(Granted::Repetition),
        TokenValidity::ValidToRepeat(_) | TokenValidity::Invalid => {
            Err(super::not_held(permit, ApiSide::Command))
        }
    }
}

/// Whether the session has another user than the one who was checked.
fn is_another(session: &Session, checked: Option<&Checked>) -> bool {
    let own = session.user.as_ref().map(|user| &user.user_id);
    let checked = checked.map(|checked| &checked.login.user_id);
    own.is_some() && checked.is_some() && own != checked
}

fn live(state: SessionState) -> Result<(), Error> {
    match state {
        SessionState::Live => Ok(()),
        SessionState::Ended => Err(Error::SessionEnded),
        SessionState::Expired => Err(Error::SessionExpired),
    }
}

/// Whether a session that counted when it was read may be written at `at`.
///
/// If the user who was checked is in another epoch, it was ended in the meantime, and
/// another proof doesn't bring it back.
fn still_live(session: &Session, checked: Option<&Checked>, at: Timestamp) -> Result<(), Error> {
    let generation = match (&session.user, checked) {
        (Some(user), Some(checked)) if user.user_id == checked.login.user_id => {
            Some(checked.login.generation)
        }
        (user, _) => user.as_ref().map(|user| user.generation),
    };
    live(session.state(generation, at))
}

fn require(precondition: Option<&Precondition>, session: &Session) -> Result<(), Error> {
    match precondition {
        Some(wanted) if !wanted.holds(session.sequence) => {
            Err(Error::PreconditionFailed(session.sequence))
        }
        _ => Ok(()),
    }
}
