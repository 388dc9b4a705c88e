use std::time::Duration;

use super::Checks;
use crate::domain::{
    Filter, IdempotencyKey, Metadata, MetadataChanges, Operation, Page, Precondition, SessionId,
    UserAgent,
};
use crate::token::{NotASessionToken, SessionToken};

/// The request of an operation, whatever the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    CreateSession(CreateSession),
    SetSession(SetSession),
    GetSession(GetSession),
    DeleteSession(DeleteSession),
    ListSessions(ListSessions),
}

impl Call {
    pub fn operation(&self) -> Operation {
        match self {
            Self::CreateSession(_) => Operation::CreateSession,
            Self::SetSession(_) => Operation::SetSession,
            Self::GetSession(_) => Operation::GetSession,
            Self::DeleteSession(_) => Operation::DeleteSession,
            Self::ListSessions(_) => Operation::ListSessions,
        }
    }

    /// The session that the request names, if its id is one.
    pub(super) fn session_id(&self) -> Option<SessionId> {
        match self {
            Self::SetSession(request) => request.session_id,
            Self::GetSession(request) => request.session_id,
            Self::DeleteSession(request) => request.session_id,
            Self::CreateSession(_) | Self::ListSessions(_) => None,
        }
    }
}

/// `CreateSessionRequest`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateSession {
    pub checks: Checks,
    pub metadata: Metadata,
    pub user_agent: Option<UserAgent>,
    pub lifetime: Option<Duration>,
    /// The key under which the request may be repeated.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// A text that a request presents as the token of the session that it names, parsed.
pub type PresentedSessionToken = Result<SessionToken, NotASessionToken>;

/// `SetSessionRequest`. It has no id if the text that it names the session by is not a UUID.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetSession {
    pub session_id: Option<SessionId>,
    pub session_token: Option<PresentedSessionToken>,
    pub checks: Checks,
    pub metadata: MetadataChanges,
    pub lifetime: Option<Duration>,
    pub precondition: Option<Precondition>,
}

/// `GetSessionRequest`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetSession {
    pub session_id: Option<SessionId>,
    pub session_token: Option<PresentedSessionToken>,
}

/// `DeleteSessionRequest`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteSession {
    pub session_id: Option<SessionId>,
    pub session_token: Option<PresentedSessionToken>,
}

/// `ListSessionsRequest`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListSessions {
    pub page: Page,
    /// A session is listed if it passes all of them.
    pub filters: Vec<Filter>,
}
