//! Passkeys and security keys.

mod sessions;
