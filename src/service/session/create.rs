use std::time::Duration;

use super::idempotency::IdempotencyScope;
use super::second::{
    AskedChallenges, CheckedChallenges, CheckedUser, MadeChallenges, PassedSecond, PreparedSecond,
    ReturnedOtps, SecondSubject, require_proof,
};
use crate::domain::{
    Factors, IdempotencyKey, Metadata, NewSession, Operation, Permit, Profile, SecondFactors,
    Sequence, Session, SessionId, UserAgent, UserRef, WriteId, check_lifetime,
};
use crate::error::{Error, FactorError};
use crate::service::user_lookup::Subject;
use crate::service::{Checks, Context, Details, Service, UseCase};
use crate::store::PutOutcome;
use crate::token::SessionToken;

/// `CreateSessionRequest`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateSession {
    pub checks: Checks,
    pub challenges: AskedChallenges,
    pub metadata: Metadata,
    pub user_agent: Option<UserAgent>,
    pub lifetime: Option<Duration>,
    /// The key under which the request may be repeated.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// `CreateSessionResponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedSession {
    pub details: Details,
    pub session_id: SessionId,
    pub session_token: SessionToken,
    /// The codes that were asked for and are returned.
    pub codes: ReturnedOtps,
}

impl UseCase for CreateSession {
    const OPERATION: Operation = Operation::CreateSession;
    type Outcome = CreatedSession;

    /// Creates a session, if the request passes all its checks.
    ///
    /// Nothing is stored of a session whose checks failed. A principal that may not see users
    /// gets one answer for all that can be wrong with a user, after the same work. A request
    /// that is repeated under an idempotency key is checked again, and answered with the session
    /// that it created the first time.
    ///
    /// Requests, one after another: 1 without checks, 2 with a user or a user and
    /// password by login name, 3 by user id. With second factors those of [`Service::judge_second`]
    /// more, with challenges those of [`Service::make_challenges`], and 1 for a repeated request.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<CreatedSession, Error> {
        let policy = &service.policy;
        check_lifetime(self.lifetime, policy.max_lifetime)?;
        let asked = service.checked_challenges(&self.challenges, permit)?;
        let scope = service.idempotency(&self, permit, context).await?;
        let checks = self.checks.factors();
        let subject = self.checks.user.as_ref().map(Subject::Named);
        if subject.is_some() {
            permit.may_check_user(&checks)?;
        } else if self.checks.password.is_some() {
            return Err(Error::UserMissing);
        }
        require_proof(&self.checks.second, &self.challenges, &checks, None)?;
        let user_agent = self.user_agent.as_ref();
        let address = service.login_address(&self.checks, user_agent, permit, context);
        let check = service.check(subject, &self.checks, address, permit, context);
        let verified = service.limited(address, context, check).await?;

        let id = scope
            .as_ref()
            .map(|scope| scope.session_id(permit, verified.as_ref()));
        let user = verified
            .as_ref()
            .map(|verified| CheckedUser::from(&verified.user));
        let new = Opening {
            request: self,
            asked,
            scope,
            id: id.unwrap_or_else(SessionId::generate),
            user,
        };
        let mut verified = verified;
        let mut prepared = PreparedSecond::default();
        if new.has_second() {
            // From here on the attempt at the password is settled, and others needn't wait for it.
            let verified = verified.take();
            let prepare = service.prepare_create(&new, context);
            let done = service.put_and_settle(prepare, verified.as_ref(), context);
            let (repeated, done) = done.await?;
            if let Some(stored) = repeated {
                return service.answer_again(&new, &stored, context).await;
            }
            prepared = done;
        }
        let open = service.open(new, prepared, permit, context);
        service
            .put_and_settle(open, verified.as_ref(), context)
            .await
    }
}

/// A create whose user and password have passed.
struct Opening {
    request: CreateSession,
    asked: CheckedChallenges,
    scope: Option<IdempotencyScope>,
    id: SessionId,
    user: Option<CheckedUser>,
}

impl Opening {
    fn has_second(&self) -> bool {
        !self.request.checks.second.is_empty() || !self.asked.is_empty()
    }

    fn second_subject(&self) -> Option<SecondSubject<'_>> {
        let user = self.user.as_ref()?;
        Some(SecondSubject {
            user: &user.factor,
            login_name: &user.login_name,
            kinds: None,
            session: self.id,
            stored: None,
        })
    }

    /// The sequence of the session.
    fn first_sequence(&self) -> Sequence {
        let request = &self.request;
        let facts = request.checks.factors().len() + self.asked.count();
        let has_metadata = !request.metadata.is_empty();
        Session::first_sequence(facts, has_metadata, request.lifetime.is_some())
    }
}

impl Service {
    /// Looks for the session of a create that is repeated, before a second factor is judged: its code
    /// was used up by the first. Judges the second factors if there is none.
    async fn prepare_create(
        &self,
        new: &Opening,
        context: &Context,
    ) -> Result<(Option<Session>, PreparedSecond), Error> {
        if new.scope.is_some() {
            let stored = context.database(self.store.get_session(new.id)).await?;
            if stored.is_some() {
                return Ok((stored, PreparedSecond::default()));
            }
        }
        let Some(subject) = new.second_subject() else {
            return Ok((None, PreparedSecond::default()));
        };
        let second = &new.request.checks.second;
        let write = WriteId::generate();
        let prepared = self.prepare_second(second, &new.asked, subject, write, context);
        match (prepared.await, &new.scope) {
            (Err(error @ Error::Factor(FactorError::Wrong(_))), Some(scope)) => {
                let stored = context.database(self.store.get_session(new.id)).await?;
                let stored = stored.ok_or(error)?;
                // Another create with the key was under way, and has used up the code since.
                let user = &subject.user.user_id;
                if scope
                    .first_token(Some(UserRef::from(user)), &stored)
                    .is_ok()
                {
                    self.return_factor_attempt(user, write, context).await;
                }
                Ok((Some(stored), PreparedSecond::default()))
            }
            (prepared, _) => Ok((None, prepared?)),
        }
    }

    /// Makes the challenges of a create.
    async fn challenge_create(
        &self,
        new: &Opening,
        read: Option<(SecondFactors, Profile)>,
        passed: Option<&PassedSecond>,
        permit: &Permit,
        context: &Context,
    ) -> Result<MadeChallenges, Error> {
        let Some((subject, read)) = new.second_subject().zip(read) else {
            return Ok(MadeChallenges::default());
        };
        let made = self.make_challenges(&new.asked, subject, &read, passed, permit, context);
        let made = made.await;
        self.settle_second(made, passed, context).await
    }

    async fn open(
        &self,
        new: Opening,
        prepared: PreparedSecond,
        permit: &Permit,
        context: &Context,
    ) -> Result<CreatedSession, Error> {
        let PreparedSecond { mut passed, read } = prepared;
        let made = self.challenge_create(&new, read, passed.as_ref(), permit, context);
        let mut made = made.await?;
        let Opening {
            request,
            asked,
            scope,
            id,
            user,
        } = new;
        let checks = request.checks.factors();
        let write = WriteId::generate();
        let factors = user.map(|user| Factors::passed(&checks, user.factor, context.now));
        let factors = factors.unwrap_or_default();
        let user = factors.user_ref();
        let token = match &scope {
            None => SessionToken::generate(id, user)?,
            Some(scope) => scope.server_key.token(id, write, user),
        };
        let session = Session::open(
            NewSession {
                id,
                token_hash: token.hash(),
                factors,
                challenges: made.challenges,
                metadata: request.metadata,
                user_agent: request.user_agent,
                creator: permit.principal().to_string(),
                lifetime: request.lifetime,
                default_lifetime: self.policy.lifetime,
                write,
                fingerprint: scope.as_ref().map(|scope| scope.fingerprint),
            },
            context.now,
        );
        let put = self.put_with_second(None, &session, passed.as_mut());
        let put = context.database(put).await;
        let put = self.settle_second(put, passed.as_ref(), context).await?;
        let (created_at, session_token) = match (put, scope) {
            (PutOutcome::Done, _) => (session.created_at, token),
            (PutOutcome::Conflict(stored), Some(scope)) => {
                // Its codes were not used up, and its challenges are not those of the session.
                self.give_back(passed.as_ref(), context).await;
                let first_token = scope.first_token(user, &stored)?;
                made.returned = self.open_codes(&asked, &stored, context).await?;
                (stored.created_at, first_token)
            }
            (PutOutcome::Conflict(_) | PutOutcome::Gone, _) => {
                return Err(Error::Internal("a random session id was taken".into()));
            }
        };
        context.record.session(Some(id));
        self.tell_of_recovery(passed.as_ref(), permit, context)
            .await;
        Ok(CreatedSession {
            details: self.details(session.sequence, Some(created_at)),
            session_id: id,
            session_token,
            codes: made.returned,
        })
    }

    /// Answers a repeated create as the first one was: with its codes, as long as they are open.
    async fn answer_again(
        &self,
        new: &Opening,
        stored: &Session,
        context: &Context,
    ) -> Result<CreatedSession, Error> {
        let again = new.scope.as_ref().zip(new.second_subject());
        let Some((scope, subject)) = again else {
            return Err(Error::Internal("a create without a key is repeated".into()));
        };
        let user = UserRef::from(&subject.user.user_id);
        let session_token = scope.first_token(Some(user), stored)?;
        let codes = self.open_codes(&new.asked, stored, context).await?;
        context.record.session(Some(stored.id));
        Ok(CreatedSession {
            details: self.details(new.first_sequence(), Some(stored.created_at)),
            session_id: stored.id,
            session_token,
            codes,
        })
    }
}
