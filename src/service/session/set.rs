use std::time::Duration;

use super::checks::VerifiedUser;
use super::second::{
    AskedChallenges, CheckedChallenges, PassedSecond, PreparedSecond, ReturnedOtps, SecondChecks,
    SecondSubject, require_proof,
};
use super::{out_of_scope, sessions};
use crate::domain::{
    Challenges, FactorKinds, FactorSet, Factors, Invalid, LoginName, MetadataChanges, NamedSession,
    Operation, PassedChecks, Permit, Precondition, Session, SessionChanges, SessionId,
    SessionScope, SessionState, Timestamp, TokenRotation, TokenValidity, UserFactor, WriteId,
    check_lifetime,
};
use crate::error::{ApiSide, Error};
use crate::service::user_lookup::Subject;
use crate::service::{Checks, Context, Details, PresentedSessionToken, Service, UseCase};
use crate::store::PutOutcome;
use crate::token::SessionToken;

/// How often a call tries to write a session that others write at the same time. Each time one
/// of them succeeds, so that this many calls at once are all carried out.
const TRIES: usize = 16;

/// `SetSessionRequest`. It has no id if the text that it names the session by is not a UUID.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetSession {
    pub session_id: Option<SessionId>,
    pub session_token: Option<PresentedSessionToken>,
    pub checks: Checks,
    pub challenges: AskedChallenges,
    pub metadata: MetadataChanges,
    pub lifetime: Option<Duration>,
    pub precondition: Option<Precondition>,
}

/// `SetSessionResponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedSession {
    pub details: Details,
    /// The current token, if the principal may know it. It is another one than before if
    /// anything changed.
    pub session_token: Option<SessionToken>,
    /// The codes that were asked for and are returned.
    pub codes: ReturnedOtps,
}

impl UseCase for SetSession {
    const OPERATION: Operation = Operation::SetSession;
    type Outcome = ChangedSession;

    /// Changes a session, if the request passes all its checks, and gives it another token.
    ///
    /// Two calls at once are both carried out, one on top of the other: the later one starts
    /// again from what the other wrote. A call that changes nothing writes nothing, unless the
    /// presented token was replaced: its holder has lost an answer, and needs another token
    /// before the grace of this one is over.
    ///
    /// Requests, one after another: 2 without checks, 3 with them. One more if the session has a
    /// user and the request no session token, if a user is named by id to a session without one,
    /// for each time that another writer came first, and before the answer that its user's
    /// generation has ended the session. With second factors those of [`Service::judge_second`] more,
    /// with challenges those of [`Service::make_challenges`].
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<ChangedSession, Error> {
        context.record.session(self.session_id);
        let asked = service.checked_challenges(&self.challenges, permit)?;
        let mut set = service.prepare_set(self, permit, context).await?;
        let mut verified = set.verified.take();
        let mut prepared = PreparedSecond::default();
        if !(set.second.is_empty() && asked.is_empty()) {
            let nobody = || Error::Internal("second factors are checked of nobody".into());
            let subject = set.second_subject().ok_or_else(nobody)?;
            // From here on the attempt at the password is settled, and others needn't wait for it.
            let verified = verified.take();
            let prepare = service.prepare_second(&set.second, &asked, subject, context);
            let done = service.put_and_settle(prepare, verified.as_ref(), context);
            prepared = done.await.map_err(|error| set.conceal(error, context))?;
        }
        let change = service.change(set, &asked, prepared, permit, context);
        service
            .put_and_settle(change, verified.as_ref(), context)
            .await
    }
}

impl Service {
    /// Reads the session of a Set, and carries out the Set's checks.
    async fn prepare_set(
        &self,
        mut request: SetSession,
        permit: &Permit,
        context: &Context,
    ) -> Result<PreparedSet, Error> {
        let policy = &self.policy;
        check_lifetime(request.lifetime, policy.max_lifetime)?;
        let presented = request.session_token.take();
        let scope = sessions(permit, presented.as_ref())?;
        let token = presented.and_then(Result::ok);
        let unknown = || Error::SessionNotFound(ApiSide::Command);
        let id = request.session_id.ok_or_else(unknown)?;
        let user = token.as_ref().and_then(SessionToken::user);
        let named = self.find(id, user, context).await?.ok_or_else(unknown)?;
        let session = &named.session;
        let checks = request.checks.factors();
        permit.may_use_session(id)?;
        let granted = grant(&scope, session, &checks, context.now)?;
        require_live(named.state)?;
        if granted == Grant::Change {
            require(request.precondition.as_ref(), session)?;
        }
        // Nobody vouches for the client of a session that somebody else created.
        let user_agent = session.user_agent.as_ref();
        let user_agent = user_agent.filter(|_| permit.created(session));
        let address = self.login_address(&request.checks, user_agent, permit, context);
        let verified = async {
            // This comes first: an error after an attempt is counted would leave it unsettled.
            session.metadata.changed(&request.metadata)?;
            let login = async {
                let subject = subject(&request.checks, &named, &granted, permit)?;
                let proved = &session.factors;
                let Checks { second, .. } = &request.checks;
                if subject.is_none() && request.checks.password.is_some() {
                    return Err(Error::UserMissing);
                }
                require_proof(second, &request.challenges, &checks, Some(proved))?;
                let check = self.check(subject, &request.checks, address, permit, context);
                check.await
            };
            self.limited(address, context, login).await
        };
        let verified = verified
            .await
            .map_err(|error| conceal(error, granted == Grant::Change, &scope, context))?;
        let checked = match &verified {
            Some(verified) => Some(UserFactor::from(&verified.user)),
            None => named.current_user(),
        };
        Ok(PreparedSet {
            changes: SessionChanges {
                factors: Factors::default(),
                challenges: Challenges::default(),
                used_codes: Vec::new(),
                metadata: request.metadata,
                lifetime: request.lifetime,
                max_lifetime: policy.max_lifetime,
            },
            may_change: granted == Grant::Change,
            second: request.checks.second,
            kinds: named.session.factors.user.is_some().then_some(named.kinds),
            login_name: match &verified {
                Some(verified) => Some(verified.user.login_name.clone()),
                None => named.login_name,
            },
            session: named.session,
            scope,
            token,
            checks,
            precondition: request.precondition,
            checked,
            verified,
            attempt: WriteId::generate(),
        })
    }

    /// Makes the challenges of a Set, and writes what it changes.
    async fn change(
        &self,
        mut set: PreparedSet,
        asked: &CheckedChallenges,
        prepared: PreparedSecond,
        permit: &Permit,
        context: &Context,
    ) -> Result<ChangedSession, Error> {
        let PreparedSecond { mut passed, read } = prepared;
        let mut codes = ReturnedOtps::default();
        if let Some((subject, read)) = set.second_subject().zip(read) {
            let passed = passed.as_ref();
            let made = self.make_challenges(asked, subject, &read, passed, permit, context);
            let made = made.await;
            let made = self.settle_second(made, passed, context).await;
            let made = made.map_err(|error| set.conceal(error, context))?;
            set.changes.challenges = made.challenges;
            codes = made.returned;
        }
        if let Some(passed) = &passed {
            set.changes.used_codes = passed.used_codes();
        }
        if let Some(user) = set.checked.clone().filter(|_| !set.checks.is_empty()) {
            set.changes.factors = Factors::passed(&set.checks, user, context.now);
        }
        if set.changes_nothing()? {
            return Ok(ChangedSession {
                details: self.details(set.session.sequence, Some(set.session.changed_at)),
                session_token: set.token,
                codes,
            });
        }
        let written = self.write_set(&set, passed.as_mut(), context);
        let written = context.database(written).await;
        let written = self.settle_second(written, passed.as_ref(), context).await;
        let (session, token) = written.map_err(|error| set.conceal(error, context))?;
        self.tell_of_recovery(passed.as_ref(), permit, context)
            .await;
        Ok(ChangedSession {
            details: self.details(session.sequence, Some(session.changed_at)),
            session_token: Some(token),
            codes,
        })
    }

    /// Writes what a Set changes, on top of what others write at the same time. Returns the session
    /// and its token.
    async fn write_set(
        &self,
        set: &PreparedSet,
        mut passed: Option<&mut PassedSecond>,
        context: &Context,
    ) -> Result<(Session, SessionToken), Error> {
        let grace = self.policy.token_grace;
        let mut newer = None;
        if set.has_other_generation() {
            let read = self.store.get_session(set.session.id).await?;
            let read = read.ok_or(Error::SessionNotFound(ApiSide::Command))?;
            newer = Some(Box::new(read));
        }
        for _ in 0..TRIES {
            let session = newer.as_deref().unwrap_or(&set.session);
            let at = context.time();
            set.check_still_permitted(session, at)?;
            if let Some(passed) = &passed {
                passed.require_challenges_of(session)?;
            }
            let user = session.factors.user_ref();
            let user = user.or(set.changes.factors.user_ref());
            let token = SessionToken::generate(session.id, user)?;
            let rotation = TokenRotation {
                token_hash: token.hash(),
                write: WriteId::generate(),
                // The grace begins at the time of this try.
                grace_until: (!grace.is_zero()).then(|| at.plus(grace)),
            };
            let next = session.changed(&set.changes, rotation, context.now)?;
            let put = self.put_with_second(Some(session), &next, passed.as_deref_mut());
            match put.await? {
                PutOutcome::Done => return Ok((next, token)),
                PutOutcome::Conflict(stored) => newer = Some(stored),
                PutOutcome::Gone => return Err(Error::SessionNotFound(ApiSide::Command)),
            }
            context.record.note(|facts| facts.conflicts += 1);
        }
        Err(Error::Conflict)
    }
}

/// A Set whose checks have passed.
struct PreparedSet {
    /// The session as it was read.
    session: Session,
    scope: SessionScope,
    /// The token that the request presents.
    token: Option<SessionToken>,
    /// Whether it may make any change. Otherwise it repeats one.
    may_change: bool,
    checks: FactorSet,
    second: SecondChecks,
    precondition: Option<Precondition>,
    /// Who passed the check of the user or the password.
    verified: Option<VerifiedUser>,
    /// The user who is checked: that one, or the session's own as of its generation of today.
    checked: Option<UserFactor>,
    /// The id of the attempt at codes, if one is reserved.
    attempt: WriteId,
    /// The user's login name, and the kinds of second factors if they were read.
    login_name: Option<LoginName>,
    kinds: Option<FactorKinds>,
    changes: SessionChanges,
}

impl PreparedSet {
    fn second_subject(&self) -> Option<SecondSubject<'_>> {
        Some(SecondSubject {
            user: self.checked.as_ref()?,
            login_name: self.login_name.as_ref()?,
            kinds: self.kinds,
            session: self.session.id,
            stored: Some(&self.session),
            attempt: self.attempt,
        })
    }

    fn conceal(&self, error: Error, context: &Context) -> Error {
        conceal(error, self.may_change, &self.scope, context)
    }

    /// The user whom a check of the Set is of.
    fn passed(&self) -> Option<&UserFactor> {
        self.changes.factors.user()
    }

    /// Whether there is nothing to write.
    fn changes_nothing(&self) -> Result<bool, Invalid> {
        let current = self.session.token_hash;
        let token = self.token.as_ref();
        let is_current = token.is_none_or(|token| token.hash() == current);
        Ok(is_current && !self.session.is_changed_by(&self.changes)?)
    }

    /// Whether the check is of another generation than the session was when it was read. Between the
    /// two, a change of the password may have given the session that generation: so it is read once
    /// more before it is refused.
    fn has_other_generation(&self) -> bool {
        let factors = &self.session.factors;
        let users = factors.user().zip(self.passed());
        factors.is_proved()
            && users.is_some_and(|(own, passed)| own.generation != passed.generation)
    }

    /// Checks that `session`, which others may have written since it was read, may be written at
    /// `at`.
    fn check_still_permitted(&self, session: &Session, at: Timestamp) -> Result<(), Error> {
        let passed = self.passed();
        // A session that expires while a password is checked is not revived.
        require_still_live(session, passed, at)?;
        // The token is still valid if the changes in between added no proof: any number of calls
        // with one token are all carried out.
        if session.proved_sequence != self.session.proved_sequence {
            let granted = grant(&self.scope, session, &self.checks, at)?;
            if granted != Grant::Change && is_another(session, passed) {
                return Err(out_of_scope(&self.scope, ApiSide::Command));
            }
        }
        require(self.precondition.as_ref(), session)?;
        if self.changes.lifetime.is_some() && session.absolute_end(&self.changes) <= at {
            return Err(Error::SessionExpired);
        }
        Ok(())
    }
}

/// The user to check, if the request has a check.
///
/// A user other than the session's is refused here, before anything is read or counted, and with
/// the same error whether the user exists or not. Otherwise a session could be used to find other
/// users or to guess their passwords.
fn subject<'a>(
    checks: &'a Checks,
    stored: &'a NamedSession,
    granted: &Grant,
    permit: &Permit,
) -> Result<Option<Subject<'a>>, Error> {
    let factors = checks.factors();
    let has_proof = factors.iter().any(|factor| factor.is_proof());
    let own = match (stored.session.factors.user(), &stored.login_name) {
        (Some(user), Some(name)) => Some((&user.user_id, name)),
        // The session of a user who was deleted has ended.
        (Some(_), None) => return Err(Error::SessionEnded),
        (None, _) => None,
    };
    match (own, &checks.user) {
        (Some((id, name)), Some(search)) if !search.finds(id, name) => {
            Err(Factors::another_user().into())
        }
        (Some((id, name)), Some(_)) => {
            // Repeating a change that added the user needs the same permission as the change did.
            let adds_again = matches!(granted, Grant::Repetition(passed) if passed.added_user);
            if !has_proof || adds_again {
                permit.may_check_user(&factors)?;
            }
            Ok(Some(Subject::Own(id, name)))
        }
        (None, Some(search)) => {
            permit.may_check_user(&factors)?;
            Ok(Some(Subject::Named(search)))
        }
        (Some((id, name)), None) => Ok(has_proof.then_some(Subject::Own(id, name))),
        (None, None) => Ok(None),
    }
}

/// The changes of a session that are permitted.
#[derive(Debug, PartialEq, Eq)]
enum Grant {
    Change,
    /// A repetition of the change that replaced the token that the Set presents. That one passed
    /// these checks.
    Repetition(PassedChecks),
}

/// Whether a Set with `checks` may change `session`, or repeat a change.
fn grant(
    scope: &SessionScope,
    session: &Session,
    checks: &FactorSet,
    now: Timestamp,
) -> Result<Grant, Error> {
    match scope.validity(session, now) {
        TokenValidity::Valid => Ok(Grant::Change),
        TokenValidity::ValidToRepeat(passed) if passed.are_repeated_by(checks) => {
            Ok(Grant::Repetition(passed))
        }
        TokenValidity::ValidToRepeat(_) | TokenValidity::Invalid => {
            Err(out_of_scope(scope, ApiSide::Command))
        }
    }
}

/// Whether the session has another user than the one who was checked.
fn is_another(session: &Session, passed: Option<&UserFactor>) -> bool {
    let users = session.factors.user().zip(passed);
    users.is_some_and(|(own, passed)| own.user_id != passed.user_id)
}

/// The error of a check. A token that is only valid to repeat a change gets one for all failed checks,
/// so that it does not reveal the session's user.
fn conceal(error: Error, may_change: bool, scope: &SessionScope, context: &Context) -> Error {
    if !may_change && error.is_check_failure() {
        context.record.conceal(error.kind());
        return out_of_scope(scope, ApiSide::Command);
    }
    error
}

fn require_live(state: SessionState) -> Result<(), Error> {
    match state {
        SessionState::Live => Ok(()),
        SessionState::Ended => Err(Error::SessionEnded),
        SessionState::Expired => Err(Error::SessionExpired),
    }
}

/// Checks that a session which was valid when it was read may be written at `at`.
///
/// A check is of the session generation that its user had then. A session with a proof takes a
/// check of its own generation alone: if the user's sessions were ended in between, the check is of
/// a former password, or the session is one of those that ended.
fn require_still_live(
    session: &Session,
    passed: Option<&UserFactor>,
    at: Timestamp,
) -> Result<(), Error> {
    let generation = match (session.factors.user(), passed) {
        (Some(user), Some(passed)) if user.user_id == passed.user_id => Some(passed.generation),
        (user, _) => user.map(|user| user.generation),
    };
    require_live(session.state(generation, at))
}

fn require(precondition: Option<&Precondition>, session: &Session) -> Result<(), Error> {
    match precondition {
        Some(wanted) if !wanted.holds(session.sequence) => {
            Err(Error::PreconditionFailed(session.sequence))
        }
        _ => Ok(()),
    }
}
