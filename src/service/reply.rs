use crate::domain::{NamedSession, Sequence, SessionId, Timestamp};
use crate::token::SessionToken;

/// The answer to a call that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    CreateSession(CreatedSession),
    SetSession(ChangedSession),
    GetSession(GotSession),
    DeleteSession(Details),
    ListSessions(ListedSessions),
}

/// `CreateSessionResponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedSession {
    pub details: Details,
    pub session_id: SessionId,
    pub session_token: SessionToken,
}

/// `SetSessionResponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedSession {
    pub details: Details,
    /// The current token, if the principal may know it. It is another one than before if
    /// anything changed.
    pub session_token: Option<SessionToken>,
}

/// `GetSessionResponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GotSession {
    pub named: Box<NamedSession>,
    pub resource_owner: String,
}

/// `ListSessionsResponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSessions {
    /// How many sessions pass the filters, on all pages together.
    pub total: u64,
    pub sessions: Vec<NamedSession>,
    pub timestamp: Timestamp,
    pub resource_owner: String,
}

impl ListedSessions {
    /// The highest sequence among the sessions.
    pub fn processed_sequence(&self) -> u64 {
        let sequences = self.sessions.iter().map(|named| named.session.sequence.0);
        sequences.max().unwrap_or_default()
    }
}

/// `zitadel.object.Details`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    pub sequence: Sequence,
    /// `None` for a session that does not exist.
    pub change_date: Option<Timestamp>,
    pub resource_owner: String,
}
