//! What a session service speaks of: users, credentials, callers and sessions.
//!
//! No I/O, no clock, no wire format: values that can't be wrong, and the rules
//! that tie them together.

mod access;
mod attempts;
mod caller;
mod factors;
mod id;
mod idempotency;
mod jwt;
mod list;
mod metadata;
mod precondition;
mod replaced_token;
mod secret;
mod session;
mod session_user;
mod text;
mod time;
mod user;
mod user_agent;
mod user_pointer;
mod write;

pub use access::{Access, Action, Claim, Denied};
pub use attempts::{AttemptPolicy, Attempts, Opening};
pub use caller::{Caller, CallerName, CallerRecord, Permission, Permissions};
pub use factors::{PasswordFactor, UserFactor};
pub use id::{Epoch, SessionId, UserId, UserRef, WriteId};
pub use idempotency::IdempotencyKey;
pub use jwt::{JwtName, JwtPrincipal, ScopePrefix};
pub use list::{Compare, Filter, LimitTooHigh, Page};
pub use metadata::{Metadata, MetadataChanges};
pub use precondition::Precondition;
pub use replaced_token::{Proof, ReplacedToken, Standing};
pub use secret::{HashString, Password, TokenHash};
pub use session::{
    Changes, KeyedRequest, Lifetime, NewSession, Rotation, Sequence, Session, State,
};
pub use session_user::SessionUser;
pub use text::Invalid;
pub use time::Timestamp;
pub use user::{DisplayName, FoldedName, Login, LoginName, UserSearch, UserState};
pub use user_agent::UserAgent;
pub use user_pointer::UserPointer;
pub use write::{Fate, Write, Writes};
