use super::KeyName;

/// A secret that only the server key of this name opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSecret {
    pub key: KeyName,
    /// A nonce of 12 bytes, the ciphertext, and a tag of 16 bytes.
    pub sealed: Vec<u8>,
}
