use super::scheme::Scheme;
use super::scheme::parse::parse;
use super::unsupported::{MAX_LENGTH, Unsupported};
use crate::domain::{HashString, hide_in_debug};

/// A hash string whose costs are within bounds.
///
/// | string | algorithm |
/// |---|---|
/// | `$argon2id$v=19$m=19456,t=2,p=1$salt$output` | argon2id, argon2i (`$argon2i$…`) and argon2d (`$argon2d$…`); version 16 without `v=` |
/// | `$2b$12$…` | bcrypt: `2a`, `2b`, `2x`, `2y` |
/// | `$scrypt$ln=17,r=8,p=1$salt$output` | scrypt |
/// | `$pbkdf2-sha256$600000$salt$output` | PBKDF2 with HMAC-SHA-256, `-sha512`, or SHA-1 (`$pbkdf2$…`) |
/// | `$pbkdf2-sha256$i=600000,l=32$salt$output` | the same as a PHC string |
/// | `$P$B…`, `$H$9…` | phpass |
/// | `$wp$2y$10$…` | bcrypt in WordPress |
/// | `$fbscrypt$v=1,n=14,r=8,p=1,ss=…,sk=…$salt$output` | Firebase's scrypt |
/// | `pbkdf2_sha256$…`, `bcrypt_sha256$…`, `argon2$…`, `scrypt$…` | PBKDF2, bcrypt, argon2 and scrypt in Django |
/// | `pbkdf2:sha256:600000$salt$output`, `scrypt:32768:8:1$salt$output` | PBKDF2 and scrypt in Werkzeug |
/// | `$7$ln=16,r=8,p=1$salt$output`, `$scrypt$ln=16384,r=8,p=1$salt$output` | scrypt in ZITADEL and Kratos |
/// | `$firebasescrypt$…`, `$firescrypt$…`, `$firebase-scrypt$…` | Firebase's scrypt in ZITADEL, Kratos and WorkOS |
/// | `$sha256-crypt$…`, `$sha512-crypt$…` | SHA-crypt in Kratos |
/// | `$bcrypt-sha256$…` | bcrypt of a SHA-256 in Passlib |
/// | `$pbkdf2$f=SHA256,w=600000,l=32$salt$output` | PBKDF2 in Mattermost |
/// | `salt:output` in hexadecimal | scrypt in better-auth |
/// | `3\|$argon2id$…` | any of these behind a version of Nextcloud |
/// | `:pbkdf2:sha512:30000:64:salt:output` | PBKDF2 in MediaWiki |
/// | `{PBKDF2_SHA256}…` | PBKDF2 in 389 Directory Server |
/// | `AQAAAA…` | PBKDF2 in ASP.NET Core Identity, version 3 |
/// | `{bcrypt}…`, `{CRYPT}…`, `{PBKDF2-SHA256}…` | any of these behind a prefix of Spring or LDAP |
/// | `$6$rounds=656000$salt$output` | SHA-crypt: `5` with SHA-256, `6` with SHA-512; 5000 rounds without `rounds=` |
///
/// An attacker who has a hash can test passwords against it without limit. It is as secret as a
/// password, and `Debug` doesn't show it.
#[derive(Clone)]
pub struct PasswordHash {
    text: HashString,
    pub(super) scheme: Scheme,
}

impl PasswordHash {
    /// # Errors
    ///
    /// [`Unsupported`]: no password can be checked against the string. The error repeats nothing
    /// of the string but numbers, so it can be shown.
    pub fn parse(text: &str) -> Result<Self, Unsupported> {
        if text.len() > MAX_LENGTH {
            return Err(Unsupported::TooLong);
        }
        Ok(Self {
            text: HashString::new(text.to_owned()),
            scheme: parse(text)?,
        })
    }

    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// The name of the algorithm, for people to read.
    pub fn algorithm(&self) -> &'static str {
        self.scheme.algorithm
    }

    /// The name of the weak scheme, if the hash costs an attacker less than OWASP asks for.
    pub fn weakness(&self) -> Option<&'static str> {
        self.scheme.weakness
    }
}

hide_in_debug!(PasswordHash);

impl From<PasswordHash> for HashString {
    fn from(hash: PasswordHash) -> Self {
        hash.text
    }
}

#[cfg(test)]
mod tests;
