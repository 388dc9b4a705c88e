//! Reads attestation objects, and the authenticator data and the key within.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sesame::webauthn::{AttestationObject, AuthenticatorData, PublicKey};

fuzz_target!(|bytes: &[u8]| {
    let Ok(object) = AttestationObject::parse(bytes) else {
        return;
    };
    let parts = object.format.len() + object.statement.len() + object.authenticator_data.len();
    assert!(parts < bytes.len());
    let more = [bytes, &[0]].concat();
    assert!(AttestationObject::parse(&more).is_err(), "it has no end");
    if let Ok(data) = AuthenticatorData::parse(object.authenticator_data)
        && let Some(attested) = data.attested
        && let Ok(key) = PublicKey::parse(attested.key)
    {
        assert!(
            key.verify(object.authenticator_data, object.statement)
                .is_err()
        );
    }
});
