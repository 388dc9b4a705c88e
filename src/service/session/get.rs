use super::{out_of_scope, own_user_ref, sessions};
use crate::domain::{NamedSession, Operation, Permit, SessionId, SessionState, UserRef};
use crate::error::{ApiSide, Error};
use crate::service::{Context, PresentedSessionToken, Service, UseCase};
use crate::token::SessionToken;
use crate::verification::StoredSession;

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

    fn session_id(&self) -> Option<SessionId> {
        self.session_id
    }

    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<GotSession, Error> {
        service.get_session(self, permit, context).await
    }
}

impl Service {
    /// Reads a valid session. One that was ended or has expired is not found.
    ///
    /// Requests: 1 with the session's token or by its own user, 2 otherwise if it has a
    /// user.
    async fn get_session(
        &self,
        request: GetSession,
        permit: &Permit,
        context: &Context,
    ) -> Result<GotSession, Error> {
        let token = request.session_token.as_ref();
        let scope = sessions(permit, token)?;
        let unknown = || Error::SessionNotFound(ApiSide::Query);
        let id = request.session_id.ok_or_else(unknown)?;
        let user = match token {
            None => own_user_ref(permit),
            Some(token) => token.as_ref().ok().and_then(SessionToken::user),
        };
        let Some(StoredSession { named, state }) = self.find(id, user, context).await? else {
            return Err(unknown());
        };
        if state != SessionState::Live {
            return Err(unknown());
        }
        if !scope.contains(&named.session, context.now) {
            return Err(out_of_scope(&scope, ApiSide::Query));
        }
        Ok(GotSession {
            named: Box::new(named),
            resource_owner: self.policy.resource_owner.clone(),
        })
    }

    /// Reads a session and its user: one request if `user` leads to the session's own user or
    /// the session has none, otherwise two.
    pub(super) async fn find(
        &self,
        id: SessionId,
        user: Option<UserRef>,
        context: &Context,
    ) -> Result<Option<StoredSession>, Error> {
        let read = self.store.get_session_and_user(id, user);
        let read = context.database(read).await?;
        Ok(read.map(|(session, user)| StoredSession::new(session, user.as_ref(), context.now)))
    }
}
