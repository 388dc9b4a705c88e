//! The test vectors of WebAuthn Level 3, as its draft of 30 July 2026 has them.
//! <https://w3c.github.io/webauthn/#sctn-test-vectors>

use super::{Answer, base64, credential, hex};
use crate::domain::{Backup, Challenge, SignCount, SignatureAlgorithm};

/// Each has a name, and in hexadecimal the challenge, credential id, client data and attestation
/// object of a registration, and the challenge, authenticator data, client data and signature of an
/// assertion.
const VECTORS: &str = include_str!("level_3.txt");

/// A registration and an assertion by one credential.
pub(super) struct Vector {
    pub(super) registration: Answer,
    pub(super) assertion: Answer,
    pub(super) id: Vec<u8>,
}

impl Vector {
    pub(super) fn named(name: &str) -> Self {
        let mut vectors = VECTORS.split("# ").skip(1);
        let lines = vectors.find(|lines| lines.lines().next() == Some(name));
        let values: Vec<Vec<u8>> = lines.unwrap().lines().skip(1).map(hex).collect();
        let answer = |challenge: &[u8], json| Answer {
            // One has a longer one.
            challenge: Challenge(*challenge.first_chunk().unwrap()),
            rp_id: "example.org",
            origin: "https://example.org",
            user_verification: false,
            json,
        };
        let [c1, id, data1, object, c2, authenticator, data2, signature] = &values[..] else {
            panic!("{name} has not eight values");
        };
        let registered = [
            ("clientDataJSON", &data1[..]),
            ("attestationObject", object),
        ];
        let asserted = [
            ("clientDataJSON", &data2[..]),
            ("authenticatorData", authenticator),
            ("signature", signature),
        ];
        Self {
            registration: answer(c1, credential(id, &registered)),
            assertion: answer(c2, credential(id, &asserted)),
            id: id.clone(),
        }
    }
}

#[test]
fn those_of_the_kinds_that_are_offered_are_verified() {
    const ES256: SignatureAlgorithm = SignatureAlgorithm::Es256;
    // The flags of the registration and of the assertion: user verified, backup eligible, backed
    // up.
    for (name, algorithm, registered, asserted) in [
        ("none-es256", ES256, 0b011, 0b011),
        ("packed-self-es256", ES256, 0b111, 0b010),
        ("none-es256-long-credential-id", ES256, 0b010, 0b110),
        ("packed-es256", ES256, 0b110, 0b110),
        ("packed-rs256", SignatureAlgorithm::Rs256, 0b111, 0b011),
        ("packed-eddsa", SignatureAlgorithm::EdDsa, 0b000, 0b000),
        ("tpm-es256", ES256, 0b110, 0b110),
        ("android-key-es256", ES256, 0b111, 0b010),
        ("apple-es256", ES256, 0b010, 0b010),
        ("fido-u2f-es256", ES256, 0b000, 0b000),
    ] {
        let vector = Vector::named(name);
        let found = vector.registration.register().unwrap();
        assert_eq!(found.id.as_bytes(), vector.id, "{name}");
        assert_eq!(found.algorithm, algorithm, "{name}");
        assert_eq!(found.sign_count, SignCount(0), "{name}");
        let flags = |verified: bool, backup: Backup| {
            u8::from(verified) << 2
                | u8::from(backup.is_eligible) << 1
                | u8::from(backup.is_backed_up)
        };
        assert_eq!(
            flags(found.user_verified, found.backup),
            registered,
            "{name}"
        );

        let signed = vector.assertion.assert(&found.key, found.backup).unwrap();
        assert_eq!(signed.sign_count, SignCount(0), "{name}");
        assert_eq!(
            flags(signed.user_verified, signed.backup),
            asserted,
            "{name}"
        );
        let verified = Answer {
            user_verification: true,
            ..vector.assertion.clone()
        };
        let fault = verified
            .assert(&found.key, found.backup)
            .err()
            .map(|fault| fault.0);
        let want = (asserted & 0b100 == 0).then_some("the user was not verified");
        assert_eq!(fault, want, "{name}");
    }
}

#[test]
fn those_in_frames_are_refused() {
    const FRAMED: &str = "the page is in a frame of another origin";

    let honest = Vector::named("none-es256").registration.register().unwrap();
    for name in ["none-es256-crossOrigin", "none-es256-topOrigin"] {
        let vector = Vector::named(name);
        assert_eq!(
            vector.registration.register().unwrap_err().0,
            FRAMED,
            "{name}"
        );
        let fault = vector.assertion.assert(&honest.key, honest.backup);
        assert_eq!(fault.unwrap_err().0, FRAMED, "{name}");
    }
}

#[test]
fn those_of_other_kinds_are_refused() {
    let honest = Vector::named("none-es256").registration;
    for name in ["packed-es384", "packed-es512", "packed-ed448"] {
        let vector = Vector::named(name);
        let mut registration = vector.registration.clone();
        registration.challenge = honest.challenge;
        let fault = registration.register().unwrap_err();
        assert_eq!(fault.0, "the challenge is another", "{name}");
        let data = &honest.json["response"]["clientDataJSON"];
        registration.json["response"]["clientDataJSON"] = data.clone();
        let fault = registration.register().unwrap_err();
        assert_eq!(
            fault.0, "the public key is of no kind that was offered",
            "{name}"
        );
    }
}

#[test]
fn an_answer_is_good_for_its_own_challenge_and_key_alone() {
    let (mine, other) = (Vector::named("none-es256"), Vector::named("packed-es256"));
    let registered = mine.registration.register().unwrap();
    let fault = mine
        .registration
        .assert(&registered.key, registered.backup)
        .unwrap_err();
    assert_eq!(fault.0, "the response lacks a member");

    let swapped = Answer {
        challenge: other.assertion.challenge,
        ..mine.assertion.clone()
    };
    let fault = swapped
        .assert(&registered.key, registered.backup)
        .unwrap_err();
    assert_eq!(fault.0, "the challenge is another");

    let key = other.registration.register().unwrap().key;
    let fault = mine.assertion.assert(&key, registered.backup).unwrap_err();
    assert_eq!(fault.0, "the signature is not the credential's");

    let mut renamed = mine.registration.clone();
    renamed.json["id"] = base64(&other.id).into();
    renamed.json["rawId"] = base64(&other.id).into();
    let fault = renamed.register().unwrap_err();
    assert_eq!(fault.0, "the credential's id is not the answer's");
}
