//! The use cases of sessions.

mod checks;
mod create;
mod delete;
mod get;
mod idempotency;
mod list;
mod second;
mod set;
mod web_authn;

use super::Service;
use crate::domain::{NotASessionToken, Permit, Sequence, SessionScope, Timestamp, UserRef};
use crate::error::{ApiSide, Error};
use crate::token::SessionToken;

pub use checks::Checks;
pub(super) use checks::VerifiedUser;
pub use create::{CreateSession, CreatedSession};
pub use delete::DeleteSession;
pub use get::{GetSession, GotSession};
pub use list::{ListSessions, ListedSessions, PAGE_ADVICE};
pub use second::{AskedChallenges, ReturnedChallenges, SecondChecks};
pub use set::{ChangedSession, SetSession};
pub use web_authn::{AskedKey, KeyRequest, PresentedAnswer};

/// A text that a request presents as the token of the session that it names, parsed.
pub type PresentedSessionToken = Result<SessionToken, NotASessionToken>;

/// `zitadel.object.Details`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    pub sequence: Sequence,
    /// `None` for a session that does not exist.
    pub change_date: Option<Timestamp>,
    /// Of a user, if it is known.
    pub creation_date: Option<Timestamp>,
    pub resource_owner: String,
}

impl Service {
    pub(super) fn details(&self, sequence: Sequence, change_date: Option<Timestamp>) -> Details {
        Details {
            sequence,
            change_date,
            creation_date: None,
            resource_owner: self.policy.resource_owner.clone(),
        }
    }
}

/// The principal's own user reference.
fn own_user_ref(permit: &Permit) -> Option<UserRef> {
    permit.principal().user().map(UserRef::from)
}

/// The sessions that `permit` covers for a request that presents `token`.
fn sessions(permit: &Permit, token: Option<&PresentedSessionToken>) -> Result<SessionScope, Error> {
    let hash =
        |token: &PresentedSessionToken| token.as_ref().map(SessionToken::hash).map_err(|e| *e);
    Ok(permit.sessions(token.map(hash))?)
}

/// The error for a session outside of `scope`.
fn out_of_scope(scope: &SessionScope, side: ApiSide) -> Error {
    match scope {
        SessionScope::Token(_) => Error::SessionTokenInvalid(side),
        SessionScope::All | SessionScope::Own { .. } => Error::PermissionDenied,
    }
}
