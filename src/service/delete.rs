use super::{DeleteSession, Details, Service};
use crate::domain::{Operation, Principal, Sequence, Timestamp};
use crate::error::{ApiSide, Error};
use crate::log::CallRecord;
use crate::store::EndOutcome;

impl Service {
    /// Ends a session, expired or not. That it is gone already is fine.
    ///
    /// One request: who may is its condition.
    pub(super) async fn delete_session(
        &self,
        request: DeleteSession,
        caller: &Principal,
        now: Timestamp,
        record: &CallRecord,
    ) -> Result<Details, Error> {
        let permit = self.permit(Operation::DeleteSession, caller, request.session_token)?;
        let id = request
            .session_id
            .ok_or(Error::SessionNotFound(ApiSide::Command))?;
        let ending = self.store.end_session(id, &permit, now);
        match record.database(ending).await? {
            EndOutcome::Ended(session) => Ok(self.details(&session)),
            EndOutcome::Gone => Ok(Details {
                sequence: Sequence(0),
                change_date: None,
                resource_owner: self.policy.resource_owner.clone(),
            }),
            EndOutcome::Refused => Err(super::not_held(&permit, ApiSide::Command)),
        }
    }
}
