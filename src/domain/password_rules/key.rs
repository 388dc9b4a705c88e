// The build makes the filter with this function, and the rules look up with it.

use sha2::{Digest as _, Sha256};

/// The key of a folded password in the filter of common passwords: the first eight bytes of its
/// SHA-256.
pub fn key(password: &str) -> u64 {
    let hash: [u8; 32] = Sha256::digest(password).into();
    let (first, _) = hash.split_first_chunk().expect("32 bytes");
    u64::from_le_bytes(*first)
}
