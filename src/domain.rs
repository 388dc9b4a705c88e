//! What a session service speaks of: users, credentials, callers and sessions.
//!
//! No I/O, no clock, no wire format: values that can't be wrong, and the rules
//! that tie them together.

mod access;
mod attempts;
mod caller;
mod id;
mod metadata;
mod secret;
mod session;
mod text;
mod time;
mod user;
mod user_agent;

pub use access::{Access, Denied};
pub use attempts::{AttemptPolicy, Attempts, Opening};
pub use caller::{Caller, CallerName, CallerRecord, Permission, Permissions};
pub use id::{SessionId, UserId, WriteId};
pub use metadata::Metadata;
pub use secret::{HashString, Password, TokenHash};
pub use session::{Lifetime, NewSession, PasswordFactor, Sequence, Session, UserFactor};
pub use text::Invalid;
pub use time::Timestamp;
pub use user::{DisplayName, FoldedName, Login, LoginName, UserSearch, UserState};
pub use user_agent::UserAgent;
