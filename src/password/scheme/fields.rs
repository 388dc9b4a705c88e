//! The fields that most hash strings have: a salt and an output.

use crate::base64;
use crate::password::bounds::Bounds;
use crate::password::encoding::is_hexadecimal;
use crate::password::unsupported::Unsupported;

/// The fields of a string that has just so many, or else the error.
pub fn all<'a, const N: usize>(
    fields: &[&'a str],
    error: Unsupported,
) -> Result<[&'a str; N], Unsupported> {
    fields.try_into().map_err(|_| error)
}

/// The length of a salt: argon2 and RFC 8018 ask for 8 bytes, and nobody draws more than 64.
pub const SALT: Bounds = Bounds::new("salt", " bytes", 8..=64);

/// The length of an output: libraries write 16 to 64 bytes by default.
///
/// Many passwords have the same short output, so a truncated string must not be taken for a
/// whole one.
pub const OUTPUT: Bounds = Bounds::new("output", " bytes", 16..=64);

/// Decodes a field in base64, with or without padding.
///
/// Hexadecimal is valid base64 too, of other bytes, which no password would ever match. So it is
/// refused.
pub fn base64(name: &'static str, text: &str) -> Result<Vec<u8>, Unsupported> {
    if is_hexadecimal(text) {
        return Err(Unsupported::Hexadecimal(name));
    }
    base64::decode(text).ok_or(Unsupported::NotBase64(name))
}

/// Whether HMAC can tell a password from all others: it pads a key with NULs, and can't tell a
/// password that ends in a NUL from the same without it.
pub fn is_hmac_key(password: &[u8]) -> bool {
    !password.ends_with(b"\0")
}
