use super::checks::{Subject, password_factor, user_factor};
use super::idempotency::Keyed;
use super::{CreateSession, CreatedSession, Details, Policy, Service};
use crate::domain::{Lifetime, NewSession, Principal, Session, Timestamp};
use crate::error::Error;
use crate::log::CallRecord;
use crate::store::PutOutcome;
use crate::token::{SessionToken, generate_session_id, generate_write_id, user_ref};

impl Service {
    /// Opens a session for whoever passes all checks of the request.
    ///
    /// Nothing is stored of a session whose checks failed. To a caller who hasn't said
    /// who he is, all that can be wrong with a user is one answer, after the same work.
    /// Sent again under an idempotency key, the request is checked again and answered with
    /// the session that it has created.
    ///
    /// Requests, one after another: 1 without checks, 2 with a user or a user and
    /// password by login name, 3 by user id.
    pub(super) async fn create_session(
        &self,
        mut request: CreateSession,
        caller: &Principal,
        now: Timestamp,
        record: &CallRecord,
    ) -> Result<CreatedSession, Error> {
        let Policy {
            lifetime,
            max_lifetime,
            ..
        } = self.policy;
        let lifetime = Lifetime::parse(request.lifetime, lifetime, max_lifetime)?;
        let keyed = self.keyed(&request, caller).await?;
        let password = request.password.take();
        let user = request.user.as_ref();
        if user.is_some() {
            let access = self.policy.access;
            access.may_check_user(caller, password.is_some())?;
        }
        let checked = self
            .check(user.map(Subject::Named), password, caller, now, record)
            .await?;

        let write = generate_write_id();
        let user = checked
            .as_ref()
            .map(|checked| user_ref(&checked.login.user_id));
        let (id, token) = match &keyed {
            None => {
                let id = generate_session_id();
                (id, SessionToken::draw(id, user)?)
            }
            Some(keyed) => {
                let id = keyed.session_id(caller, checked.as_ref());
                (id, keyed.server_key.token(id, write, user))
            }
        };
        let session = Session::open(
            NewSession {
                id,
                token_hash: token.hash(),
                user: checked.as_ref().map(|checked| user_factor(checked, now)),
                password: checked
                    .as_ref()
                    .and_then(|checked| password_factor(checked, now)),
                metadata: request.metadata,
                user_agent: request.user_agent,
                creator: caller.to_string(),
                lifetime,
                write,
                fingerprint: keyed.as_ref().map(|keyed| keyed.fingerprint),
            },
            now,
        );
        let put = self.store.insert_session(&session);
        let written = record
            .database(self.settling(put, checked.as_ref(), record))
            .await?;
        match (written, keyed) {
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
