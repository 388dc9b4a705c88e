//! Tokens and their hashes. A client holds the token, and the tables hold the hash.
//!
//! This is the one module that generates random ids.

mod presented;
#[cfg(feature = "function")]
mod server_key;
mod service_account;
mod session;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::domain::{SessionGeneration, SessionId, TokenHash, UserId, UserRef, WriteId};

pub use presented::PresentedToken;
#[cfg(feature = "function")]
pub use server_key::ServerKey;
pub use service_account::ServiceAccountToken;
pub use session::{NotASessionToken, SessionToken};

/// The secret part of each token, in bytes.
const SECRET_BYTES: usize = 32;

/// The key that leads to a user: the first half of the SHA-256 of the user's id.
pub fn user_ref(id: &UserId) -> UserRef {
    let digest = Sha256::digest(id.as_str());
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    UserRef::new(half)
}

fn hash(token: &str) -> TokenHash {
    TokenHash::new(Sha256::digest(token).into())
}

/// Decodes base64 of exactly so many bytes.
fn decode<const LENGTH: usize>(text: &str) -> Option<Zeroizing<[u8; LENGTH]>> {
    let mut bytes = Zeroizing::new([0; LENGTH]);
    let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes[..]).ok()?;
    (length == LENGTH).then_some(bytes)
}

pub fn generate_session_id() -> SessionId {
    SessionId::from_uuid(generate_uuid())
}

pub fn generate_write_id() -> WriteId {
    WriteId::from_uuid(generate_uuid())
}

pub fn generate_session_generation() -> SessionGeneration {
    SessionGeneration::from_uuid(generate_uuid())
}

#[allow(clippy::disallowed_methods, reason = "this is the one place")]
pub fn generate_uuid() -> Uuid {
    Uuid::new_v4()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_the_hash_of_the_id() {
        let of = |id: &str| user_ref(&UserId::parse(id.to_owned()).unwrap());

        // `printf ada | sha256sum`
        assert_eq!(of("ada").to_string(), "fdee430d40bd57deeac186cd9790033d");
        assert_ne!(of("ada"), of("Ada"));
    }

    #[test]
    fn tokens_and_keys_are_hidden_in_debug_output() {
        let session = SessionToken::generate(generate_session_id(), None).unwrap();
        let account = ServiceAccountToken::generate().unwrap();
        let key = ServerKey::generate().unwrap();

        assert_eq!(
            format!("{session:?} {account:?} {key:?}"),
            "SessionToken(…) ServiceAccountToken(…) ServerKey(…)"
        );
    }
}
