use super::{out_of_scope, sessions};
use crate::domain::{Operation, Permit, Sequence, SessionId};
use crate::error::{ApiSide, Error};
use crate::service::{Context, Details, PresentedSessionToken, Service, UseCase};
use crate::store::EndOutcome;

/// `DeleteSessionRequest`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteSession {
    pub session_id: Option<SessionId>,
    pub session_token: Option<PresentedSessionToken>,
}

impl UseCase for DeleteSession {
    const OPERATION: Operation = Operation::DeleteSession;
    type Outcome = Details;

    /// Ends a session, expired or not. One that does not exist is deleted already.
    ///
    /// One request, whose condition is the permit's scope.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        context.record.session(self.session_id);
        let scope = sessions(permit, self.session_token.as_ref())?;
        let id = self
            .session_id
            .ok_or(Error::SessionNotFound(ApiSide::Command))?;
        permit.may_use_session(id)?;
        let end = service.store.end_session(id, &scope, context.now);
        match context.database(end).await? {
            EndOutcome::Ended(session) => {
                Ok(service.details(session.sequence, Some(session.changed_at)))
            }
            EndOutcome::Gone => Ok(service.details(Sequence(0), None)),
            EndOutcome::Refused => Err(out_of_scope(&scope, ApiSide::Command)),
        }
    }
}
