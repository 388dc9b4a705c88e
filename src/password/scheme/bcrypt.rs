use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256, Sha384};
use zeroize::Zeroizing;

use super::{Scheme, fields};
use crate::password::bounds::Bounds;
use crate::password::encoding::{decimal, from_bcrypt_base64};
use crate::password::unsupported::Unsupported;

/// The cost, log₂ of the rounds. ZITADEL uses 14, which takes a second; each step doubles the
/// time.
const COST: Bounds = Bounds::new("bcrypt cost", "", 4..=15);

/// The smallest cost that OWASP accepts.
const STRONG_COST: u32 = 10;

/// The length of the salt in characters. The output follows it in the same field.
const SALT_LENGTH: usize = 22;

/// The length in bytes of the key that the key schedule of Blowfish uses.
const KEY_LENGTH: usize = 72;

/// The versions mark faults of implementations. `2a`, `2b` and `2y` are computed alike, as correct
/// implementations do; `2x` is computed with the fault that it marks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BcryptVersion {
    Correct,
    /// Bytes beyond ASCII are read as negative numbers, which overwrite the bytes before them.
    /// <https://www.openwall.com/lists/announce/2011/07/17/1>
    SignExtended,
}

/// The function of the password that bcrypt hashes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PreHash {
    None,
    /// The SHA-256 in hexadecimal, for Django's `bcrypt_sha256`.
    Sha256Hex,
    /// An HMAC-SHA-384 in base64, for the `$wp$` of WordPress 6.8 and later.
    /// <https://make.wordpress.org/core/2025/02/17/wordpress-6-8-will-use-bcrypt-for-password-hashing/>
    WordPress,
    /// The SHA-256 in base64, for version 1 of Passlib's `$bcrypt-sha256$`.
    /// <https://passlib.readthedocs.io/en/stable/lib/passlib.hash.bcrypt_sha256.html>
    Sha256Base64,
    /// An HMAC-SHA-256 in base64, for version 2, whose key is the salt as the string has it.
    HmacSha256Base64 {
        key: [u8; SALT_LENGTH],
    },
}

/// Reads a whole string, such as `$2b$12$…`.
pub fn parse_crypt(text: &str, pre_hash: PreHash) -> Result<Scheme, Unsupported> {
    let text = text.strip_prefix('$').ok_or(Unsupported::NotAHash)?;
    let (version, rest) = text.split_once('$').ok_or(Unsupported::NotAHash)?;
    let fields: Vec<_> = rest.split('$').collect();
    parse(version, &fields, pre_hash)
}

/// Reads the fields behind Passlib's `$bcrypt-sha256$`.
pub fn parse_passlib(fields: &[&str]) -> Result<Scheme, Unsupported> {
    const FIELDS: Unsupported = Unsupported::Malformed(
        "the fields are not v=2,t=2b,r=…$salt$output or 2b,cost$salt$output",
    );

    let [costs, salt, output] = fields::all(fields, FIELDS)?;
    let key = salt.as_bytes().try_into().map_err(|_| FIELDS)?;
    let (version, cost, pre_hash) = match costs.split(',').collect::<Vec<_>>()[..] {
        ["v=2", "t=2b", cost] => {
            let cost = cost.strip_prefix("r=").ok_or(FIELDS)?;
            ("2b", cost, PreHash::HmacSha256Base64 { key })
        }
        [version @ ("2a" | "2b"), cost] => (version, cost, PreHash::Sha256Base64),
        _ => return Err(FIELDS),
    };
    let cost = format!("{:02}", decimal(cost).ok_or(FIELDS)?);
    parse(version, &[&cost, &format!("{salt}{output}")], pre_hash)
}

/// Reads what stands between the `$`.
pub fn parse(version: &str, fields: &[&str], pre_hash: PreHash) -> Result<Scheme, Unsupported> {
    const FIELDS: Unsupported =
        Unsupported::Malformed("the fields are not a cost of two digits$salt and output");

    let version = match version {
        "2a" | "2b" | "2y" => BcryptVersion::Correct,
        "2x" => BcryptVersion::SignExtended,
        _ => return Err(Unsupported::UnknownAlgorithm),
    };
    let [cost, rest] = fields::all(fields, FIELDS)?;
    let &[tens @ b'0'..=b'9', ones @ b'0'..=b'9'] = cost.as_bytes() else {
        return Err(FIELDS);
    };
    let cost = COST.check(u64::from(tens - b'0') * 10 + u64::from(ones - b'0'))?;
    let (salt, output) = rest.split_at_checked(SALT_LENGTH).ok_or(FIELDS)?;
    let decode = |text| from_bcrypt_base64(text).ok_or(FIELDS);
    let salt = decode(salt)?.try_into().map_err(|_| FIELDS)?;
    let output = decode(output)?;
    // The last of the 24 bytes is not in the string.
    if output.len() != 23 {
        return Err(FIELDS);
    }

    let weakness = (cost < STRONG_COST).then_some("bcrypt under cost 10");
    let scheme = Scheme::new("bcrypt", weakness, output, move |password, output, _| {
        let key = pre_hash.apply(password);
        let computed = match version {
            BcryptVersion::Correct => bcrypt::bcrypt(cost, salt, &with_nul(&key)),
            BcryptVersion::SignExtended => bcrypt::bcrypt(cost, salt, &sign_extended(&key)[..]),
        };
        output.copy_from_slice(&computed[..23]);
        // The key repeats the password and a NUL, so that `a`, `a␀a` and `a␀a␀a` have the same key.
        Ok(!key.contains(&0))
    });
    let covers = move |password: &[u8]| {
        pre_hash.covers(password) && (version == BcryptVersion::Correct || password.is_ascii())
    };
    Ok(Scheme {
        covers: Arc::new(covers),
        ..scheme
    })
}

impl PreHash {
    /// Whether bcrypt tells `password` from all others.
    ///
    /// It doesn't from 72 bytes on, because bcrypt ignores what comes after them: each longer password
    /// that starts with these has the same hash, and the user's own may be one of those. Nor does it
    /// if the pre-hash trims white space.
    fn covers(self, password: &[u8]) -> bool {
        match self {
            Self::None => password.len() < KEY_LENGTH,
            Self::Sha256Hex | Self::Sha256Base64 | Self::HmacSha256Base64 { .. } => true,
            Self::WordPress => trimmed(password).len() == password.len(),
        }
    }

    fn apply(self, password: &[u8]) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::None => password.to_vec(),
            Self::Sha256Hex => {
                let digest = Sha256::digest(password);
                let digits = digest.iter().map(|byte| format!("{byte:02x}"));
                digits.collect::<String>().into_bytes()
            }
            Self::WordPress => {
                let mac = Hmac::<Sha384>::new_from_slice(b"wp-sha384");
                let password = trimmed(password);
                let mac = mac.map(|mac| mac.chain_update(password).finalize().into_bytes());
                // HMAC accepts a key of any length, so there is no error.
                STANDARD.encode(mac.unwrap_or_default()).into_bytes()
            }
            Self::Sha256Base64 => STANDARD.encode(Sha256::digest(password)).into_bytes(),
            Self::HmacSha256Base64 { key } => {
                let mac = Hmac::<Sha256>::new_from_slice(&key);
                let mac = mac.map(|mac| mac.chain_update(password).finalize().into_bytes());
                STANDARD.encode(mac.unwrap_or_default()).into_bytes()
            }
        })
    }
}

/// Removes what PHP's `trim` removes.
/// <https://www.php.net/manual/en/function.trim.php>
fn trimmed(text: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| b" \t\n\r\0\x0b".contains(byte);
    let start = text.iter().position(|byte| !is_blank(byte));
    let end = text.iter().rposition(|byte| !is_blank(byte));
    match (start, end) {
        (Some(start), Some(end)) => &text[start..=end],
        _ => &[],
    }
}

/// The first 72 bytes of the password followed by a NUL.
fn with_nul(password: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(KEY_LENGTH + 1));
    key.extend_from_slice(&password[..password.len().min(KEY_LENGTH)]);
    key.push(0);
    key.truncate(KEY_LENGTH);
    key
}

/// A key with which a correct implementation computes what a faulty one did with `password`.
///
/// The key schedule uses 18 words of four bytes each, read from the password and its NUL in a
/// cycle. The fault is in how a word is built of its bytes; a key of 72 bytes is used as it is.
fn sign_extended(password: &[u8]) -> Zeroizing<[u8; KEY_LENGTH]> {
    let mut bytes = password.iter().copied().chain([0]).cycle();
    let mut key = Zeroizing::new([0; KEY_LENGTH]);
    for word in key.as_chunks_mut::<4>().0 {
        let mut value = 0_i32;
        for byte in bytes.by_ref().take(4) {
            value = value << 8 | i32::from(byte.cast_signed());
        }
        *word = value.to_be_bytes();
    }
    key
}

#[test]
fn a_2x_hash_is_checked_with_the_fault_that_it_was_made_with() {
    // Test vectors of crypt_blowfish and of John the Ripper.
    const OPENWALL: &str = "$2x$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e";
    const JOHN: &str = "$2x$05$6bNw2HLQYeqHYyBfLMsv/OiwqTymGIGzFsA4hOTWebfehXHNprcAS";
    let matches = |text: &str, password: &[u8]| {
        let kernel = sesame_argon2::Kernel::Portable;
        let scheme = parse_crypt(text, PreHash::None).unwrap();
        let mut workspace = crate::password::blocks::Workspace {
            kernel,
            kept: &mut [],
        };
        scheme.matches(password, &mut workspace).unwrap()
    };
    for (text, password, want) in [
        (OPENWALL, &b"\xa3"[..], true),
        (OPENWALL, b"\xff\xff\xa3", true),
        (OPENWALL, b"\xff\xa3", false),
        (JOHN, "ё".as_bytes(), true),
        (JOHN, b"e", false),
    ] {
        assert_eq!(matches(text, password), want, "{password:?}");
    }
    // A correct implementation computes this hash for one of the passwords that the faulty one
    // confuses.
    for (text, password, want) in [
        (OPENWALL, &b"\xa3"[..], false),
        (OPENWALL, b"\xff\xff\xa3", true),
        (JOHN, "ё".as_bytes(), false),
    ] {
        let correct = text.replace("$2x$", "$2b$");
        assert_eq!(matches(&correct, password), want, "{password:?}");
    }
}
