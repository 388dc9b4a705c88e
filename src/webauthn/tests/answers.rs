//! The JSON of answers, and the statements of registrations.

use serde_json::{Value, json};

use super::level_3::Vector;
use super::{credential, hex};
use crate::webauthn::{AssertionResponse, RegistrationResponse, verify_nothing};

/// What is found of an assertion.
fn fault(json: &Value) -> &'static str {
    AssertionResponse::parse(json).map_or_else(|fault| fault.0, |_| "")
}

fn honest() -> Value {
    json!({
        "id": "-_8",
        "rawId": "-_8",
        "type": "public-key",
        "response": { "clientDataJSON": "AA", "authenticatorData": "AA", "signature": "AA" },
    })
}

#[test]
fn credentials_have_what_they_need_in_either_form() {
    const ID: &str = "the id is missing, empty or too long";
    const SAME: &str = "id and rawId are not the same";
    const TYPE: &str = "the credential's type is not public-key";
    const LACKS: &str = "the response lacks a member";
    const TEXT: &str = "a member is no text";
    const BASE64: &str = "a member is not base64";

    let long = "A".repeat(70_000);
    for (path, value, want) in [
        ("/id", json!("-_8"), ""),
        ("/id", json!("-_8="), ""),
        ("/id", json!("+/8="), ""),
        ("/id", json!("+/8"), ""),
        ("/id", Value::Null, ""),
        ("/id", json!("-_9_"), SAME),
        ("/id", json!("AAAA"), SAME),
        ("/rawId", Value::Null, ""),
        ("/rawId", json!("AAAA"), SAME),
        ("/id", json!(1), TEXT),
        ("/id", json!("-/8"), BASE64),
        ("/id", json!("-_8 "), BASE64),
        ("/id", json!("-_8=="), BASE64),
        ("/id", json!("ä"), BASE64),
        ("/type", json!("Public-Key"), TYPE),
        ("/type", Value::Null, TYPE),
        ("/response", Value::Null, "the credential has no response"),
        ("/response", json!([]), "the credential has no response"),
        ("/response/clientDataJSON", Value::Null, LACKS),
        ("/response/clientDataJSON", json!(""), LACKS),
        ("/response/clientDataJSON", json!({}), TEXT),
        ("/response/clientDataJSON", json!("!"), BASE64),
        (
            "/response/clientDataJSON",
            json!(long),
            "the credential is too long",
        ),
        ("/response/authenticatorData", Value::Null, LACKS),
        ("/response/signature", Value::Null, LACKS),
        ("/response/signature", json!(["AA"]), TEXT),
    ] {
        let mut credential = honest();
        *credential.pointer_mut(path).unwrap() = value;
        assert_eq!(fault(&credential), want, "{path}: {credential:.200}");
    }
    let mut none = honest();
    none["id"] = Value::Null;
    none["rawId"] = Value::Null;
    assert_eq!(fault(&none), ID);
    for (count, want) in [(1023, ""), (1024, ID)] {
        let response = [
            ("clientDataJSON", &[0][..]),
            ("authenticatorData", &[0]),
            ("signature", &[0]),
        ];
        assert_eq!(fault(&credential(&vec![7; count], &response)), want);
    }
    for other in [Value::Null, json!("text"), json!([]), json!({})] {
        assert_ne!(fault(&other), "", "{other}");
    }
}

#[test]
fn all_texts_together_have_at_most_64_ki_characters() {
    let mut credential = honest();
    // Beside these, both ids and two members have 10.
    for (length, want) in [(65_526, ""), (65_528, "the credential is too long")] {
        credential["response"]["signature"] = "A".repeat(length).into();
        assert_eq!(fault(&credential), want);
    }
}

#[test]
fn an_empty_handle_is_none() {
    for (handle, want) in [
        (Value::Null, None),
        (json!(""), None),
        (json!("-_8"), Some(vec![0xfb, 0xff])),
        (json!("+/8="), Some(vec![0xfb, 0xff])),
    ] {
        let mut credential = honest();
        credential["response"]["userHandle"] = handle;
        let response = AssertionResponse::parse(&credential).unwrap();
        assert_eq!(response.user_handle, want);
    }
    assert_eq!(
        AssertionResponse::parse(&honest()).unwrap().user_handle,
        None
    );
}

#[test]
fn transports_are_ten_short_words_at_most() {
    let long = "x".repeat(32);
    let longer = "x".repeat(33);
    for (listed, want) in [
        (Value::Null, vec![]),
        (json!("usb"), vec![]),
        (json!(["usb", "nfc"]), vec!["usb", "nfc"]),
        (
            json!(["", 1, null, "a b", "ä", "\n", longer, "usb"]),
            vec!["usb"],
        ),
        (json!([long]), vec![&*long]),
        (json!(vec!["usb"; 11]), vec!["usb"; 10]),
    ] {
        let response = [("clientDataJSON", &[0][..]), ("attestationObject", &[0])];
        let mut credential = credential(&[7], &response);
        credential["response"]["transports"] = listed.clone();
        let response = RegistrationResponse::parse(&credential).unwrap();
        assert_eq!(response.transports, want, "{listed}");
    }
}

#[test]
fn statements_are_empty_by_the_key_itself_or_ignored() {
    const MALFORMED: &str = "the attestation object is malformed";

    let vector = Vector::named("packed-self-es256");
    let object = vector.registration.json["response"]["attestationObject"]
        .as_str()
        .unwrap();
    let mut bytes = Vec::new();
    crate::base64::decode_either(object, &mut bytes).unwrap();
    let text = bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    // 667061636b6564 is packed, 63616c6726 is alg: -7, 63736967 is sig, 63783563 is x5c.
    let (statement, _) = text.split_once("68617574684461746158a4").unwrap();
    let statement = statement.split_once("6761747453746d74").unwrap().1;
    for (old, new, want) in [
        ("", "", ""),
        (
            "667061636b6564",
            "646e6f6e65",
            "no attestation is not an empty map",
        ),
        ("667061636b6564", "6370616b", ""),
        (statement, "a0", MALFORMED),
        (statement, "a163616c6726", MALFORMED),
        (statement, "a16373696740", MALFORMED),
        (statement, "a263616c672663736967f5", MALFORMED),
        (
            statement,
            "a263616c67266373696740",
            "the signature is not the credential's",
        ),
        (
            "63616c6726",
            "63616c6727",
            "the attestation's algorithm is not the key's",
        ),
        (
            "63616c6726",
            "63616c67390100",
            "the attestation's algorithm is not the key's",
        ),
        (statement, "a16378356380", ""),
        // By a certificate, of whatever content.
        (statement, "a363616c67266373696740637835638141aa", ""),
        (statement, "80", MALFORMED),
    ] {
        let mut registration = vector.registration.clone();
        let changed = super::base64(&hex(&text.replacen(old, new, 1)));
        registration.json["response"]["attestationObject"] = changed.into();
        let found = registration.register().map_or_else(|fault| fault.0, |_| "");
        assert_eq!(found, want, "{new}");
    }
}

#[test]
fn work_for_nothing_takes_whatever_comes() {
    let mut credential = honest();
    for signature in [
        "AA",
        "MEUCIQDu6mJpX1ZidLuYLPih_1f30VfCjeDr2WQn-ku9yUM9FwIgQKzg9cSi7hyLAP0m5w9TJghsoQqoAlsKhkANvRJxgGI",
    ] {
        credential["response"]["signature"] = signature.into();
        verify_nothing(&AssertionResponse::parse(&credential).unwrap());
    }
}
