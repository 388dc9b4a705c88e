//! Names the look of strings that no password can be checked against, for whoever imports them.

use crate::base64;
use crate::password::encoding::from_hex;
use crate::password::unsupported::Unsupported;

/// The beginnings of hashes that are known and not supported.
const BEGINNINGS: [(&str, &str); 14] = [
    ("$1$", "MD5-crypt"),
    ("$apr1$", "Apache's MD5-crypt"),
    ("$md5", "MD5"),
    ("$sha", "a SHA digest"),
    ("$hmac-", "an HMAC"),
    ("$S$", "Drupal 7's SHA-512"),
    ("$7$", "crypt's own scrypt"),
    ("$y$", "yescrypt"),
    ("$gy$", "yescrypt"),
    ("md5$", "Django's MD5"),
    ("sha1$", "Django's SHA-1"),
    ("SCRAM-", "SCRAM"),
    (":A:", "MediaWiki's MD5"),
    (":B:", "MediaWiki's MD5"),
];

/// Names a modular crypt string by its beginning.
pub fn algorithm(text: &str) -> Unsupported {
    beginning(text).unwrap_or(Unsupported::UnknownAlgorithm)
}

/// Names a string of no supported form.
pub fn of(text: &str) -> Unsupported {
    beginning(text)
        .or_else(|| digest(text))
        .unwrap_or(Unsupported::NotAHash)
}

fn beginning(text: &str) -> Option<Unsupported> {
    let mut known = BEGINNINGS.into_iter();
    let (_, name) = known.find(|(start, _)| text.starts_with(start))?;
    Some(Unsupported::LooksLike(name))
}

/// Names a digest by its length: in hexadecimal, there alone or beside a salt, or in base64.
fn digest(text: &str) -> Option<Unsupported> {
    let digits = text.split(':').filter_map(from_hex_of_a_digest);
    let digits = digits.max_by_key(Vec::len);
    let bytes = digits.or_else(|| base64::decode(text).filter(|_| text.ends_with('=')))?;
    let name = match bytes.len() {
        16 => "MD5",
        20 => "SHA-1",
        28 => "SHA-224",
        32 => "SHA-256",
        48 => "SHA-384",
        64 => "SHA-512",
        50 => "Grafana's PBKDF2, whose salt is in another column",
        49 if bytes[0] == 0 => "version 2 of ASP.NET Core Identity",
        _ => return None,
    };
    Some(Unsupported::LooksLike(name))
}

fn from_hex_of_a_digest(text: &str) -> Option<Vec<u8>> {
    from_hex(text).filter(|bytes| bytes.len() >= 16)
}
