//! Passwords against stored hashes: parsing, checking, making.
//!
//! A [`PasswordHash`] is a hash string that was parsed and whose costs are within
//! bounds, so that no stored string can make a check take gigabytes or minutes. A
//! [`PasswordPool`] checks and makes hashes: in memory that it keeps, off the async
//! threads, no more at once than it was made for.
//!
//! What is made is argon2id. What users bring from elsewhere (argon2i and argon2d,
//! bcrypt, scrypt, PBKDF2, SHA-crypt, and those in the forms of other programs) is only
//! checked: once such a hash matched, the caller has [`PasswordPool::hash`] make another to
//! replace it.
//!
//! An empty password is a password like any other here, and so is one with a NUL byte
//! where the algorithm can tell it from others; the limits on what a request may carry
//! belong to the request.

mod blocks;
mod bounds;
#[cfg(test)]
mod documented;
mod encoding;
#[cfg(test)]
mod foreign_vectors;
mod hash;
mod params;
mod pool;
mod scheme;
#[cfg(test)]
mod vectors;

pub use bounds::OutOfBounds;
pub use hash::{PasswordHash, Unsupported};
pub use params::Params;
pub use pool::{Checked, Error, PasswordPool, Turn};

/// What went wrong underneath, for operators alone.
type Cause = Box<dyn std::error::Error + Send + Sync>;
