use std::time::Duration;

use super::checks::VerifiedUser;
use crate::domain::{
    IdempotencyKey, Metadata, NewSession, Operation, Permit, Session, SessionId, UserAgent,
    WriteId, check_lifetime,
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

    /// Creates a session, if the request passes all its checks.
    ///
    /// Nothing is stored of a session whose checks failed. A principal that may not see users
    /// gets one answer for all that can be wrong with a user, after the same work. A request
    /// that is repeated under an idempotency key is checked again, and answered with the session
    /// that it created the first time.
    ///
    /// Requests, one after another: 1 without checks, 2 with a user or a user and
    /// password by login name, 3 by user id.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<CreatedSession, Error> {
        let policy = &service.policy;
        check_lifetime(self.lifetime, policy.max_lifetime)?;
        let scope = service.idempotency(&self, permit, context).await?;
        let checks = self.checks.factors();
        let subject = self.checks.user.as_ref().map(Subject::Named);
        if subject.is_some() {
            permit.may_check_user(&checks)?;
        }
        let user_agent = self.user_agent.as_ref();
        let address = service.login_address(&self.checks, user_agent, permit, context);
        let check = service.check(subject, &self.checks, address, permit, context);
        let verified = service.limited(address, context, check).await?;

        let write = WriteId::generate();
        let factors = VerifiedUser::factors(verified.as_ref(), &checks, context.now);
        let user = factors.user_ref();
        let derived_id = scope
            .as_ref()
            .map(|scope| scope.session_id(permit, verified.as_ref()));
        let id = derived_id.unwrap_or_else(SessionId::generate);
        let token = match &scope {
            None => SessionToken::generate(id, user)?,
            Some(scope) => scope.server_key.token(id, write, user),
        };
        let session = Session::open(
            NewSession {
                id,
                token_hash: token.hash(),
                factors,
                metadata: self.metadata,
                user_agent: self.user_agent,
                creator: permit.principal().to_string(),
                lifetime: self.lifetime,
                default_lifetime: policy.lifetime,
                write,
                fingerprint: scope.as_ref().map(|scope| scope.fingerprint),
            },
            context.now,
        );
        let put = service.store.insert_session(&session);
        let put = service.put_and_settle(put, verified.as_ref(), context);
        let (created_at, session_token) = match (context.database(put).await?, scope) {
            (PutOutcome::Done, _) => (session.created_at, token),
            (PutOutcome::Conflict(stored), Some(scope)) => {
                (stored.created_at, scope.first_token(&session, &stored)?)
            }
            (PutOutcome::Conflict(_) | PutOutcome::Gone, _) => {
                return Err(Error::Internal("a random session id was taken".into()));
            }
        };
        context.record.session(Some(id));
        Ok(CreatedSession {
            details: service.details(session.sequence, Some(created_at)),
            session_id: id,
            session_token,
        })
    }
}
