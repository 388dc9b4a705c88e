use proptest::prelude::*;

use super::*;

/// The secret of the vectors of RFC 6238, appendix B.
const RFC_SECRET: &[u8] = b"12345678901234567890";

fn secret() -> TotpSecret {
    TotpSecret::from_bytes(RFC_SECRET.to_vec())
}

fn seconds(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn code(text: &str) -> TotpCode {
    TotpCode::parse(text.to_owned()).unwrap()
}

/// <https://www.rfc-editor.org/rfc/rfc6238#appendix-B>. The codes there have eight digits, of which
/// these are the last six.
#[test]
fn the_vectors_of_the_rfc_are_met() {
    for (time, step, digits) in [
        (59, 0x1, "287082"),
        (1_111_111_109, 0x023_523EC, "081804"),
        (1_111_111_111, 0x023_523ED, "050471"),
        (1_234_567_890, 0x273_EF07, "005924"),
        (2_000_000_000, 0x3F9_40AA, "279037"),
        (20_000_000_000, 0x27BC_86AA, "353130"),
    ] {
        assert_eq!(*secret().code(step), digits, "{time}");
        let accepted = secret().accepted_step(&code(digits), seconds(time), None);
        assert_eq!(accepted, Some(step), "{time}");
    }
}

/// The code of step 37,037,036, which begins at 1,111,111,080.
#[test]
fn a_code_is_accepted_from_one_step_before_to_one_after() {
    for (millis, want) in [
        (1_111_111_049_999, false),
        (1_111_111_050_000, true),
        (1_111_111_080_000, true),
        (1_111_111_109_999, true),
        (1_111_111_110_000, true),
        (1_111_111_139_999, true),
        (1_111_111_140_000, false),
    ] {
        let now = Timestamp::from_millis(millis);
        let accepted = secret().accepted_step(&code("081804"), now, None);
        assert_eq!(accepted, want.then_some(37_037_036), "{millis}");
    }
}

#[test]
fn a_step_that_was_accepted_is_not_accepted_again_nor_one_before_it() {
    // The steps 37,037,036 and 37,037,037.
    let (first, second) = ("081804", "050471");
    let now = seconds(1_111_111_111);
    for (digits, last, want) in [
        (first, None, Some(37_037_036)),
        (first, Some(37_037_035), Some(37_037_036)),
        (first, Some(37_037_036), None),
        (first, Some(37_037_037), None),
        (second, Some(37_037_036), Some(37_037_037)),
        (second, Some(37_037_037), None),
        // The clock was set back.
        (second, Some(37_037_039), None),
    ] {
        let accepted = secret().accepted_step(&code(digits), now, last);
        assert_eq!(accepted, want, "{digits} {last:?}");
    }
}

/// Steps were searched that have one code with the secret of the RFC.
#[test]
fn of_two_steps_with_one_code_the_later_is_accepted() {
    for (first, second, digits) in [(910_737, 910_738, "911617"), (153_567, 153_569, "468457")] {
        let both = code(digits);
        let now = seconds((first + 1) * 30);
        let first = u64::try_from(first).unwrap();

        for (last, want) in [
            (None, Some(second)),
            (Some(first), Some(second)),
            (Some(second), None),
        ] {
            let accepted = secret().accepted_step(&both, now, last);
            assert_eq!(accepted, want, "{digits} {last:?}");
        }
    }
}

#[test]
fn there_is_no_step_before_the_first() {
    // RFC 4226, appendix D: the codes of the counters 0 and 1.
    for (millis, digits, want) in [
        (0, "755224", Some(0)),
        (0, "287082", Some(1)),
        (29_999, "359152", None),
        (-1, "755224", Some(0)),
        (-30_001, "755224", None),
        (i64::MIN, "755224", None),
        (i64::MAX, "755224", None),
    ] {
        let now = Timestamp::from_millis(millis);
        let accepted = secret().accepted_step(&code(digits), now, None);
        assert_eq!(accepted, want, "{millis} {digits}");
    }
}

#[test]
fn what_is_not_the_digits_is_wrong() {
    let registration = |text: &str| TotpCode::parse_registration(text.to_owned()).unwrap();
    let now = seconds(1_111_111_109);
    for (code, want) in [
        (code("081804"), true),
        (registration("081804"), true),
        (code("081805"), false),
        (code("81804 "), false),
        (code("08180٤"), false),
        (code("08180O"), false),
        (registration("81804"), false),
        (registration("0081804"), false),
        (registration("07081804"), false),
        (registration("0818040"), false),
        (registration(" "), false),
    ] {
        let accepted = secret().accepted_step(&code, now, None);
        assert_eq!(accepted.is_some(), want, "{:?}", *code.0);
    }
}

#[test]
fn a_check_takes_six_characters_and_a_registration_up_to_200() {
    for (text, check, registration) in [
        ("123456", true, true),
        ("🐭🐭🐭🐭🐭🐭", true, true),
        ("      ", true, true),
        ("", false, false),
        ("12345", false, true),
        ("1234567", false, true),
        ("123 456", false, true),
        (&*"1".repeat(200), false, true),
        (&*"1".repeat(201), false, false),
    ] {
        let field = |parsed: Result<TotpCode, Invalid>| parsed.err().map(|invalid| invalid.field);
        let checked = field(TotpCode::parse(text.to_owned()));
        assert_eq!(
            checked,
            (!check).then_some("checks.totp.code".into()),
            "{text}"
        );
        let registered = field(TotpCode::parse_registration(text.to_owned()));
        assert_eq!(
            registered,
            (!registration).then_some("code".into()),
            "{text}"
        );
    }
}

#[test]
fn a_secret_is_16_to_64_bytes_in_base32() {
    // "12345678901234567890" in base32.
    let rfc = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    for (text, good) in [
        (rfc.to_owned(), true),
        (rfc.to_lowercase(), true),
        ("A".repeat(26), true),
        ("A".repeat(26) + "======", true),
        ("A".repeat(103), true),
        ("A".repeat(103) + "=", true),
        ("A".repeat(24), false),
        ("A".repeat(25), false),
        ("A".repeat(26) + "=", false),
        ("A".repeat(104), false),
        ("A".repeat(10_000), false),
        (String::new(), false),
        (format!("{rfc} "), false),
        (format!("GEZD {}", &rfc[4..]), false),
        (rfc.replace('G', "1"), false),
        (rfc.replace('G', "Ä"), false),
    ] {
        let parsed = TotpSecret::from_base32(text.clone());
        let field = parsed.as_ref().err().map(|invalid| invalid.field.clone());
        assert_eq!(field, (!good).then_some("totp_secret".into()), "{text}");
    }
    let parsed = TotpSecret::from_base32(rfc.to_lowercase()).unwrap();
    assert_eq!(parsed.as_bytes(), RFC_SECRET);
    assert_eq!(parsed.base32(), rfc);
}

#[test]
fn generated_secrets_have_160_bits_and_differ() {
    let (one, other) = (
        TotpSecret::generate().unwrap(),
        TotpSecret::generate().unwrap(),
    );

    assert_eq!(one.as_bytes().len(), 20);
    assert_ne!(one.as_bytes(), other.as_bytes());
}

#[test]
fn the_uri_has_the_names_encoded() {
    for (issuer, account, label, parameter) in [
        ("Sesame", "mini", "Sesame:mini", "Sesame"),
        (
            "login.acme.example",
            "mini@mouse.com",
            "login.acme.example:mini%40mouse.com",
            "login.acme.example",
        ),
        (
            "Acme & Söhne",
            "a:b?c=d#e/f",
            "Acme%20%26%20S%C3%B6hne:a%3Ab%3Fc%3Dd%23e%2Ff",
            "Acme%20%26%20S%C3%B6hne",
        ),
    ] {
        let want = format!(
            "otpauth://totp/{label}?algorithm=SHA1&digits=6&issuer={parameter}&period=30\
             &secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        );
        assert_eq!(secret().uri(issuer, account), want);
    }
}

#[test]
fn debug_output_hides_secrets_and_codes() {
    let shown = format!("{:?} {:?}", secret(), code("081804"));
    assert_eq!(shown, "TotpSecret(…) TotpCode(…)");
}

proptest! {
    /// Another implementation makes the same codes of the same secrets.
    #[test]
    fn the_codes_are_those_of_totp_rs(
        bytes in prop::collection::vec(any::<u8>(), 16..=64),
        time in 0..20_000_000_000_u64,
    ) {
        let peer = totp_rs::Builder::new()
            .with_algorithm(totp_rs::Algorithm::SHA1)
            .with_digits(6)
            .with_step_duration(30)
            .with_skew(1)
            .with_secret(bytes.clone())
            .build()
            .unwrap();
        let secret = TotpSecret::from_bytes(bytes);
        let now = seconds(i64::try_from(time).unwrap());
        let current = time / 30;
        for step in current.saturating_sub(2)..=current + 2 {
            let digits = peer.generate(step * 30).to_string();
            prop_assert_eq!(&*secret.code(step), &digits);
            let accepted = secret.accepted_step(&code(&digits), now, None);
            prop_assert_eq!(accepted.is_some(), peer.check(&digits, time).is_some());
        }
        prop_assert_eq!(secret.base32(), peer.secret().to_base32());
    }
}
