//! Password hashes: parsing them, checking passwords against them, making them.
//!
//! A [`PasswordHash`] is a parsed hash string whose costs are within bounds, so that no stored
//! string can make a check take gigabytes or minutes. A [`PasswordPool`] checks and makes hashes,
//! a limited number at a time, off the async threads and in memory that it keeps.
//!
//! The hashes that are made are argon2id. Imported hashes (argon2i and argon2d, bcrypt, scrypt,
//! PBKDF2, SHA-crypt, phpass, Firebase's scrypt, in the forms of several programs) are only
//! checked: once a password has matched one, the service replaces it by one that
//! [`PasswordPool::hash`] makes.
//!
//! An empty password is valid here, and so is one with a NUL byte if the algorithm can tell it
//! from others. The limits on the passwords in a request are those of
//! [`Password::parse`](crate::domain::Password::parse).

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
#[cfg(test)]
mod program_vectors;
mod queue;
mod scheme;
mod unsupported;
#[cfg(test)]
mod vectors;

pub use bounds::OutOfBounds;
pub use hash::PasswordHash;
pub use params::Params;
pub use pool::{Error, PasswordPool, PendingAttempt, Place, Turn, Verification};
pub use sesame_argon2::Kernel;
pub use unsupported::Unsupported;
