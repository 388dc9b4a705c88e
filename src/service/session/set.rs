mod prepared;

use std::time::Duration;

pub(super) use self::prepared::PreparedSet;
use self::prepared::{
    Grant, conceal, grant, require, require_change, require_live, require_rights, subject,
};
use super::second::{
    AskedChallenges, CheckedChallenges, MadeChallenges, PreparedSecond, Proofs, ReturnedChallenges,
};
use super::sessions;
use crate::domain::{
    Factors, MetadataChanges, Operation, Permit, Precondition, Session, SessionChanges, SessionId,
    TokenRotation, UserFactor, WriteId, check_lifetime,
};
use crate::error::{ApiSide, Error};
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
    pub codes: ReturnedChallenges,
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
    /// generation has ended the session. With second factors those of `Service::judge_second` more,
    /// with challenges those of `Service::make_challenges`, and 1 more with one for an authenticator of a
    /// user. With the answer of an authenticator 3, and 4 if its challenge has no user.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<ChangedSession, Error> {
        context.record.session(self.session_id);
        let asked = service.checked_challenges(&self.challenges, permit)?;
        if self.checks.web_authn.is_some() {
            service.require_relying_parties()?;
        }
        let mut set = service.prepare_set(self, &asked, permit, context).await?;
        if let Some(answer) = set.answer.take() {
            // On the heap, because a Set without one would be moved together with it.
            let done = service.set_with_answer(set, *answer, &asked, permit, context);
            return Box::pin(done).await;
        }
        let mut verified = set.verified.take();
        let mut prepared = PreparedSecond::default();
        if !(set.second.is_empty() && asked.is_empty()) {
            let subject = set.second_subject();
            // From here on the attempt at the password is settled, and others needn't wait for it.
            let verified = verified.take();
            let prepare = service.prepare_second(&set.second, &asked, subject, context);
            let done = service.put_and_settle(prepare, verified.as_ref(), context);
            // On the heap, because a Set without these would be moved together with it.
            let done = Box::pin(done).await;
            prepared = done.map_err(|error| set.conceal(error, context))?;
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
        asked: &CheckedChallenges,
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
        let presented = request.checks.web_authn.take();
        let found = self.find_with_answer(id, user, presented, context);
        let (named, answer) = found.await?;
        let named = named.ok_or_else(unknown)?;
        let session = &named.session;
        let checks = request.checks.factors();
        permit.may_use_session(id)?;
        let granted = grant(&scope, session, &checks, context.now)?;
        require_change(answer.is_some(), &granted, &scope)?;
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
                require_rights(&request.checks, asked, session, answer.is_some(), permit)?;
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
                metadata: request.metadata,
                lifetime: request.lifetime,
                max_lifetime: policy.max_lifetime,
                ..SessionChanges::default()
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
            answer,
            answered: None,
            precondition: request.precondition,
            checked,
            verified,
            attempt: WriteId::generate(),
        })
    }

    /// Makes the challenges of a Set, and writes what it changes.
    pub(super) async fn change(
        &self,
        mut set: PreparedSet,
        asked: &CheckedChallenges,
        prepared: PreparedSecond,
        permit: &Permit,
        context: &Context,
    ) -> Result<ChangedSession, Error> {
        let PreparedSecond {
            mut passed,
            read,
            key,
        } = prepared;
        let mut made = MadeChallenges::default();
        if let Some((subject, read)) = set.second_subject().zip(read) {
            let passed = passed.as_ref();
            let codes = self.make_challenges(asked, subject, &read, passed, permit, context);
            let codes = Box::pin(codes).await;
            let codes = self.settle_second(codes, passed, context).await;
            made = codes.map_err(|error| set.conceal(error, context))?;
        }
        let made = made.with_key(key);
        set.changes.challenges = made.challenges;
        let codes = made.returned;
        if let Some(passed) = &passed {
            set.changes.used_codes = passed.used_codes();
        }
        if let Some(user) = set.checked.clone().filter(|_| !set.checks.is_empty()) {
            set.changes.factors = Factors::passed(&set.checks, user, context.now);
        }
        let mut answered = set.answered.take();
        if let Some(answer) = &answered {
            set.changes.factors.u2f_verified_user = answer.u2f_verified_user;
        }
        if set.changes_nothing()? {
            return Ok(ChangedSession {
                details: self.details(set.session.sequence, Some(set.session.changed_at)),
                session_token: set.token,
                codes,
            });
        }
        let proofs = Proofs {
            second: passed.as_mut(),
            answer: answered.as_deref_mut(),
        };
        let written = self.write_set(&set, proofs, context);
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
        mut proofs: Proofs<'_>,
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
            proofs.require_challenges_of(session, context)?;
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
            let put = self.put_with_second(Some(session), &next, &mut proofs, context);
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
