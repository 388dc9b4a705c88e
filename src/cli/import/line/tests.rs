use std::collections::BTreeSet;

use super::fields::FIELDS;
use super::*;
use crate::domain::{
    Address as _, EmailAddress, PersonName, PhoneNumber, RecoveryCodeHash, Timestamp, UserState,
};

const HASH: &str = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";

#[test]
fn field_names_may_be_in_camel_case_or_snake_case() {
    for line in [
        format!(
            r#"{{"userId":"1","loginName":"a","displayName":"A","passwordHash":"{HASH}","givenName":"Ada","familyName":"King","nickName":"a","preferredLanguage":"en","gender":"female","email":"a@x.org","emailVerified":true,"phone":"+49 30 12345","phoneVerified":false,"state":"locked","createdAt":"2024-02-29T01:00:00.0019+01:00"}}"#
        ),
        format!(
            r#" {{"password_hash":"{HASH}","display_name":"A","login_name":"a","user_id":"1","given_name":"Ada","family_name":"King","nick_name":"a","preferred_language":"en","gender":"female","email":"a@x.org","email_verified":true,"phone":"+493012345","phone_verified":false,"state":"locked","created_at":"2024-02-29T00:00:00.001Z"}} "#
        ),
    ] {
        let user = parse(line.as_bytes(), None).unwrap().user;

        assert_eq!(user.user_id.as_str(), "1", "{line}");
        assert_eq!(user.login_name.as_str(), "a", "{line}");
        let person = |name: &str| PersonName::parse("", name).unwrap().map(Change::To);
        let fields = user.fields;
        assert_eq!(
            fields.display_name,
            Some(Change::To(DisplayName::from_stored("A".into())))
        );
        assert_eq!(fields.given_name, person("Ada"));
        assert_eq!(fields.family_name, person("King"));
        assert_eq!(fields.nick_name, person("a"));
        assert_eq!(
            fields.language,
            Some(Change::To(Language::parse("en").unwrap()))
        );
        assert_eq!(fields.gender, Some(Change::To(Gender::Female)));
        assert_eq!(
            fields.email,
            Some(Change::To(EmailAddress::parse("a@x.org").unwrap()))
        );
        assert_eq!(
            fields.phone,
            Some(Change::To(PhoneNumber::parse("+493012345").unwrap()))
        );
        assert_eq!(
            [fields.email_verified, fields.phone_verified],
            [Some(true), Some(false)]
        );
        assert_eq!(fields.state, Some(UserState::Locked));
        assert_eq!(
            fields.created_at,
            Some(Timestamp::from_millis(1_709_164_800_001))
        );
        assert_eq!(fields.password_hash.unwrap().as_str(), HASH, "{line}");
    }
}

#[test]
fn what_a_line_leaves_out_is_none() {
    let required = r#""userId":"1","loginName":"a","emailVerified":false"#;
    let optional = FIELDS.iter().filter(|name| !required.contains(*name));
    let with = |value: &str| {
        let members = optional.clone().map(|name| format!(r#","{name}":{value}"#));
        members.collect::<Vec<_>>().concat()
    };
    for rest in [
        "",
        &with("null"),
        &with(r#""""#)
            .replace(r#"Verified":"""#, r#"Verified":null"#)
            .replace(r#"otpEmail":"""#, r#"otpEmail":null"#)
            .replace(r#"otpSms":"""#, r#"otpSms":null"#)
            .replace(r#"recoveryCodeHashes":"""#, r#"recoveryCodeHashes":[]"#)
            .replace(r#"credentials":"""#, r#"credentials":[]"#),
    ] {
        let line = format!("{{{required}{rest}}}");

        let user = parse(line.as_bytes(), None).unwrap().user;

        assert_eq!(user.fields, UserFields::default(), "{line}");
        assert_eq!(user.factors, GivenFactors::default(), "{line}");
    }
}

#[test]
fn an_invalid_line_is_refused_with_its_reason_and_without_its_values() {
    const TABLE: &str = r#"
        {"userId":"1","loginName": => the line is not JSON (column 26)
        V3ryS3cure! => the line is not JSON (column 1)
        {} {} => the line is not JSON (column 4)
        "V3ryS3cure!" => the line is not a JSON object
        [] => the line is not a JSON object
        null => the line is not a JSON object
        {} => loginName is missing
        {"loginName":"a"} => userId is missing
        {"userId":"1","loginName":null} => loginName is missing
        {"userId":1,"loginName":"a"} => userId is not a string
        {"userId":"1","user_id":"1","loginName":"a"} => userId is there twice
        {"userId":"1","userId":"V3ryS3cure!","loginName":"a"} => a field is there twice
        {"userId":"1","loginName":"a","password":"V3ryS3cure!"} => plaintext passwords are not accepted: passwordHash takes a hash
        {"userId":"1","loginName":"a","e\u001bmail":"V3ryS3cure!"} => e\u{1b}mail is no field of a user
        {"userId":"1","loginName":"a","passwordHash":"V3ryS3cure!"} => passwordHash can't be used: the string is not a PHC or modular crypt string
        {"userId":"1","loginName":"a","passwordHash":"$7$V3ryS3cure!$x"} => passwordHash can't be used: it looks like crypt's own scrypt, which is not supported
        {"userId":"","loginName":"a"} => invalid user_id: must be 1 to 200 characters long
        {"userId":"1","loginName":"a","email":"V3ryS3cure!"} => email can't be used: it is malformed
        {"userId":"1","loginName":"a","phone":"V3ryS3cure!"} => phone can't be used: it is malformed
        {"userId":"1","loginName":"a","emailVerified":true} => email is missing
        {"userId":"1","loginName":"a","phone_verified":true} => phone is missing
        {"userId":"1","loginName":"a","emailVerified":"true"} => emailVerified is neither true nor false
        {"userId":"1","loginName":"a","email":true} => email is not a string
        {"userId":"1","loginName":"a","state":"V3ryS3cure!"} => state is not active, inactive or locked
        {"userId":"1","loginName":"a","state":"unknown"} => state is not active, inactive or locked
        {"userId":"1","loginName":"a","gender":"V3ryS3cure!"} => gender is not female, male or diverse
        {"userId":"1","loginName":"a","createdAt":"V3ryS3cure!"} => createdAt is not a time such as 2026-01-31T23:59:59Z
        {"userId":"1","loginName":"a","createdAt":7} => createdAt is not a string
        {"userId":"1","loginName":"a","nickName":"a\nb"} => invalid nickName: must not have control characters or line ends
        {"userId":"1","loginName":"a","preferredLanguage":"V3ryS3cure!"} => invalid preferred_language: is not a language tag of at most 10 characters, such as de or pt-BR
        {"userId":"1","loginName":"a","totpSecret":"V3ryS3cure!"} => invalid totp_secret: must be 16 to 64 bytes in base32
        {"userId":"1","loginName":"a","totpSecret":["V3ryS3cure!"]} => totpSecret is not a string
        {"userId":"1","loginName":"a","recoveryCodeHashes":"V3ryS3cure!"} => recoveryCodeHashes is not a list of strings
        {"userId":"1","loginName":"a","recoveryCodeHashes":[7]} => recoveryCodeHashes is not a list of strings
        {"userId":"1","loginName":"a","recoveryCodeHashes":["V3ryS3cure!"]} => recoveryCodeHashes is not a list of up to 10 hashes of 32 bytes in base64
        {"userId":"1","loginName":"a","recovery_code_hashes":["AQID"]} => recoveryCodeHashes is not a list of up to 10 hashes of 32 bytes in base64
        {"userId":"1","loginName":"a","recoveryCodeHashes":[ELEVEN]} => recoveryCodeHashes is not a list of up to 10 hashes of 32 bytes in base64
        {"userId":"1","loginName":"a","otpEmail":"true"} => otpEmail is neither true nor false
        {"userId":"1","loginName":"a","otp_sms":1} => otpSms is neither true nor false
        {"userId":"1","loginName":"LONG"} => invalid login_name: must be 1 to 200 characters long
    "#;
    for row in TABLE.trim().lines() {
        let (line, want) = row.trim().split_once(" => ").unwrap();
        let eleven: Vec<_> = (0..11).map(|n| format!(r#""{}""#, hash(n))).collect();
        let line = line.replace("LONG", &"a".repeat(201));
        let line = line.replace("ELEVEN", &eleven.join(","));
        let reason = parse(line.as_bytes(), None).unwrap_err().to_string();

        assert_eq!(reason, want, "{line}");
        assert!(!reason.contains("V3ryS3cure!"), "{line}");
    }
}

/// The hash of 32 times a byte in base64.
fn hash(byte: u8) -> String {
    use base64ct::{Base64, Encoding as _};
    Base64::encode_string(&[byte; 32])
}

#[test]
fn second_factors_are_read_in_either_spelling() {
    let [one, two] = [1, 2].map(hash);
    for line in [
        format!(
            r#"{{"userId":"1","loginName":"a","totpSecret":"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP","recoveryCodeHashes":["{one}","{two}"],"otpEmail":true,"otpSms":false}}"#
        ),
        format!(
            r#"{{"user_id":"1","login_name":"a","totp_secret":"jbswy3dpehpk3pxpjbswy3dpehpk3pxp","recovery_code_hashes":["{two}","{one}","{two}"],"otp_email":true,"otp_sms":false}}"#
        ),
    ] {
        let factors = parse(line.as_bytes(), None).unwrap().user.factors;

        let secret = *b"Hello!\xde\xad\xbe\xefHello!\xde\xad\xbe\xef";
        assert_eq!(factors.totp.unwrap().as_bytes(), secret, "{line}");
        let hashes = [1, 2].map(|byte| RecoveryCodeHash::new([byte; 32]));
        assert_eq!(factors.recovery_codes, Some(BTreeSet::from(hashes)));
        assert_eq!(
            (factors.otp_email, factors.otp_sms),
            (Some(true), Some(false))
        );
    }
}
