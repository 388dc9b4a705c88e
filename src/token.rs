//! Tokens and their hashes. A client holds the token, and the tables hold the hash.

mod presented;
#[cfg(feature = "function")]
mod seal;
#[cfg(feature = "function")]
mod server_key;
#[cfg(feature = "function")]
mod server_keys;
mod service_account;
mod session;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::domain::TokenHash;

pub use presented::PresentedToken;
#[cfg(feature = "function")]
pub use seal::OpenFault;
#[cfg(feature = "function")]
pub use server_key::ServerKey;
#[cfg(feature = "function")]
pub use server_keys::ServerKeys;
pub use service_account::ServiceAccountToken;
pub use session::SessionToken;

/// The secret part of each token, in bytes.
const SECRET_BYTES: usize = 32;

fn hash(token: &str) -> TokenHash {
    TokenHash::new(Sha256::digest(token).into())
}

/// Decodes base64 of exactly so many bytes.
fn decode<const LENGTH: usize>(text: &str) -> Option<Zeroizing<[u8; LENGTH]>> {
    let mut bytes = Zeroizing::new([0; LENGTH]);
    let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes[..]).ok()?;
    (length == LENGTH).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SessionId;

    #[test]
    fn tokens_and_keys_are_hidden_in_debug_output() {
        let session = SessionToken::generate(SessionId::generate(), None).unwrap();
        let account = ServiceAccountToken::generate().unwrap();
        let key = ServerKey::generate().unwrap();

        assert_eq!(
            format!("{session:?} {account:?} {key:?}"),
            "SessionToken(…) ServiceAccountToken(…) ServerKey(…)"
        );
    }
}
