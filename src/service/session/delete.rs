use super::{out_of_scope, sessions};
use crate::domain::{Permit, Sequence};
use crate::error::{ApiSide, Error};
use crate::service::{Context, DeleteSession, Details, Service};
use crate::store::EndOutcome;

impl Service {
    /// Ends a session, expired or not. One that does not exist is deleted already.
    ///
    /// One request, whose condition is the permit's scope.
    pub(in crate::service) async fn delete_session(
        &self,
        request: DeleteSession,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        let scope = sessions(permit, request.session_token.as_ref())?;
        let id = request
            .session_id
            .ok_or(Error::SessionNotFound(ApiSide::Command))?;
        let end = self.store.end_session(id, &scope, context.now);
        match context.database(end).await? {
            EndOutcome::Ended(session) => Ok(self.details(&session)),
            EndOutcome::Gone => Ok(Details {
                sequence: Sequence(0),
                change_date: None,
                resource_owner: self.policy.resource_owner.clone(),
            }),
            EndOutcome::Refused => Err(out_of_scope(&scope, ApiSide::Command)),
        }
    }
}
