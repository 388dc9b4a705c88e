use super::find::Found;
use super::{GetSession, GotSession, Service, Trace};
use crate::domain::{Action, Caller, State, Timestamp};
use crate::error::{Error, Side};

impl Service {
    /// Reads a session that counts: one that was ended or has expired is none.
    ///
    /// Requests: 1 with the session's token or by its own user, 2 otherwise if it has a
    /// user.
    pub(super) async fn get_session(
        &self,
        request: GetSession,
        caller: &Caller,
        now: Timestamp,
        trace: &Trace,
    ) -> Result<GotSession, Error> {
        let token = request.session_token;
        let claim = self.claim(Action::Get, caller, token)?;
        let unknown = || Error::SessionNotFound(Side::Query);
        let id = request.session_id.ok_or_else(unknown)?;
        let user = token.map_or_else(|| super::own_ref(caller), |token| token.user);
        let Some(Found { session, state }) = self.find(id, user, now, trace).await? else {
            return Err(unknown());
        };
        if state != State::Live {
            return Err(unknown());
        }
        if !claim.holds(&session, now) {
            return Err(super::not_held(&claim, Side::Query));
        }
        Ok(GotSession {
            session: Box::new(session),
            resource_owner: self.policy.resource_owner.clone(),
        })
    }
}
