use super::verify_token::Found;
use super::{GetSession, GotSession, Service};
use crate::domain::{Operation, Principal, SessionState, Timestamp};
use crate::error::{ApiSide, Error};
use crate::log::CallRecord;

impl Service {
    /// Reads a session that counts: one that was ended or has expired is none.
    ///
    /// Requests: 1 with the session's token or by its own user, 2 otherwise if it has a
    /// user.
    pub(super) async fn get_session(
        &self,
        request: GetSession,
        caller: &Principal,
        now: Timestamp,
        record: &CallRecord,
    ) -> Result<GotSession, Error> {
        let token = request.session_token;
        let permit = self.permit(Operation::GetSession, caller, token)?;
        let unknown = || Error::SessionNotFound(ApiSide::Query);
        let id = request.session_id.ok_or_else(unknown)?;
        let user = token.map_or_else(|| super::own_ref(caller), |token| token.user);
        let Some(Found { session, state }) = self.find(id, user, now, record).await? else {
            return Err(unknown());
        };
        if state != SessionState::Live {
            return Err(unknown());
        }
        if !permit.holds(&session, now) {
            return Err(super::not_held(&permit, ApiSide::Query));
        }
        Ok(GotSession {
            session: Box::new(session),
            resource_owner: self.policy.resource_owner.clone(),
        })
    }
}
