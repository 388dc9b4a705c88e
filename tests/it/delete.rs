//! `DeleteSession`, expiry, and the end of all sessions of a user.

mod ends;
