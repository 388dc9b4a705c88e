use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::{SECRET_BYTES, decode, hash};
use crate::domain::{TokenHash, hide_in_debug};

/// The start of each service account's token, by which scanners for leaked secrets know it.
pub(super) const PREFIX: &str = "sesame_";

/// A service account's token: `sesame_` and 32 random bytes in URL-safe base64.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceAccountToken(Zeroizing<String>);

impl ServiceAccountToken {
    /// # Errors
    ///
    /// The operating system has no random numbers.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        getrandom::fill(&mut bytes[..])?;
        let random = Zeroizing::new(URL_SAFE_NO_PAD.encode(&bytes[..]));
        Ok(Self(Zeroizing::new(format!("{PREFIX}{}", *random))))
    }

    /// Returns `None` for a text that has not the form of such a token.
    pub fn parse(text: String) -> Option<Self> {
        let text = Zeroizing::new(text);
        decode::<SECRET_BYTES>(text.strip_prefix(PREFIX)?)?;
        Some(Self(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> TokenHash {
        hash(&self.0)
    }
}

hide_in_debug!(ServiceAccountToken);
