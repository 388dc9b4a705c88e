//! Reads authenticator data. Whatever is read is all of it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sesame::webauthn::AuthenticatorData;

fuzz_target!(|bytes: &[u8]| {
    let Ok(data) = AuthenticatorData::parse(bytes) else {
        return;
    };
    assert_eq!(data.sign_count.0.to_be_bytes(), bytes[33..37]);
    assert_eq!(data.attested.is_some(), bytes[32] & 0x40 != 0);
    if let Some(attested) = data.attested {
        assert!(55 + attested.id.len() + attested.key.len() <= bytes.len());
    }
    let more = [bytes, &[0]].concat();
    assert!(AuthenticatorData::parse(&more).is_err(), "it has no end");
});
