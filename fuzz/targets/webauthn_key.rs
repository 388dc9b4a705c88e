//! Reads keys in COSE. None of them has signed the bytes that it is made of.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sesame::webauthn::PublicKey;

fuzz_target!(|bytes: &[u8]| {
    let Ok(key) = PublicKey::parse(bytes) else {
        return;
    };
    match key {
        PublicKey::Es256 { .. } => assert!(bytes.len() >= 77),
        PublicKey::EdDsa { .. } => assert!(bytes.len() >= 42),
        PublicKey::Rs256 { n, e } => {
            assert!((256..=512).contains(&n.len()) && n[0] != 0 && e[0] != 0);
        }
    }
    assert!(bytes.len() <= 1024);
    let more = [bytes, &[0]].concat();
    assert!(PublicKey::parse(&more).is_err(), "it has no end");
    assert!(key.verify(bytes, bytes).is_err());
});
