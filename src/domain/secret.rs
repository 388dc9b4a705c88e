use std::hash::{Hash, Hasher};

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::text::{Invalid, bounded};
use super::unicode::{compose, fold, is_composed};

/// Implements `Debug` for a type that holds a secret: it shows the type's name alone.
macro_rules! hide_in_debug {
    ($secret:ident) => {
        impl std::fmt::Debug for $secret {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($secret), "(…)"))
            }
        }
    };
}
pub(crate) use hide_in_debug;

/// A password in plain text. `Debug` hides it, and dropping it wipes the memory.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl Password {
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Reads a password from a request: 1 to 200 characters.
    pub fn parse(text: String) -> Result<Self, Invalid> {
        bounded("password", text).map(Self::new)
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The NFC form; `None`: the password is in NFC already.
    pub fn composed(&self) -> Option<Self> {
        (!is_composed(&self.0)).then(|| Self(compose(&self.0)))
    }

    /// The length in code points of the NFC form.
    pub fn length(&self) -> usize {
        compose(&self.0).chars().count()
    }

    /// The form in which a password is compared with words.
    pub fn folded(&self) -> Zeroizing<String> {
        fold(&self.0)
    }
}

hide_in_debug!(Password);

/// A password's hash as it is stored: a PHC or modular crypt string.
///
/// The module `password` parses it. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct HashString(String);

impl HashString {
    pub fn new(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

hide_in_debug!(HashString);

/// The SHA-256 of a token. The token itself is not stored.
///
/// Tokens carry 256 random bits, so a fast hash without a salt is enough. Hashes are compared in
/// constant time, except where the hash is a database key, which the database looks up.
#[derive(Clone, Copy, Eq)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    pub const fn new(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash as 64 lower-case hexadecimal digits.
    pub fn to_hex(self) -> String {
        self.0.map(|byte| format!("{byte:02x}")).concat()
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Hash for TokenHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

hide_in_debug!(TokenHash);

/// The error for a text that can't be a session token. Clients get the error for a wrong token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotASessionToken;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_secrets() {
        let shown = format!(
            "{:?} {:?} {:?}",
            Password::new("V3ryS3cure!".into()),
            HashString::new("$argon2id$".into()),
            TokenHash::new([7; 32]),
        );

        assert_eq!(shown, "Password(…) HashString(…) TokenHash(…)");
    }

    #[test]
    fn a_token_hash_is_written_with_all_its_leading_zeros() {
        let mut hash = [0; 32];
        hash[0] = 0x0f;
        hash[31] = 0xa0;

        let hex = TokenHash::new(hash).to_hex();

        assert_eq!(hex, format!("0f{}a0", "00".repeat(30)));
    }
}
