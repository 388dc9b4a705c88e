//! SHA-crypt.
//! <https://www.akkadia.org/drepper/SHA-crypt.txt>

use sha_crypt::{Params, sha256_crypt, sha512_crypt};

use super::Scheme;
use crate::password::bounds::{Bounds, affordable_length};
use crate::password::encoding::{decimal, from_crypt_base64};
use crate::password::unsupported::Unsupported;

/// The rounds. The algorithm asks for at least a thousand; Passlib uses 535 thousand for SHA-256
/// and 656 thousand for SHA-512.
const ROUNDS: Bounds = Bounds::new("SHA-crypt rounds", "", 1000..=1_000_000);

/// The rounds of a string without `rounds=`.
const DEFAULT_ROUNDS: u64 = 5000;

/// The length of the salt, whose characters are its bytes. The algorithm reads at most 16, and the
/// tools that make password files draw 8 to 16; lines written by hand may have none.
const SALT: Bounds = Bounds::new("salt", " characters", 0..=16);

/// Passlib's default for SHA-256; OWASP names no figure for this algorithm.
const STRONG_ROUNDS: u32 = 535_000;

/// The length in bytes of the longest password. The C libraries refuse longer ones.
const MAX_PASSWORD_LENGTH: usize = 511;

/// The order in which the string has the bytes of the digest.
const ORDER_SHA256: [usize; 32] = [
    20, 10, 0, 11, 1, 21, 2, 22, 12, 23, 13, 3, 14, 4, 24, 5, 25, 15, 26, 16, 6, 17, 7, 27, 8, 28,
    18, 29, 19, 9, 30, 31,
];
const ORDER_SHA512: [usize; 64] = [
    42, 21, 0, 1, 43, 22, 23, 2, 44, 45, 24, 3, 4, 46, 25, 26, 5, 47, 48, 27, 6, 7, 49, 28, 29, 8,
    50, 51, 30, 9, 10, 52, 31, 32, 11, 53, 54, 33, 12, 13, 55, 34, 35, 14, 56, 57, 36, 15, 16, 58,
    37, 38, 17, 59, 60, 39, 18, 19, 61, 40, 41, 20, 62, 63,
];

#[derive(Clone, Copy)]
pub enum Variant {
    Sha256,
    Sha512,
}

pub fn parse(variant: Variant, fields: &[&str]) -> Result<Scheme, Unsupported> {
    const FIELDS: Unsupported = Unsupported::Malformed("the fields are not rounds=…$salt$output");

    let (rounds, salt, output) = match *fields {
        [salt, output] => (DEFAULT_ROUNDS, salt, output),
        [rounds, salt, output] => {
            let rounds = rounds.strip_prefix("rounds=").and_then(decimal);
            (rounds.ok_or(FIELDS)?, salt, output)
        }
        _ => return Err(FIELDS),
    };
    let rounds = ROUNDS.check(rounds)?;
    SALT.check_length(salt.as_bytes())?;
    let output = from_crypt_base64(output).ok_or(Unsupported::NotBase64("output"))?;
    let (name, order) = match variant {
        Variant::Sha256 => ("sha256-crypt", &ORDER_SHA256[..]),
        Variant::Sha512 => ("sha512-crypt", &ORDER_SHA512[..]),
    };
    if output.len() != order.len() {
        return Err(Unsupported::Malformed("the output is not one digest long"));
    }

    let salt = salt.as_bytes().to_vec();
    let weakness = (rounds < STRONG_ROUNDS).then_some("SHA-crypt");
    Ok(Scheme::new(
        name,
        weakness,
        output,
        move |password, output, _| {
            // A password that is too long would match the hash of its first bytes.
            let length = affordable_length(rounds).min(MAX_PASSWORD_LENGTH);
            let read = password.get(..length).unwrap_or(password);
            let params = Params::new(rounds)?;
            let digest = match variant {
                Variant::Sha256 => sha256_crypt(read, &salt, params).to_vec(),
                Variant::Sha512 => sha512_crypt(read, &salt, params).to_vec(),
            };
            for (byte, &at) in output.iter_mut().zip(order) {
                *byte = digest[at];
            }
            Ok(read.len() == password.len())
        },
    ))
}
