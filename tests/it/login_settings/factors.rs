//! What login pages are told of passkeys and second factors.

use serde_json::{Value, json};
use sesame::domain::Operation;

use super::ask;
use crate::support::app::App;

/// What passkeys and security keys are bound to, and the page that uses them.
const RELYING_PARTY: ((&str, &str), (&str, &str)) = (
    ("RP_IDS", "acme.example"),
    ("RP_ORIGINS", "https://login.acme.example"),
);

/// Whether all users need one says nothing of which there are.
#[tokio::test]
async fn the_second_factors_that_can_be_set_up_are_offered() {
    const TOTP: &str = "SECOND_FACTOR_TYPE_OTP";
    const OTP_EMAIL: &str = "SECOND_FACTOR_TYPE_OTP_EMAIL";
    const OTP_SMS: &str = "SECOND_FACTOR_TYPE_OTP_SMS";
    const U2F: &str = "SECOND_FACTOR_TYPE_U2F";
    let (ids, origins) = RELYING_PARTY;
    let key = ("SERVER_KEY", "a server key of at least 32 characters");
    for (settings, offered, forced) in [
        (&[key][..], Some(&[TOTP, OTP_EMAIL, OTP_SMS][..]), None),
        (
            &[key, ("SECOND_FACTORS", "otp_sms,otp_email,totp")],
            Some(&[TOTP, OTP_EMAIL, OTP_SMS]),
            None,
        ),
        (
            &[key, ("SECOND_FACTORS", "otp_sms,totp"), ("MFA", "optional")],
            Some(&[TOTP, OTP_SMS]),
            None,
        ),
        (
            &[key, ("SECOND_FACTORS", "otp_email")],
            Some(&[OTP_EMAIL]),
            None,
        ),
        (
            &[key, ("SECOND_FACTORS", "none"), ("MFA", "required")],
            None,
            Some(true),
        ),
        // Codes can't be set up without a server key, and security keys without a domain.
        (
            &[("SECOND_FACTORS", "totp"), ("MFA", "required")],
            None,
            Some(true),
        ),
        (&[ids, origins], Some(&[U2F]), None),
        (
            &[key, ids, origins],
            Some(&[TOTP, OTP_EMAIL, OTP_SMS, U2F]),
            None,
        ),
        (
            &[key, ids, origins, ("SECOND_FACTORS", "u2f,totp")],
            Some(&[TOTP, U2F]),
            None,
        ),
        (
            &[key, ids, origins, ("SECOND_FACTORS", "totp")],
            Some(&[TOTP]),
            None,
        ),
        (
            &[
                ids,
                origins,
                ("SECOND_FACTORS", "none"),
                ("MFA", "required"),
            ],
            None,
            Some(true),
        ),
        (&[key, ("SECOND_FACTORS", "u2f")], None, None),
    ] {
        let app = App::with(settings).await;
        let client = app.service(&[]).await;
        let answer = ask(client, Operation::GetLoginSettings, &json!({})).await;
        let told = &answer.unwrap()["settings"];
        let want = offered.map_or(Value::Null, |offered| json!(offered));
        assert_eq!(told["secondFactors"], want, "{settings:?}");
        assert_eq!(told["forceMfa"].as_bool(), forced, "{settings:?}");
    }
}

/// Which second factors there are makes no difference to what takes the place of a password.
#[tokio::test]
async fn passkeys_are_offered_where_there_is_a_domain_for_them() {
    let key = ("SERVER_KEY", "a server key of at least 32 characters");
    let (ids, origins) = RELYING_PARTY;
    for (settings, offered) in [
        (&[][..], false),
        (&[key, ("SECOND_FACTORS", "u2f")], false),
        (&[ids, origins], true),
        (&[key, ids, origins], true),
        (&[ids, origins, ("SECOND_FACTORS", "none")], true),
    ] {
        let app = App::with(settings).await;
        let client = app.service(&[]).await;
        let answer = ask(client, Operation::GetLoginSettings, &json!({})).await;
        let told = &answer.unwrap()["settings"];
        let (passkeys, factors) = if offered {
            let verifying = "MULTI_FACTOR_TYPE_U2F_WITH_VERIFICATION";
            (json!("PASSKEYS_TYPE_ALLOWED"), json!([verifying]))
        } else {
            (Value::Null, Value::Null)
        };
        assert_eq!(told["passkeysType"], passkeys, "{settings:?}");
        assert_eq!(told["multiFactors"], factors, "{settings:?}");
    }
}
