//! What is said of a session: to who is refused, what it lacks; to an API, how its user was proved.

use sesame::domain::MinAcr;

use super::{Gates, OPTIONAL, REQUIRED, mini};
use crate::support::app::App;

#[tokio::test]
async fn who_is_refused_is_told_what_is_missing() {
    let app = App::emulated(&[]).await;
    let (mini, session) = mini(&app).await;
    let password = &["password"][..];
    let both = &["password", "totp"][..];
    let by_default = (OPTIONAL, MinAcr::None);
    let required = (REQUIRED, MinAcr::None);
    for (kinds, proofs, required, missing) in [
        (
            &["totp"][..],
            password,
            by_default,
            Some("mfa required: check totp"),
        ),
        (
            &["otp_email", "recovery_codes"],
            password,
            by_default,
            Some("mfa required: check otpEmail or recoveryCode"),
        ),
        (
            &["totp", "otp_email", "otp_sms"],
            password,
            required,
            Some("mfa required: check totp or otpEmail or otpSms"),
        ),
        (
            &["of_a_newer_release"],
            password,
            by_default,
            Some("mfa required: check a factor of a newer release"),
        ),
        (
            &["u2f"],
            password,
            by_default,
            Some("mfa required: check webAuthN"),
        ),
        (
            &["passkey", "totp", "u2f"],
            password,
            by_default,
            Some("mfa required: check totp or webAuthN"),
        ),
        (&["passkey"], password, by_default, None),
        (
            &["passkey"],
            password,
            required,
            Some("mfa required: check webAuthN"),
        ),
        (&["passkey", "totp"], &["passkey"], required, None),
        (
            &["u2f"],
            &["u2f"],
            by_default,
            Some("mfa required: check webAuthN"),
        ),
        (
            &[],
            &["passkey"],
            (REQUIRED, MinAcr::PhishingResistant),
            None,
        ),
        (
            &[],
            &["password", "u2f"],
            (OPTIONAL, MinAcr::PhishingResistant),
            None,
        ),
        (
            &[],
            &["u2f"],
            by_default,
            Some("the password has to be checked"),
        ),
        (
            &[],
            password,
            required,
            Some("mfa required: the user has to set up a second factor"),
        ),
        (
            &["recovery_codes"],
            password,
            required,
            Some("mfa required: the user has to set up a second factor"),
        ),
        (
            &[],
            &["totp"],
            by_default,
            Some("the password has to be checked"),
        ),
        (
            &[],
            password,
            (OPTIONAL, MinAcr::SecondFactor),
            Some("acr 2fa required"),
        ),
        (&[], both, (OPTIONAL, MinAcr::SecondFactor), None),
        (&["totp"], both, (REQUIRED, MinAcr::SecondFactor), None),
        // What the user can do about it comes before what the API asks for.
        (
            &["totp"],
            password,
            (OPTIONAL, MinAcr::PhishingResistant),
            Some("mfa required: check totp"),
        ),
        (
            &["totp"],
            both,
            (OPTIONAL, MinAcr::PhishingResistant),
            Some("acr phr required"),
        ),
    ] {
        app.set_kinds(&mini, kinds).await;
        app.set_proofs(&session, proofs).await;
        let (mfa, min_acr) = required;
        let gates = Gates::new(&app, mfa, min_acr);
        let answer = gates.ask(&session.token()).await;
        let (logged, _) = gates.decide(&session.token()).await;

        let text = |missing| format!("authentication required, {missing} (AUTHZ-Kl3p0)");
        let want = missing.map_or((200, String::new()), |missing| (403, text(missing)));
        assert_eq!(answer, want, "{kinds:?} {proofs:?} {required:?}");
        let outcome = missing.map_or("allow", |_| "too_weak");
        assert_eq!(logged, outcome, "{kinds:?} {proofs:?} {required:?}");
    }
}

#[tokio::test]
async fn an_api_is_told_by_which_methods_a_user_was_proved() {
    let app = App::emulated(&[]).await;
    let (_, session) = mini(&app).await;
    let gates = Gates::new(&app, OPTIONAL, MinAcr::None);
    for (proofs, factors, amr, acr) in [
        (&["password"][..], "user,password", "pwd", "1fa"),
        (
            &["password", "totp"],
            "user,password,totp",
            "pwd otp mfa",
            "2fa",
        ),
        (
            &["password", "otpSms"],
            "user,password,otpSms",
            "pwd sms mfa",
            "2fa",
        ),
        (
            &["password", "otpEmail"],
            "user,password,otpEmail",
            "pwd otp mfa",
            "2fa",
        ),
        (
            &["password", "recoveryCode"],
            "user,password,recoveryCode",
            "pwd mfa",
            "2fa",
        ),
        (
            &["password", "totp", "otpSms", "otpEmail", "recoveryCode"],
            "user,password,totp,otpSms,otpEmail,recoveryCode",
            "pwd otp sms mfa",
            "2fa",
        ),
        (&["passkey"], "user,webAuthN", "pop user mfa", "phr"),
        (
            &["password", "u2f"],
            "user,password,webAuthN",
            "pwd pop mfa",
            "phr",
        ),
        (
            &["password", "passkey", "u2f", "totp"],
            "user,password,totp,webAuthN",
            "pwd otp pop user mfa",
            "phr",
        ),
    ] {
        app.set_proofs(&session, proofs).await;
        let (_, context) = gates.decide(&session.token()).await;

        let told = [&context["factors"], &context["amr"], &context["acr"]];
        assert_eq!(told, [factors, amr, acr], "{proofs:?}");
        for proof in ["totp", "otpSms", "otpEmail", "recoveryCode"] {
            let at = &context[format!("{proof}VerifiedAt")];
            let want = proofs
                .contains(&proof)
                .then_some("2027-01-15T08:00:00.123Z");
            assert_eq!(at.as_str(), want, "{proofs:?} {proof}");
        }
    }
}
