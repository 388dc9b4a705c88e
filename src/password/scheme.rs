//! The algorithms, each with its parsing, its bounds and its check.

mod argon2;
mod bcrypt;
mod pbkdf2;
mod scrypt;
mod sha_crypt;

use ::argon2::{Algorithm, Block};

pub use self::argon2::Argon2Hash;
use self::bcrypt::BcryptHash;
use self::pbkdf2::{Digest, Pbkdf2Hash};
use self::scrypt::ScryptHash;
use self::sha_crypt::{ShaCryptHash, Variant};
use super::Cause;
use super::bounds::Bounds;
use super::hash::Unsupported;
use crate::domain::Password;

/// Eight bytes are the least of argon2 and of RFC 8018; 64 are more than anyone draws.
const SALT: Bounds = Bounds {
    what: "salt",
    unit: " bytes",
    least: 8,
    most: 64,
};

/// To a short output other passwords are found than its own, so a truncated string must not
/// pass for a whole one. 16 bytes are the shortest that libraries write by default, 64 the
/// longest.
const OUTPUT: Bounds = Bounds {
    what: "output",
    unit: " bytes",
    least: 16,
    most: 64,
};

const SALT_ENCODING: Unsupported = Unsupported::Malformed("the salt is not base64");
const OUTPUT_ENCODING: Unsupported = Unsupported::Malformed("the output is not base64");

/// What a hash string says to compute, and what must come of it.
#[derive(Clone)]
pub enum Scheme {
    Argon2(Argon2Hash),
    Bcrypt(BcryptHash),
    Pbkdf2(Pbkdf2Hash),
    Scrypt(ScryptHash),
    ShaCrypt(ShaCryptHash),
}

impl Scheme {
    pub fn parse(text: &str) -> Result<Self, Unsupported> {
        let text = text.strip_prefix('$').ok_or(Unsupported::NotAHash)?;
        let (algorithm, rest) = text.split_once('$').ok_or(Unsupported::NotAHash)?;
        let fields: Vec<&str> = rest.split('$').collect();

        match algorithm {
            "argon2id" => Argon2Hash::parse(Algorithm::Argon2id, &fields).map(Self::Argon2),
            "argon2i" => Argon2Hash::parse(Algorithm::Argon2i, &fields).map(Self::Argon2),
            "argon2d" => Argon2Hash::parse(Algorithm::Argon2d, &fields).map(Self::Argon2),
            "2a" | "2b" | "2x" | "2y" => BcryptHash::parse(&fields).map(Self::Bcrypt),
            "pbkdf2" => Pbkdf2Hash::parse(Digest::Sha1, &fields).map(Self::Pbkdf2),
            "pbkdf2-sha256" => Pbkdf2Hash::parse(Digest::Sha256, &fields).map(Self::Pbkdf2),
            "pbkdf2-sha512" => Pbkdf2Hash::parse(Digest::Sha512, &fields).map(Self::Pbkdf2),
            "scrypt" => ScryptHash::parse(&fields).map(Self::Scrypt),
            "5" => ShaCryptHash::parse(Variant::Sha256, &fields).map(Self::ShaCrypt),
            "6" => ShaCryptHash::parse(Variant::Sha512, &fields).map(Self::ShaCrypt),
            _ => Err(Unsupported::UnknownAlgorithm),
        }
    }

    /// Whether this is the hash of `password`. It computes the hash for any password, also
    /// for one that the algorithm can't tell from others and that therefore never matches.
    ///
    /// `kept` is memory that argon2 may write to, if it is enough; its content means nothing.
    pub fn matches(&self, password: &Password, kept: &mut [Block]) -> Result<bool, Cause> {
        let password = password.as_bytes();
        match self {
            Self::Argon2(hash) => hash.matches(password, kept),
            Self::Bcrypt(hash) => Ok(hash.matches(password)),
            Self::Pbkdf2(hash) => Ok(hash.matches(password)),
            Self::Scrypt(hash) => hash.matches(password),
            Self::ShaCrypt(hash) => hash.matches(password),
        }
    }
}
