//! Modular crypt strings and PHC strings, which begin with a `$`.

use ::argon2::Algorithm;

use super::argon2::Argon2Hash;
use super::bcrypt::{BcryptHash, PreHash};
use super::firebase::FirebaseHash;
use super::pbkdf2::{Digest, MATTERMOST, Pbkdf2Hash};
use super::phpass::PhpassHash;
use super::scrypt::ScryptHash;
use super::sha_crypt::{ShaCryptHash, Variant};
use super::{Scheme, appearance};
use crate::password::unsupported::Unsupported;

pub fn parse(text: &str) -> Result<Scheme, Unsupported> {
    let without_dollar = text.strip_prefix('$').ok_or(Unsupported::NotAHash)?;
    let (algorithm, rest) = without_dollar
        .split_once('$')
        .ok_or(Unsupported::NotAHash)?;
    let fields: Vec<&str> = rest.split('$').collect();

    if let Some(hash) = BcryptHash::parse(algorithm, &fields)? {
        return Ok(Scheme::Bcrypt(hash));
    }
    let argon2 = |algorithm| Argon2Hash::parse(algorithm, &fields).map(Scheme::Argon2);
    let pbkdf2 = |digest| Pbkdf2Hash::parse(digest, &fields).map(Scheme::Pbkdf2);
    let sha_crypt = |variant| ShaCryptHash::parse(variant, &fields).map(Scheme::ShaCrypt);
    let first = fields[0];
    match algorithm {
        "argon2id" => argon2(Algorithm::Argon2id),
        "argon2i" => argon2(Algorithm::Argon2i),
        "argon2d" => argon2(Algorithm::Argon2d),
        "pbkdf2" if first.starts_with(MATTERMOST) => {
            Pbkdf2Hash::parse_mattermost(&fields).map(Scheme::Pbkdf2)
        }
        "pbkdf2" | "pbkdf2-sha1" => pbkdf2(Digest::SHA1),
        "pbkdf2-sha224" => pbkdf2(Digest::SHA224),
        "pbkdf2-sha256" => pbkdf2(Digest::SHA256),
        "pbkdf2-sha384" => pbkdf2(Digest::SHA384),
        "pbkdf2-sha512" => pbkdf2(Digest::SHA512),
        // crypt has another `$7$`, without names of its costs.
        "7" if first.starts_with("ln=") => ScryptHash::parse(&fields).map(Scheme::Scrypt),
        "scrypt" => ScryptHash::parse(&fields).map(Scheme::Scrypt),
        "5" | "sha256-crypt" => sha_crypt(Variant::Sha256),
        "6" | "sha512-crypt" => sha_crypt(Variant::Sha512),
        "P" | "H" => PhpassHash::parse(&fields).map(Scheme::Phpass),
        "wp" => {
            let bcrypt = text.strip_prefix("$wp").unwrap_or_default();
            BcryptHash::parse_crypt(bcrypt, PreHash::WordPress).map(Scheme::Bcrypt)
        }
        "bcrypt-sha256" => BcryptHash::parse_passlib(&fields).map(Scheme::Bcrypt),
        "fbscrypt" => FirebaseHash::parse(&fields).map(Scheme::Firebase),
        "firebasescrypt" | "firescrypt" => {
            FirebaseHash::parse_with_keys(&fields).map(Scheme::Firebase)
        }
        "firebase-scrypt" => FirebaseHash::parse_named(&fields).map(Scheme::Firebase),
        _ => Err(appearance::algorithm(text)),
    }
}
