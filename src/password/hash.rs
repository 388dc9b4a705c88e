use std::fmt;
use std::str::FromStr;

use super::bounds::OutOfBounds;
use super::scheme::Scheme;

/// In bytes. The longest that is within all other bounds has about 900: PBKDF2 with an output
/// of 512 bytes and a salt of 128.
const MAX_LENGTH: usize = 1024;

/// A stored hash string that was parsed and whose costs are within bounds.
///
/// | string | algorithm |
/// |---|---|
/// | `$argon2id$v=19$m=19456,t=2,p=1$salt$output` | argon2id, `argon2i` and `argon2d`; without `v=` it is version 16 |
/// | `$2b$12$…` | bcrypt: `2a`, `2b`, `2x`, `2y` |
/// | `$scrypt$ln=17,r=8,p=1$salt$output` | scrypt |
/// | `$pbkdf2-sha256$600000$salt$output` | PBKDF2 with HMAC-SHA-256, `-sha512`, or SHA-1 (`$pbkdf2$…`) |
/// | `$pbkdf2-sha256$i=600000,l=32$salt$output` | the same as a PHC string |
/// | `$P$B…`, `$H$9…` | phpass |
/// | `$wp$2y$10$…` | bcrypt as WordPress has it |
/// | `$fbscrypt$v=1,n=14,r=8,p=1,ss=…,sk=…$salt$output` | Firebase's scrypt |
/// | `pbkdf2_sha256$…`, `bcrypt_sha256$…`, `argon2$…`, `scrypt$…` | Django's |
/// | `pbkdf2:sha256:600000$salt$output`, `scrypt:32768:8:1$salt$output` | Werkzeug's |
/// | `AQAAAA…` | ASP.NET Core Identity's, version 3 |
/// | `{bcrypt}…`, `{CRYPT}…`, `{PBKDF2-SHA256}…` | any of these behind a prefix of Spring or LDAP |
/// | `$6$rounds=656000$salt$output` | SHA-crypt: `5` with SHA-256, `6` with SHA-512; 5000 rounds without `rounds=` |
///
/// It lets whoever reads it try passwords without limit, so it is as secret as a
/// password and hides itself in `Debug`.
#[derive(Clone)]
pub struct PasswordHash {
    text: String,
    scheme: Scheme,
}

impl PasswordHash {
    /// # Errors
    ///
    /// [`Unsupported`] says why the string can't be checked against. It repeats none of
    /// it but numbers, so it can stand in a report.
    pub fn parse(text: &str) -> Result<Self, Unsupported> {
        if text.len() > MAX_LENGTH {
            return Err(Unsupported::TooLong);
        }
        Ok(Self {
            text: text.to_owned(),
            scheme: Scheme::parse(text)?,
        })
    }

    /// The string as it is stored.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name of its algorithm, for people.
    pub fn algorithm(&self) -> &'static str {
        self.scheme.algorithm()
    }

    /// What it is, if it costs an attacker less than OWASP asks for.
    pub fn weakness(&self) -> Option<&'static str> {
        self.scheme.weakness()
    }

    pub(super) fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    pub(super) fn into_scheme(self) -> Scheme {
        self.scheme
    }
}

impl FromStr for PasswordHash {
    type Err = Unsupported;

    fn from_str(text: &str) -> Result<Self, Unsupported> {
        Self::parse(text)
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Why a string is no hash that can be checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    #[error("the string is over {MAX_LENGTH} bytes long")]
    TooLong,
    #[error("the string is not a PHC or modular crypt string")]
    NotAHash,
    #[error("unknown algorithm")]
    UnknownAlgorithm,
    /// With the scheme that the prefix names.
    #[error("{{{0}}} hashes are not supported")]
    Prefix(&'static str),
    #[error("{{CRYPT}} hashes of this kind are not supported")]
    Crypt,
    #[error("the prefix in braces is not known")]
    UnknownPrefix,
    /// A part that is missing, too many or written wrongly.
    #[error("{0}")]
    Malformed(&'static str),
    #[error(transparent)]
    OutOfBounds(#[from] OutOfBounds),
}

#[cfg(test)]
mod tests;
