use super::KeyName;

/// A secret that only a server key opens: AES-256-GCM under a key that is derived from that one.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret {
    /// The server key that has sealed it.
    pub key: KeyName,
    /// The nonce of 12 bytes, the ciphertext, which is as long as the secret, and the tag of 16.
    pub sealed: Vec<u8>,
}

/// Neither the ciphertext nor its length is for a log.
impl std::fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedSecret({}, …)", self.key)
    }
}

#[test]
fn debug_output_names_the_key_alone() {
    let secret = SealedSecret {
        key: KeyName([0, 1, 2, 3, 4, 5, 6, 0xff]),
        sealed: vec![42; 28],
    };

    assert_eq!(format!("{secret:?}"), "SealedSecret(00010203040506ff, …)");
}
