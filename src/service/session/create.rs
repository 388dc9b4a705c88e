use std::time::Duration;

use super::idempotency::IdempotencyScope;
use super::second::{
    AskedChallenges, CheckedChallenges, CheckedUser, MadeChallenges, PreparedSecond, Proofs,
    ReturnedChallenges, SecondSubject, require_proof,
};
use super::web_authn::KeyRights;
use crate::domain::{
    Credentials, Factors, IdempotencyKey, Metadata, NewSession, Operation, Permit, Sequence,
    Session, SessionId, UserAgent, UserRef, WriteId, check_lifetime,
};
use crate::error::{Error, FactorError, WebAuthnError};
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
    pub codes: ReturnedChallenges,
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
    /// password by login name, 3 by user id. With second factors those of `Service::judge_second`
    /// more, with challenges those of `Service::make_challenges`, and 1 for a repeated request. With a
    /// challenge for an authenticator 1 more, if its user is named by login name.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<CreatedSession, Error> {
        let policy = &service.policy;
        check_lifetime(self.lifetime, policy.max_lifetime)?;
        let asked = service.checked_challenges(&self.challenges, permit)?;
        if self.checks.web_authn.is_some() {
            service.require_relying_parties()?;
        }
        let scope = service.idempotency(&self, permit, context).await?;
        let checks = self.checks.factors();
        let subject = self.checks.user.as_ref().map(Subject::Named);
        if subject.is_some() {
            permit.may_check_user(&checks)?;
        } else if self.checks.password.is_some() && self.asks_for_second() {
            return Err(Error::UserMissing);
        }
        if self.checks.web_authn.is_none() {
            require_proof(&self.checks.second, &asked, &checks, None)?;
            let rights = KeyRights {
                permit,
                has_user: subject.is_some(),
                user: None,
                checks: &checks,
                proved: None,
            };
            rights.check(asked.web_authn.as_deref())?;
        }
        let user_agent = self.user_agent.as_ref();
        let address = service.login_address(&self.checks, user_agent, permit, context);
        let check = service.check(subject, &self.checks, address, permit, context);
        let login = service.limited(address, context, check);
        let (verified, credentials) = tokio::join!(login, service.credentials_by_id(&self));
        let verified = verified?;

        let id = scope
            .as_ref()
            .map(|scope| scope.session_id(permit, verified.as_ref()));
        let user = verified
            .as_ref()
            .map(|verified| CheckedUser::from(&verified.user));
        let facts = (checks.len() + asked.count()) as u64;
        let has_metadata = !self.metadata.is_empty();
        let new = Opening {
            sequence: Session::first_sequence(facts, has_metadata, self.lifetime.is_some()),
            request: self,
            asked,
            scope,
            id: id.unwrap_or_else(SessionId::generate),
            user,
            credentials,
            attempt: WriteId::generate(),
        };
        let mut verified = verified;
        let mut prepared = PreparedSecond::default();
        if new.has_second() {
            // From here on the attempt at the password is settled, and others needn't wait for it.
            let verified = verified.take();
            let prepare = service.prepare_create(&new, context);
            let done = service.put_and_settle(prepare, verified.as_ref(), context);
            // On the heap, because a login without these would be moved together with it.
            match Box::pin(done).await? {
                PreparedCreate::Repeated(answer) => return Ok(*answer),
                PreparedCreate::New(done) => prepared = *done,
            }
        }
        let open = service.open(new, prepared, permit, context);
        service
            .put_and_settle(open, verified.as_ref(), context)
            .await
    }
}

impl CreateSession {
    /// Whether more than a user and a password is checked, or a challenge asked for.
    fn asks_for_second(&self) -> bool {
        !self.checks.second.is_empty()
            || self.checks.web_authn.is_some()
            || !self.challenges.is_empty()
    }
}

/// A create whose user and password have passed.
struct Opening {
    request: CreateSession,
    asked: CheckedChallenges,
    scope: Option<IdempotencyScope>,
    id: SessionId,
    user: Option<CheckedUser>,
    /// The user's credentials, if they were read already.
    credentials: Option<Box<Credentials>>,
    /// The id of the attempt at codes, if one is reserved.
    attempt: WriteId,
    /// The sequence of the session.
    sequence: Sequence,
}

/// What precedes the write of a session.
enum PreparedCreate {
    New(Box<PreparedSecond>),
    /// The create is repeated, and this is the answer to the first one.
    Repeated(Box<CreatedSession>),
}

impl Opening {
    fn has_second(&self) -> bool {
        self.request.asks_for_second()
    }

    fn second_subject(&self) -> Option<SecondSubject<'_>> {
        let user = self.user.as_ref()?;
        Some(SecondSubject {
            user: &user.factor,
            login_name: &user.login_name,
            kinds: None,
            credentials: self.credentials.as_deref(),
            session: self.id,
            stored: None,
            attempt: self.attempt,
        })
    }
}

impl Service {
    /// Looks for the session of a create that is repeated, before a second factor is judged: its code
    /// was used up by the first. Judges the second factors if there is none.
    async fn prepare_create(
        &self,
        new: &Opening,
        context: &Context,
    ) -> Result<PreparedCreate, Error> {
        if new.request.checks.web_authn.is_some() {
            // A session that doesn't exist yet has made none.
            return Err(WebAuthnError::NoChallenge.into());
        }
        let repeated = self.find_repeated(new, context).await?;
        let second = &new.request.checks.second;
        let Some(subject) = new.second_subject() else {
            let prepared = self.prepare_second(second, &new.asked, None, context);
            return prepared.await.map(|done| PreparedCreate::New(done.into()));
        };
        if let Some(stored) = repeated {
            let answer = self.compare_codes(new, &stored, subject, context).await?;
            return Ok(PreparedCreate::Repeated(answer.into()));
        }
        let prepared = self.prepare_second(second, &new.asked, Some(subject), context);
        let error = match prepared.await {
            Ok(prepared) => return Ok(PreparedCreate::New(prepared.into())),
            Err(error @ Error::Factor(FactorError::Wrong(_))) => error,
            Err(error) => return Err(error),
        };
        // The first one may have used the code up after this one looked for its session.
        let answer = match self.find_repeated(new, context).await {
            Ok(Some(stored)) => self.answer_again(new, &stored, context).await.map(Some),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        match answer {
            Ok(Some(answer)) => {
                let user = &subject.user.user_id;
                self.return_factor_attempt(user, new.attempt, context).await;
                Ok(PreparedCreate::Repeated(answer.into()))
            }
            Ok(None) => Err(error),
            Err(other) => {
                context.record.side_error(&other);
                Err(error)
            }
        }
    }

    /// The session of a create that is repeated, if it is: 1 request with an idempotency key.
    async fn find_repeated(
        &self,
        new: &Opening,
        context: &Context,
    ) -> Result<Option<Session>, Error> {
        if new.scope.is_none() {
            return Ok(None);
        }
        context.database(self.store.get_session(new.id)).await
    }

    /// Answers a create that is repeated. Its codes are compared with those of the first one, which is
    /// an attempt at them: or else whoever has the password and the key could guess at the code, and
    /// would get the session.
    async fn compare_codes(
        &self,
        new: &Opening,
        stored: &Session,
        subject: SecondSubject<'_>,
        context: &Context,
    ) -> Result<CreatedSession, Error> {
        let kinds = new.request.checks.second.kinds();
        let Some(kind) = kinds.first() else {
            return self.answer_again(new, stored, context).await;
        };
        self.reserve_comparison(*kind, subject, context).await?;
        let answer = self.answer_again(new, stored, context).await;
        if !matches!(answer, Err(Error::IdempotencyKeyReused)) {
            let user = &subject.user.user_id;
            self.return_factor_attempt(user, new.attempt, context).await;
        }
        answer
    }

    async fn open(
        &self,
        mut new: Opening,
        prepared: PreparedSecond,
        permit: &Permit,
        context: &Context,
    ) -> Result<CreatedSession, Error> {
        let PreparedSecond {
            mut passed,
            read,
            key,
        } = prepared;
        let mut made = MadeChallenges::default();
        if let Some((subject, read)) = new.second_subject().zip(read) {
            let passed = passed.as_ref();
            let challenged =
                self.make_challenges(&new.asked, subject, &read, passed, permit, context);
            let challenged = Box::pin(challenged).await;
            made = self.settle_second(challenged, passed, context).await?;
        }
        let made = made.with_key(key);
        let (id, request) = (new.id, &mut new.request);
        let checks = request.checks.factors();
        let write = WriteId::generate();
        let user = new.user.as_ref().map(|user| user.factor.clone());
        let factors = user.map(|user| Factors::passed(&checks, user, context.now));
        let factors = factors.unwrap_or_default();
        let user = factors.user_ref();
        let token = match &new.scope {
            None => SessionToken::generate(id, user)?,
            Some(scope) => scope.server_key.token(id, write, user),
        };
        let session = Session::open(
            NewSession {
                id,
                token_hash: token.hash(),
                factors,
                challenges: made.challenges,
                metadata: std::mem::take(&mut request.metadata),
                user_agent: request.user_agent.take(),
                creator: permit.principal().to_string(),
                lifetime: request.lifetime,
                default_lifetime: self.policy.lifetime,
                write,
                fingerprint: new.scope.as_ref().map(|scope| scope.fingerprint),
            },
            context.now,
        );
        let mut proofs = Proofs {
            second: passed.as_mut(),
            answer: None,
        };
        let put = self.put_with_second(None, &session, &mut proofs, context);
        let put = context.database(put).await;
        let put = self.settle_second(put, passed.as_ref(), context).await?;
        match put {
            PutOutcome::Done => {}
            PutOutcome::Conflict(stored) if new.scope.is_some() => {
                // Its codes were not used up.
                self.give_back(passed.as_ref(), context).await;
                return Box::pin(self.answer_again(&new, &stored, context)).await;
            }
            PutOutcome::Conflict(_) | PutOutcome::Gone => {
                return Err(Error::Internal("a random session id was taken".into()));
            }
        }
        context.record.session(Some(id));
        self.tell_of_recovery(passed.as_ref(), permit, context)
            .await;
        Ok(CreatedSession {
            details: self.details(session.sequence, Some(session.created_at)),
            session_id: id,
            session_token: token,
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
        let Some(scope) = &new.scope else {
            return Err(Error::Internal("a create without a key is repeated".into()));
        };
        let user = new.user.as_ref().map(|user| &user.factor.user_id);
        let session_token = scope.first_token(user.map(UserRef::from), stored)?;
        let codes = self.open_codes(&new.asked, stored, context).await?;
        context.record.session(Some(stored.id));
        Ok(CreatedSession {
            details: self.details(new.sequence, Some(stored.created_at)),
            session_id: stored.id,
            session_token,
            codes,
        })
    }
}
