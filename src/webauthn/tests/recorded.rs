//! Answers of Chromium with its virtual authenticator, to ZITADEL's login at localhost, and of
//! 1Password's `passkey` 0.6.0 to options of a test.

use serde_json::Value;

use super::{Answer, hex};
use crate::domain::{Backup, Challenge, SignCount, SignatureAlgorithm};
use crate::webauthn::{AssertionResponse, RegistrationResponse};

const PASSKEY_REGISTERED: &str = r#"{
    "id": "5u8-iu8vr6Uq9Hze-n8MY1_CXZkHyYiEtg7xIn4mEfs",
    "rawId": "5u8-iu8vr6Uq9Hze-n8MY1_CXZkHyYiEtg7xIn4mEfs",
    "type": "public-key",
    "response": {
        "attestationObject": "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVikSZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2NFAAAAAQECAwQFBgcIAQIDBAUGBwgAIObvPorvL6-lKvR83vp_DGNfwl2ZB8mIhLYO8SJ-JhH7pQECAyYgASFYIF3uQcTwX0v2iuBpIpCCtzAltsBrxxH0cJoOBioxm7YuIlggVxjw07dKJDMMYJUgcOzRo6iH9j5HtLSoYqQg5Oe1iTg",
        "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiMFlpZl96TWV6bFJuYkFna0pJdkFLZWs0Rm45a0JFU3lUZFFjSFNuN1Y1RSIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3Q6MzAwMCIsImNyb3NzT3JpZ2luIjpmYWxzZX0"
    }
}"#;

const PASSKEY_ASSERTED: &str = r#"{
    "id": "5u8-iu8vr6Uq9Hze-n8MY1_CXZkHyYiEtg7xIn4mEfs",
    "rawId": "5u8-iu8vr6Uq9Hze-n8MY1_CXZkHyYiEtg7xIn4mEfs",
    "type": "public-key",
    "response": {
        "authenticatorData": "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAg",
        "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiQ25TRUNtQk1IOHlKNWNyT0hLX0pOczBnYXZUZ2kweURVbzZKOGQ1Tno2ZyIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3Q6MzAwMCIsImNyb3NzT3JpZ2luIjpmYWxzZX0",
        "signature": "MEUCIQDu6mJpX1ZidLuYLPih_1f30VfCjeDr2WQn-ku9yUM9FwIgQKzg9cSi7hyLAP0m5w9TJghsoQqoAlsKhkANvRJxgGI",
        "userHandle": "iHyF_sIOWPLHQu3SwZ7vYQ"
    }
}"#;

const KEY_REGISTERED: &str = r#"{
    "id": "EFdIaaqvp65W1rEVBxEhXpEcPwm8JyidaVI-a1BSw5k",
    "rawId": "EFdIaaqvp65W1rEVBxEhXpEcPwm8JyidaVI-a1BSw5k",
    "type": "public-key",
    "response": {
        "attestationObject": "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVikSZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2NFAAAAAQECAwQFBgcIAQIDBAUGBwgAIBBXSGmqr6euVtaxFQcRIV6RHD8JvCconWlSPmtQUsOZpQECAyYgASFYINm89EEGRmg5Ev9FbeKOV8sd3OfxpPvtnxpwGaFxwBR1Ilggfhapp86174mh5EHmvmIVkmfw0FHiHnmLhAKo7swFERM",
        "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiQ01kUDBMX2VZaW5lRkpSMC1ydGFhVDZqaDZpNXV6RUtLT0RfUE9NQWpUNCIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3Q6MzAwMCIsImNyb3NzT3JpZ2luIjpmYWxzZSwib3RoZXJfa2V5c19jYW5fYmVfYWRkZWRfaGVyZSI6ImRvIG5vdCBjb21wYXJlIGNsaWVudERhdGFKU09OIGFnYWluc3QgYSB0ZW1wbGF0ZS4gU2VlIGh0dHBzOi8vZ29vLmdsL3lhYlBleCJ9"
    }
}"#;

const KEY_ASSERTED: &str = r#"{
    "id": "EFdIaaqvp65W1rEVBxEhXpEcPwm8JyidaVI-a1BSw5k",
    "rawId": "EFdIaaqvp65W1rEVBxEhXpEcPwm8JyidaVI-a1BSw5k",
    "type": "public-key",
    "response": {
        "authenticatorData": "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MBAAAAAg",
        "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiaXB0cGVLOG9ERTI0TzkzTkNoaUtlM3pCVFlnRU12Vzl5cGg4a3dpV1JJRSIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3Q6MzAwMCIsImNyb3NzT3JpZ2luIjpmYWxzZX0",
        "signature": "MEQCIEIUf2YuulOF2i5Z2l92qE7RZWQsxbtqkGA2e3V92SAcAiBngtnLYUYkr0azJcM36GX3PS_wlbxTEN4yzAysVQQ9Rw",
        "userHandle": "p9QV2SNXzOg1vrWFQBUe7w"
    }
}"#;

/// An answer, and the challenge of its options in hexadecimal.
fn recorded(json: &str, challenge: &str) -> Answer {
    Answer {
        challenge: Challenge(hex(challenge).try_into().unwrap()),
        rp_id: "localhost",
        origin: "http://localhost:3000",
        user_verification: false,
        json: serde_json::from_str::<Value>(json).unwrap(),
    }
}

#[test]
fn what_chromium_answers_is_verified() {
    for (registered, challenge, asserted, second_challenge, verified) in [
        (
            PASSKEY_REGISTERED,
            "d1889fff331ece54676c0824248bc029e938167f640444b24dd41c1d29fb5791",
            PASSKEY_ASSERTED,
            "0a74840a604c1fcc89e5cace1cafc936cd206af4e08b4c83528e89f1de4dcfa8",
            true,
        ),
        (
            KEY_REGISTERED,
            "08c74fd0bfde6229de149474fabb5a693ea387a8b9bb310a28e0ff3ce3008d3e",
            KEY_ASSERTED,
            "8a9b6978af280c4db83bddcd0a188a7b7cc14d880432f5bdca987c9308964481",
            false,
        ),
    ] {
        let registration = recorded(registered, challenge);
        let response = RegistrationResponse::parse(&registration.json).unwrap();
        assert_eq!(response.challenge(), Some(registration.challenge));
        let found = registration.register().unwrap();
        assert_eq!(found.algorithm, SignatureAlgorithm::Es256);
        assert_eq!(found.sign_count, SignCount(1));
        assert!(found.user_verified);
        let none = Backup {
            is_eligible: false,
            is_backed_up: false,
        };
        assert_eq!(found.backup, none);
        assert_eq!(
            found.aaguid,
            [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8]
        );
        assert_eq!(found.transports, [""; 0]);

        let mut assertion = recorded(asserted, second_challenge);
        let response = AssertionResponse::parse(&assertion.json).unwrap();
        assert_eq!(response.challenge(), Some(assertion.challenge));
        assert_eq!(response.id, found.id);
        assert_eq!(response.user_handle.as_ref().map(Vec::len), Some(16));
        let signed = assertion.assert(&found.key, none).unwrap();
        assert_eq!(signed.sign_count, SignCount(2));
        assert_eq!(signed.user_verified, verified);

        assertion.user_verification = true;
        let fault = assertion.assert(&found.key, none).err();
        assert_eq!(fault.is_none(), verified);
        for changed in [
            "http://localhost",
            "http://localhost:3001",
            "https://localhost:3000",
        ] {
            let other = Answer {
                origin: changed,
                ..assertion.clone()
            };
            let fault = other.assert(&found.key, none).unwrap_err();
            assert_eq!(fault.0, "the origin is none of the domain's");
        }
    }
}

/// An answer of `passkey`.
fn of_passkey(json: &str, challenge: &str) -> Answer {
    Answer {
        rp_id: "example.org",
        origin: "https://login.example.org",
        user_verification: true,
        ..recorded(json, challenge)
    }
}

#[test]
fn what_passkey_answers_is_verified() {
    let (registered, asserted) = (
        include_str!("passkey_registered.json"),
        include_str!("passkey_asserted.json"),
    );
    let registration = of_passkey(
        registered,
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    );
    let found = registration.register().unwrap();
    assert_eq!(found.algorithm, SignatureAlgorithm::Es256);
    assert_eq!(found.sign_count, SignCount(0));
    assert_eq!(found.aaguid, [0; 16]);
    assert_eq!(found.transports, ["internal", "hybrid"]);
    let synced = Backup {
        is_eligible: true,
        is_backed_up: true,
    };
    assert_eq!(found.backup, synced);

    let assertion = of_passkey(
        asserted,
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffef",
    );
    let signed = assertion.assert(&found.key, synced).unwrap();
    assert_eq!((signed.sign_count, signed.backup), (SignCount(1), synced));
    let response = AssertionResponse::parse(&assertion.json).unwrap();
    assert_eq!(response.user_handle.unwrap(), (0..16).collect::<Vec<u8>>());
}
