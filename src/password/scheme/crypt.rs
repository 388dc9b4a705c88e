//! Modular crypt strings and PHC strings, which begin with a `$`.

use ::argon2::Algorithm;

use super::bcrypt::PreHash;
use super::pbkdf2::{Digest, MATTERMOST};
use super::sha_crypt::Variant;
use super::{Scheme, appearance, argon2, bcrypt, firebase, pbkdf2, phpass, scrypt, sha_crypt};
use crate::password::unsupported::Unsupported;

pub fn parse(text: &str) -> Result<Scheme, Unsupported> {
    let without_dollar = text.strip_prefix('$').ok_or(Unsupported::NotAHash)?;
    let (algorithm, rest) = without_dollar
        .split_once('$')
        .ok_or(Unsupported::NotAHash)?;
    let fields: Vec<&str> = rest.split('$').collect();

    let first = fields[0];
    match algorithm {
        "2a" | "2b" | "2x" | "2y" => bcrypt::parse(algorithm, &fields, PreHash::None),
        "argon2id" => argon2::parse(Algorithm::Argon2id, &fields),
        "argon2i" => argon2::parse(Algorithm::Argon2i, &fields),
        "argon2d" => argon2::parse(Algorithm::Argon2d, &fields),
        "pbkdf2" if first.starts_with(MATTERMOST) => pbkdf2::parse_mattermost(&fields),
        "pbkdf2" => pbkdf2::parse(Digest::SHA1, &fields),
        // crypt has another `$7$`, without names of its costs.
        "7" if first.starts_with("ln=") => scrypt::parse(&fields),
        "scrypt" => scrypt::parse(&fields),
        "5" | "sha256-crypt" => sha_crypt::parse(Variant::Sha256, &fields),
        "6" | "sha512-crypt" => sha_crypt::parse(Variant::Sha512, &fields),
        "P" | "H" => phpass::parse(&fields),
        "wp" => {
            let bcrypt = text.strip_prefix("$wp").unwrap_or_default();
            bcrypt::parse_crypt(bcrypt, PreHash::WordPress)
        }
        "bcrypt-sha256" => bcrypt::parse_passlib(&fields),
        "fbscrypt" => firebase::parse(&fields),
        "firebasescrypt" | "firescrypt" => firebase::parse_with_keys(&fields),
        "firebase-scrypt" => firebase::parse_named(&fields),
        _ => match algorithm.strip_prefix("pbkdf2-") {
            Some(digest) => pbkdf2::parse(Digest::from_name(digest)?, &fields),
            None => Err(appearance::algorithm(text)),
        },
    }
}
