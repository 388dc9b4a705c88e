//! Answers with one bit flipped.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::level_3::Vector;
use super::{Answer, base64};

/// The bytes of a member of the response.
fn member(answer: &Answer, name: &str) -> Vec<u8> {
    let text = answer.json["response"][name].as_str().unwrap();
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// Each answer with one bit of the member flipped, and which bit it is.
fn flipped(answer: &Answer, name: &'static str) -> impl Iterator<Item = (usize, Answer)> {
    let bytes = member(answer, name);
    (0..bytes.len() * 8).map(move |bit| {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let mut answer = answer.clone();
        answer.json["response"][name] = json!(base64(&bytes));
        (bit, answer)
    })
}

#[test]
fn no_assertion_with_a_flipped_bit_is_verified() {
    for name in ["none-es256", "packed-eddsa"] {
        let Vector {
            registration,
            assertion,
            ..
        } = Vector::named(name);
        let found = registration.register().unwrap();
        for member in ["clientDataJSON", "authenticatorData", "signature"] {
            for (bit, answer) in flipped(&assertion, member) {
                let verified = answer.assert(&found.key, found.backup);
                assert!(verified.is_err(), "{name}: bit {bit} of {member}");
            }
        }
    }
}

#[test]
fn a_registration_that_its_key_signed_says_the_same_with_a_flipped_bit_or_is_refused() {
    let registration = Vector::named("packed-self-es256").registration;
    let honest = registration.register().unwrap();
    for (bit, answer) in flipped(&registration, "clientDataJSON") {
        assert!(answer.register().is_err(), "bit {bit}");
    }
    // The name of the format, which is not signed: that of another is of a statement that isn't
    // looked at. The highest bit of a byte makes it no text.
    let object = member(&registration, "attestationObject");
    let start = object.windows(6).position(|six| six == b"packed").unwrap();
    let is_format = |bit: usize| (start..start + 6).contains(&(bit / 8)) && bit % 8 != 7;
    for (bit, answer) in flipped(&registration, "attestationObject") {
        let verified = answer.register();
        assert_eq!(verified.is_ok(), is_format(bit), "bit {bit}");
        if let Ok(found) = verified {
            assert_eq!(found, honest, "bit {bit}");
        }
    }
}

#[test]
fn a_registration_that_nobody_signed_says_what_its_bytes_say() {
    let registration = Vector::named("none-es256").registration;
    let honest = registration.register().unwrap();
    let object = member(&registration, "attestationObject");
    let at = |bytes: &[u8]| {
        object
            .windows(bytes.len())
            .position(|some| some == bytes)
            .unwrap()
    };
    let data = at(&[0xbf, 0xab, 0xc3, 0x74]);
    let (aaguid, key) = (data + 37, at(&honest.key.0));
    // Bytes in the object whose change is another honest answer: flags, counter, model, the two
    // coordinates of the key.
    let free = [
        data + 32..data + 33,
        data + 33..data + 37,
        aaguid..aaguid + 16,
        key + 10..key + 42,
        key + 45..key + 77,
    ];
    for (bit, answer) in flipped(&registration, "attestationObject") {
        let Ok(mut found) = answer.register() else {
            continue;
        };
        let position = free.iter().position(|bytes| bytes.contains(&(bit / 8)));
        match position {
            Some(0) => {
                found.user_verified = honest.user_verified;
                found.backup = honest.backup;
            }
            Some(1) => {
                assert_ne!(found.sign_count, honest.sign_count);
                found.sign_count = honest.sign_count;
            }
            Some(2) => {
                assert_ne!(found.aaguid, honest.aaguid);
                found.aaguid = honest.aaguid;
            }
            Some(_) => {
                assert_ne!(found.key, honest.key);
                found.key = honest.key.clone();
            }
            // The name of the format.
            None => assert!(
                (at(b"none")..at(b"none") + 4).contains(&(bit / 8)),
                "bit {bit}"
            ),
        }
        assert_eq!(found, honest, "bit {bit}");
    }
}
