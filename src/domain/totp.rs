//! Codes of authenticator apps: RFC 6238 with SHA-1, six digits and steps of 30 seconds, which is what
//! all apps know. <https://www.rfc-editor.org/rfc/rfc6238>

use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::utf8_percent_encode;
use sha1::Sha1;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::Timestamp;
use super::base32::{RFC_4648, decode, encode};
use super::link::RESERVED;
use super::secret::hide_in_debug;
use super::text::{Invalid, bounded};

const STEP_MILLIS: i64 = 30_000;
/// How many steps the clock of an app may be before or behind that of the server.
const SKEW_STEPS: i64 = 1;
const DIGITS: usize = 6;

/// The secret that a user's authenticator app and this service share.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret(Zeroizing<Vec<u8>>);

impl TotpSecret {
    /// As long as the hash, as RFC 4226 recommends. <https://www.rfc-editor.org/rfc/rfc4226#section-4>
    const BYTES: usize = 20;
    /// RFC 4226 demands 128 bits. What is longer than a block of SHA-1, 64 bytes, is only hashed.
    const BYTES_READ: std::ops::RangeInclusive<usize> = 16..=64;

    /// Generates a secret of 20 bytes.
    ///
    /// # Errors
    ///
    /// The operating system has no random numbers.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new(vec![0; Self::BYTES]);
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Reads the secret in a request: 16 to 64 bytes in base32, in upper or lower case, padded or not.
    pub fn from_base32(text: String) -> Result<Self, Invalid> {
        let text = Zeroizing::new(text);
        decode(&text)
            .filter(|bytes| Self::BYTES_READ.contains(&bytes.len()))
            .map(Self)
            .ok_or(Invalid::new(
                "totp_secret",
                "must be 16 to 64 bytes in base32",
            ))
    }

    /// A stored secret. It is not checked, because it may have been stored under other rules.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The secret in base32, in capitals and without padding, as apps take it.
    pub fn base32(&self) -> String {
        std::mem::take(&mut *encode(&self.0, RFC_4648))
    }

    /// The URI that an app reads from a QR code.
    /// <https://github.com/google/google-authenticator/wiki/Key-Uri-Format>
    pub fn uri(&self, issuer: &str, account: &str) -> String {
        let (issuer, account) = (
            utf8_percent_encode(issuer, RESERVED),
            utf8_percent_encode(account, RESERVED),
        );
        let secret = encode(&self.0, RFC_4648);
        let period = STEP_MILLIS / 1000;
        format!(
            "otpauth://totp/{issuer}:{account}\
             ?algorithm=SHA1&digits={DIGITS}&issuer={issuer}&period={period}&secret={}",
            *secret
        )
    }

    /// The step whose code this is: the one of `now`, the one before or the one after, if it is behind
    /// the `last` that was accepted. Of two that have the same code it is the later one, so that the
    /// code isn't accepted once more for it.
    pub fn accepted_step(&self, code: &TotpCode, now: Timestamp, last: Option<u64>) -> Option<u64> {
        let current = now.as_millis().div_euclid(STEP_MILLIS);
        let mut accepted = None;
        // All are compared, so that the time taken doesn't tell which step it was.
        for step in current - SKEW_STEPS..=current + SKEW_STEPS {
            // There is no step before 1970.
            let Ok(step) = u64::try_from(step) else {
                continue;
            };
            let matches = self.code(step).as_bytes().ct_eq(code.as_bytes());
            let is_unused = last.is_none_or(|last| step > last);
            if bool::from(matches) && is_unused {
                accepted = Some(step);
            }
        }
        accepted
    }

    /// The code of a step. <https://www.rfc-editor.org/rfc/rfc4226#section-5.3>
    fn code(&self, step: u64) -> Zeroizing<String> {
        // Keys of any length are taken: those longer than a block are hashed first.
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(&self.0) else {
            unreachable!("HMAC takes keys of any length");
        };
        mac.update(&step.to_be_bytes());
        let mac = Zeroizing::new(<[u8; 20]>::from(mac.finalize().into_bytes()));
        let at = usize::from(mac[19] % 16);
        let number = u32::from_be_bytes([mac[at], mac[at + 1], mac[at + 2], mac[at + 3]]);
        let number = (number & 0x7fff_ffff) % 1_000_000;
        Zeroizing::new(format!("{number:0DIGITS$}"))
    }
}

hide_in_debug!(TotpSecret);

/// A code of an authenticator app that somebody presents. It may be any text: one that isn't six
/// digits is a wrong one.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpCode(Zeroizing<String>);

impl TotpCode {
    /// Reads the code in a check: six characters.
    pub fn parse(text: String) -> Result<Self, Invalid> {
        let text = Zeroizing::new(text);
        if text.chars().count() != DIGITS {
            let reason = "must be 6 characters long";
            return Err(Invalid::new("checks.totp.code", reason));
        }
        Ok(Self(text))
    }

    /// Reads the code by which a registration is verified: 1 to 200 characters.
    pub fn parse_registration(text: String) -> Result<Self, Invalid> {
        bounded("code", text).map(|text| Self(Zeroizing::new(text)))
    }

    /// What was typed, by which a repeated request is recognised.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

hide_in_debug!(TotpCode);

#[cfg(test)]
mod tests;
