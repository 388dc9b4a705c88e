use std::time::Duration;

use super::checks::VerifiedUser;
use super::idempotency::IdempotencyScope;
use super::second::{
    AskedChallenges, CheckedChallenges, MadeChallenges, ReturnedOtps, SecondSubject, require_proof,
};
use crate::domain::{
    Factors, IdempotencyKey, Metadata, NewSession, Operation, Permit, Sequence, Session, SessionId,
    UserAgent, UserFactor, UserRef, WriteId, check_lifetime,
};
use crate::error::Error;
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

        let new = service.opening(self, &asked, scope, verified.as_ref(), permit, context);
        service
            .put_and_settle(new, verified.as_ref(), context)
            .await
    }
}

/// A create that was carried out before.
struct Repeated<'a> {
    stored: &'a Session,
    scope: &'a IdempotencyScope,
    /// That of the first answer.
    sequence: Sequence,
}

impl CreateSession {
    /// The sequence of the session that it creates.
    fn first_sequence(&self, asked: &CheckedChallenges) -> Sequence {
        let facts = self.checks.factors().len() + asked.iter().count();
        let metadata = !self.metadata.is_empty();
        Session::first_sequence(facts, metadata, self.lifetime.is_some())
    }
}

impl Service {
    /// Opens the session of a create whose user and password have passed.
    async fn opening(
        &self,
        request: CreateSession,
        asked: &CheckedChallenges,
        scope: Option<IdempotencyScope>,
        verified: Option<&VerifiedUser>,
        permit: &Permit,
        context: &Context,
    ) -> Result<CreatedSession, Error> {
        let checks = request.checks.factors();
        let user = verified.map(|verified| UserFactor::from(&verified.user));
        let derived_id = scope
            .as_ref()
            .map(|scope| scope.session_id(permit, verified));
        let id = derived_id.unwrap_or_else(SessionId::generate);
        let second = verified.zip(user.as_ref());
        let second = second.map(|(verified, user)| SecondSubject {
            user,
            login_name: &verified.user.login_name,
            kinds: None,
            session: id,
            stored: None,
        });
        let has_second = !request.checks.second.is_empty() || !asked.is_empty();
        if let Some(scope) = scope.as_ref().filter(|_| has_second)
            && let Some(subject) = second
            && let Some(stored) = self.repeated(id, context).await?
        {
            let sequence = request.first_sequence(asked);
            let repeated = Repeated {
                stored: &stored,
                scope,
                sequence,
            };
            return self.answer_again(repeated, subject, asked, context).await;
        }
        let mut passed = None;
        let mut made = MadeChallenges::default();
        if let Some(subject) = second {
            let judged = self.judge_second(&request.checks.second, subject, context);
            passed = judged.await?;
            let challenged = self.make_challenges(asked, subject, permit, context).await;
            made = self
                .settle_second(challenged, passed.as_ref(), context)
                .await?;
        }

        let write = WriteId::generate();
        let factors = user.map(|user| Factors::passed(&checks, user, context.now));
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
                // Its codes were not used up.
                self.give_back(passed.as_ref(), context).await;
                let user = session.factors.user_ref();
                (stored.created_at, scope.first_token(user, &stored)?)
            }
            (PutOutcome::Conflict(_) | PutOutcome::Gone, _) => {
                return Err(Error::Internal("a random session id was taken".into()));
            }
        };
        context.record.session(Some(id));
        self.tell_of_recovery(passed.as_ref(), permit, context).await;
        Ok(CreatedSession {
            details: self.details(session.sequence, Some(created_at)),
            session_id: id,
            session_token,
            codes: made.returned,
        })
    }

    /// The session that a create has made which is repeated: 1 request. It is looked for before a
    /// second factor is judged, whose code the first one has used up.
    async fn repeated(&self, id: SessionId, context: &Context) -> Result<Option<Session>, Error> {
        context.database(self.store.get_session(id)).await
    }

    /// Answers a repeated create as the first one was: with its codes, as long as they are open.
    async fn answer_again(
        &self,
        repeated: Repeated<'_>,
        subject: SecondSubject<'_>,
        asked: &CheckedChallenges,
        context: &Context,
    ) -> Result<CreatedSession, Error> {
        let Repeated {
            stored,
            scope,
            sequence,
        } = repeated;
        let user = UserRef::from(&subject.user.user_id);
        let session_token = scope.first_token(Some(user), stored)?;
        let subject = SecondSubject {
            stored: Some(stored),
            ..subject
        };
        let codes = self.open_codes(asked, subject, context).await?;
        context.record.session(Some(stored.id));
        Ok(CreatedSession {
            details: self.details(sequence, Some(stored.created_at)),
            session_id: stored.id,
            session_token,
            codes,
        })
    }
}
