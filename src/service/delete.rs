use super::{DeleteSession, Details, Service, Trace};
use crate::domain::{Action, Caller, Sequence, Timestamp};
use crate::error::{Error, Side};
use crate::store::Ending;

impl Service {
    /// Ends a session, expired or not. That it is gone already is fine.
    ///
    /// One request: who may is its condition.
    pub(super) async fn delete_session(
        &self,
        request: DeleteSession,
        caller: &Caller,
        now: Timestamp,
        trace: &Trace,
    ) -> Result<Details, Error> {
        let claim = self.claim(Action::Delete, caller, request.session_token)?;
        let id = request
            .session_id
            .ok_or(Error::SessionNotFound(Side::Command))?;
        let ending = self.store.end_session(id, &claim, now);
        match trace.database(ending).await? {
            Ending::Ended(session) => Ok(self.details(&session)),
            Ending::Gone => Ok(Details {
                sequence: Sequence(0),
                change_date: None,
                resource_owner: self.policy.resource_owner.clone(),
            }),
            Ending::Refused => Err(super::not_held(&claim, Side::Command)),
        }
    }
}
