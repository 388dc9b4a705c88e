use super::checks::factors;
use super::idempotency::Keyed;
use super::user_lookup::Subject;
use super::{Context, CreateSession, CreatedSession, Details, Service};
use crate::domain::{Lifetime, NewSession, Permit, Session, Timestamp};
use crate::error::Error;
use crate::store::PutOutcome;
use crate::token::{SessionToken, generate_session_id, generate_write_id, user_ref};

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
    pub(super) async fn create_session(
        &self,
        mut request: CreateSession,
        permit: &Permit,
        context: &Context,
    ) -> Result<CreatedSession, Error> {
        let policy = &self.policy;
        let lifetime = Lifetime::parse(request.lifetime, policy.lifetime, policy.max_lifetime)?;
        let keyed = self.keyed(&request, permit).await?;
        let password = request.password.take();
        let user = request.user.as_ref();
        if user.is_some() {
            permit.may_check_user(password.is_some())?;
        }
        let verified = self
            .check(user.map(Subject::Named), password, permit, context)
            .await?;

        let write = generate_write_id();
        let (user_factor, password) = factors(verified.as_ref(), context.now);
        let user = user_factor.as_ref().map(|user| user_ref(&user.user_id));
        let (id, token) = match &keyed {
            None => {
                let id = generate_session_id();
                (id, SessionToken::generate(id, user)?)
            }
            Some(keyed) => {
                let id = keyed.session_id(permit, verified.as_ref());
                (id, keyed.server_key.token(id, write, user))
            }
        };
        let session = Session::open(
            NewSession {
                id,
                token_hash: token.hash(),
                user: user_factor,
                password,
                metadata: request.metadata,
                user_agent: request.user_agent,
                creator: permit.principal().to_string(),
                lifetime,
                write,
                fingerprint: keyed.as_ref().map(|keyed| keyed.fingerprint),
            },
            context.now,
        );
        let put = self.store.insert_session(&session);
        let put = self.put_and_settle(put, verified.as_ref(), context);
        match (context.record.database(put).await?, keyed) {
            (PutOutcome::Done, _) => Ok(self.created(&session, session.created_at, token)),
            (PutOutcome::Conflict(stored), Some(keyed)) => self.repeated(&session, &stored, &keyed),
            (PutOutcome::Conflict(_) | PutOutcome::Gone, _) => {
                Err(Error::Internal("a random session id was taken".into()))
            }
        }
    }

    /// The answer to a request that has created `stored` before, and would have put
    /// `session`: that of the first time, whatever has become of the session.
    fn repeated(
        &self,
        session: &Session,
        stored: &Session,
        keyed: &Keyed,
    ) -> Result<CreatedSession, Error> {
        let first = stored
            .request
            .filter(|first| first.fingerprint == keyed.fingerprint)
            .ok_or(Error::IdempotencyKeyReused)?;
        let id = |session: &Session| session.user.as_ref().map(|user| user.user_id.clone());
        let (now, then) = (id(session), id(stored));
        // The login name has become another user's. Of an ended session, no user is known,
        // and its token is of no use. A create without a user may have been given one since.
        if now.is_some() && then.is_some() && now != then {
            return Err(Error::IdempotencyKeyReused);
        }
        let user = now.as_ref().map(user_ref);
        let token = keyed.server_key.token(stored.id, first.write, user);
        Ok(self.created(session, stored.created_at, token))
    }

    fn created(
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
