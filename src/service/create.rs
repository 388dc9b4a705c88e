use super::{CreateSession, CreatedSession, Details, Policy, Service, Trace};
use crate::domain::{
    Caller, HashString, Lifetime, NewSession, PasswordFactor, Session, Timestamp, UserFactor,
};
use crate::error::Error;
use crate::service::checks::Checked;
use crate::token::{SessionToken, draw_session_id, draw_write_id};

impl Service {
    /// Opens a session for whoever passes all checks of the request.
    ///
    /// Nothing is stored of a session whose checks failed. To a caller who hasn't said
    /// who he is, all that can be wrong with a user is one answer, after the same work.
    ///
    /// Requests, one after another: 1 without checks, 2 with a user or a user and
    /// password by login name, 3 by user id.
    pub(super) async fn create_session(
        &self,
        request: CreateSession,
        caller: &Caller,
        now: Timestamp,
        trace: &Trace,
    ) -> Result<CreatedSession, Error> {
        let Policy {
            lifetime,
            max_lifetime,
            ..
        } = self.policy;
        let lifetime = Lifetime::parse(request.lifetime, lifetime, max_lifetime)?;
        let checked = self
            .check(request.user.as_ref(), request.password, caller, now, trace)
            .await?;

        let id = draw_session_id();
        let token = SessionToken::draw(id)?;
        let session = Session::open(
            NewSession {
                id,
                token_hash: token.hash(),
                user: checked.as_ref().map(|checked| user_factor(checked, now)),
                password: checked
                    .as_ref()
                    .filter(|checked| checked.by_password)
                    .map(|_| PasswordFactor { verified_at: now }),
                metadata: request.metadata,
                user_agent: request.user_agent,
                creator: caller.to_string(),
                lifetime,
            },
            now,
        );
        trace
            .database(self.store_session(&session, checked.as_ref(), trace))
            .await?;
        Ok(CreatedSession {
            details: Details {
                sequence: session.sequence,
                change_date: session.changed_at,
                resource_owner: self.policy.resource_owner.clone(),
            },
            session_id: session.id,
            session_token: token,
        })
    }

    /// Puts the session, and side by side with it what a right password changes of the
    /// login. The session is what the caller was promised: that the rest failed is
    /// noted, and made good by the next login.
    async fn store_session(
        &self,
        session: &Session,
        checked: Option<&Checked>,
        trace: &Trace,
    ) -> Result<(), Error> {
        let put = self.store.insert_session(session, draw_write_id());
        let clear = async {
            match checked {
                Some(checked) if checked.by_password => {
                    self.store.clear_failures(&checked.login).await
                }
                _ => Ok(()),
            }
        };
        let renew = async {
            match checked.and_then(|checked| Some((&checked.login, checked.renewed.as_ref()?))) {
                Some((login, renewed)) => self.replace_hash(login, renewed).await,
                None => Ok(()),
            }
        };

        let (put, clear, renew) = tokio::join!(put, clear, renew);

        for error in [clear.err(), renew.err()].into_iter().flatten() {
            trace.beside(&error);
        }
        put
    }

    /// That somebody else replaced it first is fine.
    async fn replace_hash(
        &self,
        login: &crate::domain::Login,
        renewed: &HashString,
    ) -> Result<(), Error> {
        self.store
            .replace_password_hash(login, renewed)
            .await
            .map(drop)
    }
}

fn user_factor(checked: &Checked, now: Timestamp) -> UserFactor {
    let login = &checked.login;
    UserFactor {
        user_id: login.user_id.clone(),
        login_name: login.login_name.clone(),
        display_name: login.display_name.clone(),
        verified_at: now,
    }
}
