//! The use cases. They know users, passwords and sessions, and no wire format.

mod authenticate;
mod checks;
mod create;
mod delete;
mod get;
mod idempotency;
mod list;
mod set;
mod verify_token;

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::domain::{
    Access, AttemptPolicy, Filter, IdempotencyKey, Metadata, MetadataChanges, Operation, Page,
    Password, Permit, Precondition, Principal, ScopePrefix, Sequence, Session, SessionId,
    Timestamp, TokenHash, UserAgent, UserRef, UserSearch,
};
use crate::error::{ApiSide, Error};
use crate::log::CallRecord;
use crate::password::{self, Params, PasswordPool};
use crate::store::{KeySource, Store};
use crate::token::{SessionToken, Shown, user_ref};

pub use authenticate::{BearerText, Credentials, Jwt};
pub use list::ASK_FOR_FEWER;
pub use verify_token::{Refusal, user_of_token, verify};

/// What a deployment decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub access: Access,
    pub attempts: AttemptPolicy,
    /// Of a session whose caller asks for none.
    pub lifetime: Duration,
    /// The longest that a caller may ask for, and the longest that a session lives after its
    /// newest password check, or after it was created if it has none.
    pub max_lifetime: Duration,
    /// How long a token that was replaced still authorises.
    pub token_grace: Duration,
    pub resource_owner: String,
    /// What a gateway's JWTs write before the names of permissions.
    pub scope_prefix: ScopePrefix,
}

/// What somebody asks for, whatever the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    CreateSession(CreateSession),
    SetSession(SetSession),
    GetSession(GetSession),
    DeleteSession(DeleteSession),
    ListSessions(ListSessions),
}

impl Call {
    /// The session that it is about, if it names one that there can be.
    fn session_id(&self) -> Option<SessionId> {
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
    pub user: Option<UserSearch>,
    pub password: Option<Password>,
    pub metadata: Metadata,
    pub user_agent: Option<UserAgent>,
    pub lifetime: Option<Duration>,
    /// Of a request that may be repeated.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// `SetSessionRequest`. Without an id, it names a session that can't exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetSession {
    pub session_id: Option<SessionId>,
    pub session_token: Option<SessionToken>,
    pub user: Option<UserSearch>,
    pub password: Option<Password>,
    pub metadata: MetadataChanges,
    pub lifetime: Option<Duration>,
    pub precondition: Option<Precondition>,
}

/// `GetSessionRequest`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetSession {
    pub session_id: Option<SessionId>,
    pub session_token: Option<Shown>,
}

/// `DeleteSessionRequest`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteSession {
    pub session_id: Option<SessionId>,
    pub session_token: Option<Shown>,
}

/// `ListSessionsRequest`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListSessions {
    pub page: Page,
    /// A session has to pass all of them.
    pub filters: Vec<Filter>,
}

/// What a call that was carried out answers.
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
    /// The one that counts, if the caller is to know it: a new one, if anything changed.
    pub session_token: Option<SessionToken>,
}

/// `GetSessionResponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GotSession {
    pub session: Box<Session>,
    pub resource_owner: String,
}

/// `ListSessionsResponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSessions {
    /// How many there are, whatever part of them was asked for.
    pub total: u64,
    pub sessions: Vec<Session>,
    pub timestamp: Timestamp,
    pub resource_owner: String,
}

impl ListedSessions {
    /// The highest sequence among the sessions.
    pub fn processed_sequence(&self) -> u64 {
        let sequences = self.sessions.iter().map(|session| session.sequence.0);
        sequences.max().unwrap_or_default()
    }
}

/// `zitadel.object.Details`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    pub sequence: Sequence,
    /// None: of a session that isn't there.
    pub change_date: Option<Timestamp>,
    pub resource_owner: String,
}

/// Everything that a call needs.
pub struct Service {
    store: Store,
    passwords: PasswordPool,
    policy: Policy,
    callers: authenticate::ServiceAccountCache,
    server_key: KeySource,
}

impl Service {
    /// Allocates and writes the memory of the password pool.
    pub fn new(
        store: Store,
        policy: Policy,
        params: Params,
        checks_at_once: NonZeroUsize,
        password_queue: usize,
        server_key: KeySource,
    ) -> Self {
        Self {
            store,
            passwords: PasswordPool::new(params, checks_at_once, password_queue),
            policy,
            callers: authenticate::ServiceAccountCache::default(),
            server_key,
        }
    }

    /// Makes one cheap request, so that name, connection and TLS are there before the
    /// first call needs them.
    pub async fn warm_up(&self) -> Result<(), Error> {
        let nobody = crate::domain::FoldedName::for_unknown_user("");
        self.store.get_user(&nobody).await.map(drop)
    }

    /// Whether `caller` may make this call at all, if it has the right token where one
    /// counts.
    pub fn authorize(&self, operation: Operation, caller: &Principal) -> Result<(), Error> {
        let some = TokenHash::new([0; 32]);
        self.policy.access.permit(operation, caller, Some(some))?;
        Ok(())
    }

    /// Carries out a call of `caller`, who may make it.
    pub async fn run(
        &self,
        call: Call,
        caller: &Principal,
        now: Timestamp,
        record: &CallRecord,
    ) -> Result<Reply, Error> {
        if let Some(id) = call.session_id() {
            record.session(id);
        }
        let reply = match call {
            Call::CreateSession(request) => self
                .create_session(request, caller, now, record)
                .await
                .map(Reply::CreateSession),
            Call::SetSession(request) => self
                .set_session(request, caller, now, record)
                .await
                .map(Reply::SetSession),
            Call::GetSession(request) => self
                .get_session(request, caller, now, record)
                .await
                .map(Reply::GetSession),
            Call::DeleteSession(request) => self
                .delete_session(request, caller, now, record)
                .await
                .map(Reply::DeleteSession),
            Call::ListSessions(request) => self
                .list_sessions(request, caller, now, record)
                .await
                .map(Reply::ListSessions),
        }?;
        if let Reply::CreateSession(created) = &reply {
            record.session(created.session_id);
        }
        Ok(reply)
    }

    fn permit(
        &self,
        operation: Operation,
        caller: &Principal,
        token: Option<Shown>,
    ) -> Result<Permit, Error> {
        let token = token.map(|token| token.hash);
        Ok(self.policy.access.permit(operation, caller, token)?)
    }

    fn details(&self, session: &Session) -> Details {
        Details {
            sequence: session.sequence,
            change_date: Some(session.changed_at),
            resource_owner: self.policy.resource_owner.clone(),
        }
    }
}

/// Where the user is found that a caller is.
fn own_ref(caller: &Principal) -> Option<UserRef> {
    match caller {
        Principal::User { id, .. } => Some(user_ref(id)),
        _ => None,
    }
}

/// What it means that a claim doesn't hold for a session.
fn not_held(permit: &Permit, side: ApiSide) -> Error {
    match permit {
        Permit::Token(_) => Error::SessionTokenInvalid(side),
        Permit::All | Permit::Own { .. } => Error::PermissionDenied,
    }
}

impl From<password::Error> for Error {
    fn from(error: password::Error) -> Self {
        match error {
            password::Error::Overloaded => Self::Overloaded,
            password::Error::Internal(cause) => Self::Internal(cause),
        }
    }
}

impl From<getrandom::Error> for Error {
    fn from(error: getrandom::Error) -> Self {
        Self::Internal(error.into())
    }
}
