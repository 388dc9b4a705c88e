//! What a session service speaks of: users, credentials, callers and sessions.
//!
//! No I/O, no clock, no wire format: values that can't be wrong, and the rules
//! that tie them together.

mod secret;

pub use secret::Password;
