//! The use cases. They know users, passwords and sessions, and no wire format.

mod authenticate;
mod checks;
mod create;
mod trace;

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::domain::{
    Access, AttemptPolicy, Caller, Metadata, Password, Sequence, SessionId, Timestamp, UserAgent,
    UserSearch,
};
use crate::error::Error;
use crate::password::{self, Params, PasswordPool};
use crate::store::Store;
use crate::token::SessionToken;

pub use authenticate::{BearerText, Credentials, Jwt};
pub use trace::{Trace, Traced};

/// What a deployment decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub access: Access,
    pub attempts: AttemptPolicy,
    /// Of a session whose caller asks for none.
    pub lifetime: Duration,
    /// The longest that a caller may ask for.
    pub max_lifetime: Duration,
    pub resource_owner: String,
}

/// The operations of the API, by their names in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rpc {
    CreateSession,
}

impl Rpc {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateSession => "CreateSession",
        }
    }
}

/// What somebody asks for, whatever the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    CreateSession(CreateSession),
}

/// `CreateSessionRequest`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateSession {
    pub user: Option<UserSearch>,
    pub password: Option<Password>,
    pub metadata: Metadata,
    pub user_agent: Option<UserAgent>,
    pub lifetime: Option<Duration>,
}

/// What a call that was carried out answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    CreateSession(CreatedSession),
}

/// `CreateSessionResponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedSession {
    pub details: Details,
    pub session_id: SessionId,
    pub session_token: SessionToken,
}

/// `zitadel.object.Details`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    pub sequence: Sequence,
    pub change_date: Timestamp,
    pub resource_owner: String,
}

/// Everything that a call needs.
pub struct Service {
    store: Store,
    passwords: PasswordPool,
    policy: Policy,
    callers: authenticate::KnownCallers,
}

impl Service {
    /// Allocates and writes the memory of the password pool.
    pub fn new(
        store: Store,
        policy: Policy,
        params: Params,
        checks_at_once: NonZeroUsize,
        password_queue: usize,
    ) -> Self {
        Self {
            store,
            passwords: PasswordPool::new(params, checks_at_once, password_queue),
            policy,
            callers: authenticate::KnownCallers::default(),
        }
    }

    /// Makes one cheap request, so that name, connection and TLS are there before the
    /// first call needs them.
    pub async fn warm_up(&self) -> Result<(), Error> {
        let nobody = crate::domain::FoldedName::of_nobody("");
        self.store.get_login(&nobody).await.map(drop)
    }

    /// Whether `caller` may make this call at all.
    pub fn authorize(&self, rpc: Rpc, caller: &Caller) -> Result<(), Error> {
        match rpc {
            Rpc::CreateSession => Ok(self.policy.access.may_create(caller)?),
        }
    }

    /// Carries out a call of `caller`, who may make it.
    pub async fn run(
        &self,
        call: Call,
        caller: &Caller,
        now: Timestamp,
        trace: &Trace,
    ) -> Result<Reply, Error> {
        match call {
            Call::CreateSession(request) => self
                .create_session(request, caller, now, trace)
                .await
                .map(Reply::CreateSession),
        }
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
