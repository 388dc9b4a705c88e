//! The algorithms, each with its parsing, its bounds and its check.

mod argon2;
mod bcrypt;
mod firebase;
mod foreign;
mod pbkdf2;
mod phpass;
mod scrypt;
mod sha_crypt;

use ::argon2::Block;

pub use self::argon2::Argon2Hash;
use self::bcrypt::{BcryptHash, PreHash};
use self::firebase::FirebaseHash;
use self::pbkdf2::{Digest, Pbkdf2Hash};
use self::phpass::PhpassHash;
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

/// Firebase draws few bytes, and puts a separator behind them.
const FIREBASE_SALT: Bounds = Bounds { least: 4, ..SALT };

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
    Firebase(FirebaseHash),
    Pbkdf2(Pbkdf2Hash),
    Phpass(PhpassHash),
    Scrypt(ScryptHash),
    ShaCrypt(ShaCryptHash),
}

impl Scheme {
    pub fn parse(text: &str) -> Result<Self, Unsupported> {
        if text.starts_with('$') {
            return parse_crypt(text);
        }
        foreign::parse_prefixed(text)
            .or_else(|| foreign::parse_named(text))
            .or_else(|| foreign::parse_aspnet(text))
            .unwrap_or(Err(Unsupported::NotAHash))
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
            Self::Firebase(hash) => hash.matches(password),
            Self::Pbkdf2(hash) => Ok(hash.matches(password)),
            Self::Phpass(hash) => Ok(hash.matches(password)),
            Self::Scrypt(hash) => hash.matches(password),
            Self::ShaCrypt(hash) => hash.matches(password),
        }
    }

    /// Whether a check looks at all of `password`. What it doesn't look at was never checked.
    pub fn covers(&self, password: &Password) -> bool {
        match self {
            Self::Bcrypt(hash) => hash.covers(password.as_bytes()),
            _ => true,
        }
    }

    /// Its name, for people.
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

    /// What it is, if it costs an attacker less than OWASP asks for.
    /// <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>
    pub fn weakness(&self) -> Option<&'static str> {
        let (is_weak, name) = match self {
            Self::Argon2(hash) => (hash.is_weak(), "argon2"),
            Self::Bcrypt(hash) => (hash.is_weak(), "bcrypt under cost 10"),
            // A project's costs are far under those of scrypt elsewhere.
            Self::Firebase(_) => (true, "Firebase scrypt"),
            Self::Pbkdf2(hash) => (hash.is_weak(), "PBKDF2"),
            // It is MD5.
            Self::Phpass(_) => (true, "phpass"),
            Self::Scrypt(hash) => (hash.is_weak(), "scrypt"),
            Self::ShaCrypt(hash) => (hash.is_weak(), "SHA-crypt"),
        };
        is_weak.then_some(name)
    }
}

/// A modular crypt or PHC string, which begins with a `$`.
fn parse_crypt(text: &str) -> Result<Scheme, Unsupported> {
    let whole = text;
    let text = text.strip_prefix('$').ok_or(Unsupported::NotAHash)?;
    let (algorithm, rest) = text.split_once('$').ok_or(Unsupported::NotAHash)?;
    let fields: Vec<&str> = rest.split('$').collect();

    if let Some(algorithm) = foreign::argon2(algorithm) {
        return foreign::parse_argon2(algorithm, &fields);
    }
    if let Some(hash) = BcryptHash::parse(algorithm, &fields)? {
        return Ok(Scheme::Bcrypt(hash));
    }
    match algorithm {
        "pbkdf2" | "pbkdf2-sha1" => Pbkdf2Hash::parse(Digest::Sha1, &fields).map(Scheme::Pbkdf2),
        "pbkdf2-sha224" => Pbkdf2Hash::parse(Digest::Sha224, &fields).map(Scheme::Pbkdf2),
        "pbkdf2-sha256" => Pbkdf2Hash::parse(Digest::Sha256, &fields).map(Scheme::Pbkdf2),
        "pbkdf2-sha384" => Pbkdf2Hash::parse(Digest::Sha384, &fields).map(Scheme::Pbkdf2),
        "pbkdf2-sha512" => Pbkdf2Hash::parse(Digest::Sha512, &fields).map(Scheme::Pbkdf2),
        "scrypt" => ScryptHash::parse(&fields).map(Scheme::Scrypt),
        "5" => ShaCryptHash::parse(Variant::Sha256, &fields).map(Scheme::ShaCrypt),
        "6" => ShaCryptHash::parse(Variant::Sha512, &fields).map(Scheme::ShaCrypt),
        "P" | "H" => PhpassHash::parse(&fields).map(Scheme::Phpass),
        "wp" => {
            let bcrypt = whole.strip_prefix("$wp").unwrap_or_default();
            BcryptHash::parse_crypt(bcrypt, PreHash::WordPress).map(Scheme::Bcrypt)
        }
        "fbscrypt" => FirebaseHash::parse(&fields).map(Scheme::Firebase),
        _ => Err(Unsupported::UnknownAlgorithm),
    }
}
