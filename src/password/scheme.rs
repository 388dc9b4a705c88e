//! The hash algorithms: for each one parsing, bounds and the check of a password.

mod appearance;
mod argon2;
mod bcrypt;
mod crypt;
mod fields;
mod firebase;
mod foreign;
pub mod parse;
mod pbkdf2;
mod phpass;
mod scrypt;
mod sha_crypt;

pub use self::argon2::Argon2Hash;
use self::bcrypt::BcryptHash;
use self::firebase::FirebaseHash;
use self::pbkdf2::Pbkdf2Hash;
use self::phpass::PhpassHash;
use self::scrypt::ScryptHash;
use self::sha_crypt::ShaCryptHash;
use crate::domain::Password;
use crate::error::Cause;
use crate::password::blocks::Workspace;

/// A parsed hash string: an algorithm with its costs and salt, and the output to compare with.
#[derive(Clone)]
pub enum Scheme {
    Argon2(Argon2Hash),
    Bcrypt(BcryptHash),
    Firebase(FirebaseHash),
    Pbkdf2(Pbkdf2Hash),
    Phpass(PhpassHash),
    Scrypt(ScryptHash),
    ShaCrypt(ShaCryptHash),
}

impl Scheme {
    /// Whether this is the hash of `password`.
    ///
    /// A password that the algorithm can't tell from others never matches; its hash is computed
    /// all the same. The workspace is for argon2 alone.
    pub fn matches(
        &self,
        password: &Password,
        workspace: &mut Workspace<'_>,
    ) -> Result<bool, Cause> {
        let password = password.as_bytes();
        match self {
            Self::Argon2(hash) => hash.matches(password, workspace),
            Self::Bcrypt(hash) => Ok(hash.matches(password)),
            Self::Firebase(hash) => hash.matches(password),
            Self::Pbkdf2(hash) => Ok(hash.matches(password)),
            Self::Phpass(hash) => Ok(hash.matches(password)),
            Self::Scrypt(hash) => hash.matches(password),
            Self::ShaCrypt(hash) => hash.matches(password),
        }
    }

    /// Whether a check tells `password` from all others: bcrypt, for one, ignores what comes after
    /// the first 72 bytes.
    pub fn covers(&self, password: &Password) -> bool {
        match self {
            Self::Bcrypt(hash) => hash.covers(password.as_bytes()),
            _ => true,
        }
    }

    /// The name of the algorithm, for people to read.
    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Argon2(hash) => hash.algorithm(),
            Self::Bcrypt(_) => "bcrypt",
            Self::Firebase(_) => "firebase-scrypt",
            Self::Pbkdf2(hash) => hash.algorithm(),
            Self::Phpass(_) => "phpass",
            Self::Scrypt(_) => "scrypt",
            Self::ShaCrypt(hash) => hash.algorithm(),
        }
    }

    /// The name of the weak scheme, if the hash costs an attacker less than OWASP asks for.
    /// <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>
    pub fn weakness(&self) -> Option<&'static str> {
        let (is_weak, name) = match self {
            Self::Argon2(hash) => (hash.is_weak(), "argon2"),
            Self::Bcrypt(hash) => (hash.is_weak(), "bcrypt under cost 10"),
            // Firebase's costs are far under those of other uses of scrypt.
            Self::Firebase(_) => (true, "Firebase scrypt"),
            Self::Pbkdf2(hash) => (hash.is_weak(), "PBKDF2"),
            // phpass iterates MD5.
            Self::Phpass(_) => (true, "phpass"),
            Self::Scrypt(hash) => (hash.is_weak(), "scrypt"),
            Self::ShaCrypt(hash) => (hash.is_weak(), "SHA-crypt"),
        };
        is_weak.then_some(name)
    }
}
