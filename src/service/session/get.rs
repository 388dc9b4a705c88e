use super::{out_of_scope, own_user_ref, sessions};
use crate::domain::{NamedSession, Operation, Permit, SessionId, SessionState, UserRef};
use crate::error::{ApiSide, Error};
use crate::service::{Context, PresentedSessionToken, Service, UseCase};
use crate::token::SessionToken;

/// `GetSessionRequest`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetSession {
    pub session_id: Option<SessionId>,
    pub session_token: Option<PresentedSessionToken>,
}

/// `GetSessionResponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GotSession {
    pub named: Box<NamedSession>,
    pub resource_owner: String,
}

impl UseCase for GetSession {
    const OPERATION: Operation = Operation::GetSession;
    type Outcome = GotSession;

    /// Reads a valid session. One that was ended or has expired is not found.
    ///
    /// Requests: 1 with the session's token or by its own user, 2 otherwise if it has a
    /// user.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<GotSession, Error> {
        context.record.session(self.session_id);
        let token = self.session_token.as_ref();
        let scope = sessions(permit, token)?;
        let unknown = || Error::SessionNotFound(ApiSide::Query);
        let id = self.session_id.ok_or_else(unknown)?;
        permit.may_use_session(id)?;
        let user = match token {
            None => own_user_ref(permit),
            Some(token) => token.as_ref().ok().and_then(SessionToken::user),
        };
        let named = service.find(id, user, context).await?;
        let named = named
            .filter(|named| named.state == SessionState::Live)
            .ok_or_else(unknown)?;
        if !scope.contains(&named.session, context.now) {
            return Err(out_of_scope(&scope, ApiSide::Query));
        }
        Ok(GotSession {
            named: Box::new(named),
            resource_owner: service.policy.resource_owner.clone(),
        })
    }
}

impl Service {
    /// Reads a session and its user: one request if `user` leads to the session's own user or
    /// the session has none, otherwise two. One more if the session is of another generation of
    /// its user: see [`NamedSession::has_other_generation`].
    pub(super) async fn find(
        &self,
        id: SessionId,
        user: Option<UserRef>,
        context: &Context,
    ) -> Result<Option<NamedSession>, Error> {
        let read = async |user| {
            let read = self.store.get_session_and_user(id, user);
            let read = context.database(read).await?;
            Ok(read.map(|(session, users)| NamedSession::new(session, &users, context.now)))
        };
        match read(user).await? {
            Some(named) if named.has_other_generation() => {
                read(named.session.factors.user_ref()).await
            }
            named => Ok(named),
        }
    }
}
