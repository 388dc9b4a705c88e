//! A Set whose checks have passed, and the rules by which it may be written.

use crate::domain::{
    Factor, FactorKinds, FactorSet, Factors, Invalid, LoginName, NamedSession, PassedChecks,
    Permit, Precondition, Session, SessionChanges, SessionScope, SessionState, Timestamp,
    TokenValidity, UserFactor, WriteId,
};
use crate::error::{ApiSide, Error};
use crate::service::session::checks::VerifiedUser;
use crate::service::session::out_of_scope;
use crate::service::session::second::{
    CheckedChallenges, SecondChecks, SecondSubject, require_proof,
};
use crate::service::session::web_authn::{KeyRights, PassedAnswer, ReadAnswer};
use crate::service::user_lookup::Subject;
use crate::service::{Checks, Context};
use crate::token::SessionToken;

/// A Set whose checks have passed.
pub struct PreparedSet {
    /// The session as it was read.
    pub session: Session,
    pub scope: SessionScope,
    /// The token that the request presents.
    pub token: Option<SessionToken>,
    /// Whether it may make any change. Otherwise it repeats one.
    pub may_change: bool,
    pub checks: FactorSet,
    pub second: SecondChecks,
    pub precondition: Option<Precondition>,
    /// Who passed the check of the user or the password.
    pub verified: Option<VerifiedUser>,
    /// The user who is checked: that one, or the session's own as of its generation of today.
    pub checked: Option<UserFactor>,
    /// The answer of an authenticator that is still to be judged.
    pub answer: Option<Box<ReadAnswer>>,
    /// The same, if it was right.
    pub answered: Option<Box<PassedAnswer>>,
    /// The id of the attempt at codes, if one is reserved.
    pub attempt: WriteId,
    /// The user's login name, and the kinds of second factors if they were read.
    pub login_name: Option<LoginName>,
    pub kinds: Option<FactorKinds>,
    pub changes: SessionChanges,
}

impl PreparedSet {
    pub fn second_subject(&self) -> Option<SecondSubject<'_>> {
        Some(SecondSubject {
            user: self.checked.as_ref()?,
            login_name: self.login_name.as_ref()?,
            kinds: self.kinds,
            credentials: None,
            session: self.session.id,
            stored: Some(&self.session),
            attempt: self.attempt,
        })
    }

    pub fn conceal(&self, error: Error, context: &Context) -> Error {
        conceal(error, self.may_change, &self.scope, context)
    }

    /// The user whom a check of the Set is of.
    pub fn passed(&self) -> Option<&UserFactor> {
        self.changes.factors.user()
    }

    /// Whether there is nothing to write.
    pub fn changes_nothing(&self) -> Result<bool, Invalid> {
        let current = self.session.token_hash;
        let token = self.token.as_ref();
        let is_current = token.is_none_or(|token| token.hash() == current);
        Ok(is_current && !self.session.is_changed_by(&self.changes)?)
    }

    /// Whether the check is of another generation than the session was when it was read. Between the
    /// two, a change of the password may have given the session that generation: so it is read once
    /// more before it is refused.
    pub fn has_other_generation(&self) -> bool {
        let factors = &self.session.factors;
        let users = factors.user().zip(self.passed());
        factors.is_proved()
            && users.is_some_and(|(own, passed)| own.generation != passed.generation)
    }

    /// Checks that `session`, which others may have written since it was read, may be written at
    /// `at`.
    pub fn check_still_permitted(&self, session: &Session, at: Timestamp) -> Result<(), Error> {
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
pub fn subject<'a>(
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
        (None, None) if checks.password.is_some() => Err(Error::UserMissing),
        (None, None) => Ok(None),
    }
}

/// The changes of a session that are permitted.
#[derive(Debug, PartialEq, Eq)]
pub enum Grant {
    Change,
    /// A repetition of the change that replaced the token that the Set presents. That one passed
    /// these checks.
    Repetition(PassedChecks),
}

/// Whether a Set with `checks` may change `session`, or repeat a change.
pub fn grant(
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

/// Checks that a Set with the answer of an authenticator may make any change: a challenge that was
/// answered can't be answered again, so it repeats none.
pub fn require_change(
    has_answer: bool,
    granted: &Grant,
    scope: &SessionScope,
) -> Result<(), Error> {
    if has_answer && *granted != Grant::Change {
        return Err(out_of_scope(scope, ApiSide::Command));
    }
    Ok(())
}

/// Checks that a request may have its second factors and challenges in a session. What it may have
/// beside the answer of an authenticator is known when that was judged; if the session has no user, the
/// answer finds one, which is a login.
pub fn require_rights(
    checks: &Checks,
    asked: &CheckedChallenges,
    session: &Session,
    has_answer: bool,
    permit: &Permit,
) -> Result<(), Error> {
    let before = &session.factors;
    if has_answer {
        let finds_user = before.user().is_none();
        let login = finds_user.then(|| permit.may_check_user(&[Factor::Passkey].into()));
        return Ok(login.transpose().map(drop)?);
    }
    let factors = checks.factors();
    require_proof(&checks.second, asked, &factors, Some(before))?;
    let user = before.user().map(|user| &user.user_id);
    let rights = KeyRights {
        permit,
        has_user: user.is_some() || factors.contains(&Factor::User),
        user,
        checks: &factors,
        proved: Some(before),
    };
    rights.check(asked.web_authn.as_deref())
}

/// Whether the session has another user than the one who was checked.
fn is_another(session: &Session, passed: Option<&UserFactor>) -> bool {
    let users = session.factors.user().zip(passed);
    users.is_some_and(|(own, passed)| own.user_id != passed.user_id)
}

/// The error of a check. A token that is only valid to repeat a change gets one for all failed checks,
/// so that it does not reveal the session's user.
pub fn conceal(error: Error, may_change: bool, scope: &SessionScope, context: &Context) -> Error {
    if !may_change && error.is_check_failure() {
        context.record.conceal(error.kind());
        return out_of_scope(scope, ApiSide::Command);
    }
    error
}

pub fn require_live(state: SessionState) -> Result<(), Error> {
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

pub fn require(precondition: Option<&Precondition>, session: &Session) -> Result<(), Error> {
    match precondition {
        Some(wanted) if !wanted.holds(session.sequence) => {
            Err(Error::PreconditionFailed(session.sequence))
        }
        _ => Ok(()),
    }
}
