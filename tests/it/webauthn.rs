//! What is verified of an authenticator's answers, with one in software.

use serde_json::{Value, json};
use sesame::domain::{
    Backup, Challenge, CoseKey, RelyingParties, RpId, SignCount, SignatureAlgorithm,
};
use sesame::webauthn::{
    Asserted, AssertionResponse, Expected, Registered, RegistrationResponse, verify_assertion,
    verify_registration,
};

use crate::support::authenticator::{
    Attestation, Authenticator, BACKED_UP, BACKUP_ELIGIBLE, Form, Spelling, USER_PRESENT,
    USER_VERIFIED,
};

const ALGORITHMS: [SignatureAlgorithm; 3] = [
    SignatureAlgorithm::Es256,
    SignatureAlgorithm::EdDsa,
    SignatureAlgorithm::Rs256,
];

const ORIGIN: &str = "https://login.acme.example";

/// The bytes of `CHALLENGE`.
const CHALLENGE_BYTES: [u8; 32] = [0xa5; 32];
const CHALLENGE: &str = "paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU";

/// What a table's row changes about an honest authenticator, the origin of the page, and the fault
/// that is found; `""` if there is none.
type Row = (fn(&mut Authenticator), &'static str, &'static str);

/// What is the same in both ceremonies.
const COMMON: [Row; 20] = [
    (|_| {}, ORIGIN, ""),
    (|_| {}, "https://acme.example", ""),
    (|a| a.cross_origin = None, ORIGIN, ""),
    (|a| a.flags |= BACKUP_ELIGIBLE | 0b10_0010, ORIGIN, ""),
    (
        |a| _ = a.more.insert("extra".into(), json!([[]])),
        ORIGIN,
        "",
    ),
    (
        |a| a.challenge = Some(vec![0xa4; 32]),
        ORIGIN,
        "the challenge is another",
    ),
    (
        |a| a.challenge = Some(vec![0xa5; 31]),
        ORIGIN,
        "the challenge is another",
    ),
    (
        |a| a.challenge = Some(Vec::new()),
        ORIGIN,
        "the challenge is another",
    ),
    (|_| {}, "https://evil.example", FOREIGN),
    (|_| {}, "https://acme.example.evil.example", FOREIGN),
    (|_| {}, "https://login.acme.example/", FOREIGN),
    (|_| {}, "http://login.acme.example", FOREIGN),
    (|_| {}, "https://other.example", FOREIGN),
    (|a| a.top_origin = Some(ORIGIN.into()), ORIGIN, FRAMED),
    (|a| a.cross_origin = Some(true), ORIGIN, FRAMED),
    (
        |a| a.rp_id = Some("other.example"),
        ORIGIN,
        "the authenticator data is for another domain",
    ),
    (|a| a.flags = USER_VERIFIED, ORIGIN, "no user was present"),
    (
        |a| a.flags = USER_PRESENT,
        ORIGIN,
        "the user was not verified",
    ),
    (
        |a| a.flags = USER_PRESENT | USER_VERIFIED | BACKED_UP,
        ORIGIN,
        "what is backed up is not eligible for it",
    ),
    (
        |a| a.kind = Some("payment.get"),
        ORIGIN,
        "the client data is of another type",
    ),
];
const FOREIGN: &str = "the origin is none of the domain's";
const FRAMED: &str = "the page is in a frame of another origin";

fn creation() -> Value {
    json!({ "publicKey": {
        "challenge": CHALLENGE,
        "rp": { "id": "acme.example", "name": "Acme" },
        "user": { "id": "AAECAwQFBgcICQoLDA0ODw", "name": "ada", "displayName": "Ada" },
    } })
}

fn request() -> Value {
    json!({ "publicKey": { "challenge": CHALLENGE, "rpId": "acme.example" } })
}

/// Verifies with what both options say, and that the user must be verified if `verified` says so.
fn expecting<T>(verified: bool, verify: impl FnOnce(&Expected) -> T) -> T {
    let ids = "acme.example,other.example";
    let origins = "https://login.acme.example,https://acme.example,https://other.example";
    let parties = RelyingParties::parse(ids, origins).unwrap().unwrap();
    verify(&Expected {
        challenge: Challenge(CHALLENGE_BYTES),
        rp_id: &RpId::stored("acme.example".into()),
        parties: &parties,
        user_verification: verified,
    })
}

fn register(answer: &Value) -> Result<Registered, &'static str> {
    let response = RegistrationResponse::parse(answer).map_err(|fault| fault.0)?;
    expecting(true, |expected| verify_registration(&response, expected)).map_err(|fault| fault.0)
}

fn assert(answer: &Value, key: &CoseKey, is_eligible: bool) -> Result<Asserted, &'static str> {
    let response = AssertionResponse::parse(answer).map_err(|fault| fault.0)?;
    let backup = Backup {
        is_eligible,
        is_backed_up: false,
    };
    expecting(true, |expected| {
        verify_assertion(&response, expected, key, backup)
    })
    .map_err(|fault| fault.0)
}

#[test]
fn an_honest_credential_of_each_kind_is_registered_and_signs() {
    for algorithm in ALGORITHMS {
        for form in [Form::ToJson, Form::ByHand] {
            for spelling in [
                Spelling::UrlSafe,
                Spelling::UrlSafePadded,
                Spelling::Standard,
                Spelling::StandardUnpadded,
            ] {
                let mut authenticator = Authenticator::new(algorithm);
                authenticator.form = form;
                authenticator.spelling = spelling;
                authenticator.aaguid = *b"model of a maker";
                let registered = register(&authenticator.register(&creation(), ORIGIN)).unwrap();
                assert_eq!(registered.id.as_bytes(), authenticator.id);
                assert_eq!(registered.algorithm, algorithm);
                assert_eq!(registered.sign_count, SignCount(0));
                assert!(registered.user_verified);
                assert!(!registered.backup.is_eligible && !registered.backup.is_backed_up);
                assert_eq!(registered.aaguid, *b"model of a maker");
                let transports: &[&str] = match form {
                    Form::ToJson => &["internal", "hybrid"],
                    Form::ByHand => &[],
                };
                assert_eq!(registered.transports, transports);

                let answer = authenticator.assert(&request(), ORIGIN);
                let asserted = assert(&answer, &registered.key, false).unwrap();
                assert_eq!(asserted.sign_count, SignCount(1));
                assert!(asserted.user_verified);
                let response = AssertionResponse::parse(&answer).unwrap();
                assert_eq!(response.user_handle.unwrap(), (0..16).collect::<Vec<u8>>());
                authenticator.handle = None;
                let answer = authenticator.assert(&request(), ORIGIN);
                let response = AssertionResponse::parse(&answer).unwrap();
                assert_eq!(response.user_handle, None);
                assert_eq!(response.challenge(), Some(Challenge(CHALLENGE_BYTES)));
            }
        }
    }
}

#[test]
fn each_fault_of_a_registration_is_found() {
    let own: [Row; 7] = [
        (|a| a.attestation = Attestation::Own, ORIGIN, ""),
        (|a| a.attestation = Attestation::Unknown, ORIGIN, ""),
        (
            |a| a.attestation = Attestation::NoneWithMembers,
            ORIGIN,
            "no attestation is not an empty map",
        ),
        (
            |a| a.attestation = Attestation::OwnForged,
            ORIGIN,
            "the signature is not the credential's",
        ),
        (
            |a| a.kind = Some("webauthn.get"),
            ORIGIN,
            "the client data is of another type",
        ),
        (|a| a.id = vec![7; 1023], ORIGIN, ""),
        (
            |a| a.id = vec![7; 1024],
            ORIGIN,
            "the id is missing, empty or too long",
        ),
    ];
    for algorithm in ALGORITHMS {
        for (at, (change, origin, fault)) in COMMON.iter().chain(&own).enumerate() {
            let mut authenticator = Authenticator::new(algorithm);
            change(&mut authenticator);
            let found = register(&authenticator.register(&creation(), origin)).err();
            assert_eq!(found.unwrap_or(""), *fault, "{algorithm:?}, row {at}");
        }
    }
}

#[test]
fn each_fault_of_an_assertion_is_found() {
    let own: [Row; 4] = [
        (
            |a| a.bad_signature = true,
            ORIGIN,
            "the signature is not the credential's",
        ),
        (
            |a| a.kind = Some("webauthn.create"),
            ORIGIN,
            "the client data is of another type",
        ),
        (|a| a.flags |= BACKUP_ELIGIBLE | BACKED_UP, ORIGIN, ""),
        (
            |a| a.flags &= !BACKUP_ELIGIBLE,
            ORIGIN,
            "the eligibility for backups has changed",
        ),
    ];
    for algorithm in ALGORITHMS {
        for (at, (change, origin, fault)) in COMMON.iter().chain(&own).enumerate() {
            let mut authenticator = Authenticator::new(algorithm);
            // Only rows about it change the flag.
            authenticator.flags |= BACKUP_ELIGIBLE;
            let registered = register(&authenticator.register(&creation(), ORIGIN)).unwrap();
            change(&mut authenticator);
            let answer = authenticator.assert(&request(), origin);
            let found = assert(&answer, &registered.key, true).err();
            assert_eq!(found.unwrap_or(""), *fault, "{algorithm:?}, row {at}");
        }
    }
}

#[test]
fn a_key_signs_for_no_other_credential() {
    for algorithm in ALGORITHMS {
        let mut authenticator = Authenticator::new(algorithm);
        authenticator.register(&creation(), ORIGIN);
        let answer = authenticator.assert(&request(), ORIGIN);
        for other in ALGORITHMS {
            if (algorithm, other) == (SignatureAlgorithm::Rs256, SignatureAlgorithm::Rs256) {
                // There is one key of RSA alone.
                continue;
            }
            let another = Authenticator::new(other).register(&creation(), ORIGIN);
            let key = register(&another).unwrap().key;
            let found = assert(&answer, &key, false);
            assert_eq!(found, Err("the signature is not the credential's"));
        }
    }
}

#[test]
fn a_user_who_was_not_verified_passes_where_that_is_not_required() {
    let mut authenticator = Authenticator::new(SignatureAlgorithm::Es256);
    authenticator.flags = USER_PRESENT;
    let answer = authenticator.register(&creation(), ORIGIN);
    let response = RegistrationResponse::parse(&answer).unwrap();
    let registered = expecting(false, |expected| verify_registration(&response, expected));
    let registered = registered.unwrap();
    assert!(!registered.user_verified);
    let response = AssertionResponse::parse(&authenticator.assert(&request(), ORIGIN)).unwrap();
    let verify = |expected: &Expected| {
        verify_assertion(&response, expected, &registered.key, registered.backup)
    };
    assert!(!expecting(false, verify).unwrap().user_verified);
}
