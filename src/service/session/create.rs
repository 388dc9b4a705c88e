use std::time::Duration;

use super::checks::factors;
use crate::domain::{
    IdempotencyKey, Lifetime, Metadata, NewSession, Operation, Permit, Session, SessionId,
    Timestamp, UserAgent, UserRef, WriteId,
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
}

impl UseCase for CreateSession {
    const OPERATION: Operation = Operation::CreateSession;
    type Outcome = CreatedSession;

    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<CreatedSession, Error> {
        let created = service.create_session(self, permit, context).await?;
        context.record.session(created.session_id);
        Ok(created)
    }
}

impl Service {
    /// Creates a session, if the request passes all its checks.
    ///
    /// Nothing is stored of a session whose checks failed. A principal that may not see users
    /// gets one answer for all that can be wrong with a user, after the same work. A request
    /// that is repeated under an idempotency key is checked again, and answered with the session
    /// that it created the first time.
    ///
    /// Requests, one after another: 1 without checks, 2 with a user or a user and
    /// password by login name, 3 by user id.
    async fn create_session(
        &self,
        request: CreateSession,
        permit: &Permit,
        context: &Context,
    ) -> Result<CreatedSession, Error> {
        let policy = &self.policy;
        let lifetime = Lifetime::parse(request.lifetime, policy.lifetime, policy.max_lifetime)?;
        let scope = self.idempotency(&request, permit).await?;
        let checks = request.checks.factors();
        let subject = request.checks.user.as_ref().map(Subject::Named);
        if subject.is_some() {
            permit.may_check_user(&checks)?;
        }
        let verified = self
            .check(subject, &request.checks, permit, context)
            .await?;

        let write = WriteId::generate();
        let factors = factors(verified.as_ref(), &checks, context.now);
        let user = factors.user().map(|user| UserRef::from(&user.user_id));
        let (id, token) = match &scope {
            None => {
                let id = SessionId::generate();
                (id, SessionToken::generate(id, user)?)
            }
            Some(scope) => {
                let id = scope.session_id(permit, verified.as_ref());
                (id, scope.server_key.token(id, write, user))
            }
        };
        let session = Session::open(
            NewSession {
                id,
                token_hash: token.hash(),
                factors,
                metadata: request.metadata,
                user_agent: request.user_agent,
                creator: permit.principal().to_string(),
                lifetime,
                write,
                fingerprint: scope.as_ref().map(|scope| scope.fingerprint),
            },
            context.now,
        );
        let put = self.store.insert_session(&session);
        let put = self.put_and_settle(put, verified.as_ref(), context);
        match (context.database(put).await?, scope) {
            (PutOutcome::Done, _) => Ok(self.created(&session, session.created_at, token)),
            (PutOutcome::Conflict(stored), Some(scope)) => self.repeated(&session, &stored, &scope),
            (PutOutcome::Conflict(_) | PutOutcome::Gone, _) => {
                Err(Error::Internal("a random session id was taken".into()))
            }
        }
    }

    pub(super) fn created(
        &self,
        session: &Session,
        created_at: Timestamp,
        session_token: SessionToken,
    ) -> CreatedSession {
        CreatedSession {
            details: Details {
                change_date: Some(created_at),
                ..self.details(session)
            },
            session_id: session.id,
            session_token,
        }
    }
}
