//! Which sessions are strong enough for whom, at the authorizer and at the layer.

use std::convert::Infallible;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response};
use serde_json::{Value, json};
use sesame::domain::{MfaPolicy, MinAcr, RequiredStrength, Timestamp};
use sesame::log::Log;
use sesame::transport::lambda::authorizer::{Authorizer, AuthorizerAnswer};
use sesame::transport::tower::SessionLayer;
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::support::answer::Answer;
use crate::support::app::{App, NOW, PASSWORD, event};
use crate::support::strength::sets;

fn now() -> Timestamp {
    NOW
}

/// The outcome of a decision in the authorizer's log, and the context that it passed on.
async fn authorizer(app: &App, required: RequiredStrength, token: &str) -> (String, Value) {
    let (store, faults) = app.another_store();
    let (log, lines) = Log::memory(Some("sesame-authorizer".to_owned()));
    let authorizer = Authorizer::new(store, AuthorizerAnswer::Simple, required, log);
    let text = event("authorizer/request-2.0.json").replace("SESSION_TOKEN", token);
    let answer = authorizer.authorize(text.as_bytes(), "request-1", None, NOW);
    let answer = answer.await.unwrap();

    // However much the user has.
    assert_eq!(faults.actions(), ["BatchGetItem"]);
    let line: Value = serde_json::from_str(&lines.lock().unwrap()[0]).unwrap();
    let outcome = line["outcome"].as_str().unwrap().to_owned();
    assert_eq!(answer["isAuthorized"], json!(outcome == "allow"));
    assert_eq!(line["level"], "info");
    (outcome, answer["context"].clone())
}

/// The status and the text of the layer's answer.
async fn layer(app: &App, layer: SessionLayer, token: &str) -> (u16, String) {
    let inner = service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(Bytes::from_static(b"{}")))
    });
    let request = Request::builder().header(AUTHORIZATION, format!("Bearer {token}"));
    app.faults.clear();
    let response = layer.layer(inner).oneshot(request.body(()).unwrap());
    let response = response.await.unwrap();
    assert_eq!(app.faults.actions(), ["BatchGetItem"]);
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    let message = body["message"].as_str().unwrap_or_default();
    (response.status().as_u16(), message.to_owned())
}

/// A user with a session.
async fn mini(app: &App) -> (sesame::domain::User, Answer) {
    let mini = app.user("mini").await;
    let session = app.client().log_in(&mini, PASSWORD).await;
    (mini, session)
}

/// What a user has, as far as a decision depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Has {
    Password,
    SecondFactor,
}

/// What was proved in a session, as far as a decision depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proved {
    Nothing,
    Password,
    SecondFactors,
    Both,
}

const OPTIONAL: MfaPolicy = MfaPolicy::Optional;
const REQUIRED: MfaPolicy = MfaPolicy::Required;

/// Which sessions stand for their users.
const TABLE: [(Has, Proved, MfaPolicy, &str, u16); 16] = [
    (
        Has::Password,
        Proved::Nothing,
        OPTIONAL,
        "no_proof_of_user",
        401,
    ),
    (
        Has::Password,
        Proved::Nothing,
        REQUIRED,
        "no_proof_of_user",
        401,
    ),
    (Has::Password, Proved::Password, OPTIONAL, "allow", 200),
    (Has::Password, Proved::Password, REQUIRED, "too_weak", 403),
    (
        Has::Password,
        Proved::SecondFactors,
        OPTIONAL,
        "too_weak",
        403,
    ),
    (
        Has::Password,
        Proved::SecondFactors,
        REQUIRED,
        "too_weak",
        403,
    ),
    (Has::Password, Proved::Both, OPTIONAL, "allow", 200),
    (Has::Password, Proved::Both, REQUIRED, "allow", 200),
    (
        Has::SecondFactor,
        Proved::Nothing,
        OPTIONAL,
        "no_proof_of_user",
        401,
    ),
    (
        Has::SecondFactor,
        Proved::Nothing,
        REQUIRED,
        "no_proof_of_user",
        401,
    ),
    (
        Has::SecondFactor,
        Proved::Password,
        OPTIONAL,
        "too_weak",
        403,
    ),
    (
        Has::SecondFactor,
        Proved::Password,
        REQUIRED,
        "too_weak",
        403,
    ),
    (
        Has::SecondFactor,
        Proved::SecondFactors,
        OPTIONAL,
        "too_weak",
        403,
    ),
    (
        Has::SecondFactor,
        Proved::SecondFactors,
        REQUIRED,
        "too_weak",
        403,
    ),
    (Has::SecondFactor, Proved::Both, OPTIONAL, "allow", 200),
    (Has::SecondFactor, Proved::Both, REQUIRED, "allow", 200),
];

/// The kinds of factors that users have, and what they come to. Recovery codes demand nothing, and
/// what a newer release has registered may demand something.
const USERS: [(&[&str], Has); 18] = [
    (&[], Has::Password),
    (&["recovery_codes"], Has::Password),
    (&["totp"], Has::SecondFactor),
    (&["otp_email"], Has::SecondFactor),
    (&["otp_sms"], Has::SecondFactor),
    (&["totp", "otp_email"], Has::SecondFactor),
    (&["totp", "otp_sms"], Has::SecondFactor),
    (&["otp_email", "otp_sms"], Has::SecondFactor),
    (&["totp", "otp_email", "otp_sms"], Has::SecondFactor),
    (&["totp", "recovery_codes"], Has::SecondFactor),
    (&["otp_email", "recovery_codes"], Has::SecondFactor),
    (&["otp_sms", "recovery_codes"], Has::SecondFactor),
    (&["totp", "otp_email", "recovery_codes"], Has::SecondFactor),
    (&["totp", "otp_sms", "recovery_codes"], Has::SecondFactor),
    (
        &["otp_email", "otp_sms", "recovery_codes"],
        Has::SecondFactor,
    ),
    (
        &["totp", "otp_email", "otp_sms", "recovery_codes"],
        Has::SecondFactor,
    ),
    (&["u2f"], Has::SecondFactor),
    (&["recovery_codes", "u2f"], Has::SecondFactor),
];

#[tokio::test]
async fn a_session_stands_for_its_user_as_the_factors_of_both_say() {
    let app = App::emulated(&[]).await;
    let (mini, session) = mini(&app).await;
    let token = session.token();
    let second = sets(&["totp", "otpSms", "otpEmail", "recoveryCode"]);

    for (kinds, has) in USERS {
        app.set_kinds(&mini, kinds).await;
        for (second, password) in second.iter().flat_map(|set| [(set, false), (set, true)]) {
            let proved = match (password, second.is_empty()) {
                (false, true) => Proved::Nothing,
                (true, true) => Proved::Password,
                (false, false) => Proved::SecondFactors,
                (true, false) => Proved::Both,
            };
            let proofs = [&second[..], if password { &["password"] } else { &[] }].concat();
            app.set_proofs(&session, &proofs).await;
            let rows = TABLE.iter();
            let rows = rows.filter(|row| (row.0, row.1) == (has, proved));
            for (.., mfa, outcome, status) in rows {
                let required = RequiredStrength {
                    mfa: *mfa,
                    ..RequiredStrength::default()
                };
                let (logged, context) = authorizer(&app, required, &token).await;
                let of_layer = SessionLayer::new(app.faulty.clone(), now).mfa(*mfa);
                let (answered, message) = layer(&app, of_layer, &token).await;

                let what = format!("{kinds:?} {proofs:?} {mfa:?}");
                assert_eq!((&*logged, answered), (*outcome, *status), "{what}");
                assert_eq!(context.is_object(), *outcome == "allow", "{what}");
                let has_id = message.ends_with(" (AUTHZ-Kl3p0)");
                assert_eq!(has_id, *status == 403, "{what}: {message}");
            }
        }
    }
}

#[tokio::test]
async fn who_is_refused_is_told_what_is_missing() {
    let app = App::emulated(&[]).await;
    let (mini, session) = mini(&app).await;
    let password = &["password"][..];
    let both = &["password", "totp"][..];
    let at_least = |mfa, min_acr| RequiredStrength { mfa, min_acr };
    let by_default = at_least(OPTIONAL, MinAcr::None);
    let required = at_least(REQUIRED, MinAcr::None);
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
            &["u2f"],
            password,
            by_default,
            Some("mfa required: check a factor of a newer release"),
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
            at_least(OPTIONAL, MinAcr::SecondFactor),
            Some("acr 2fa required"),
        ),
        (&[], both, at_least(OPTIONAL, MinAcr::SecondFactor), None),
        (
            &["totp"],
            both,
            at_least(REQUIRED, MinAcr::SecondFactor),
            None,
        ),
        // What the user can do about it comes before what the API asks for.
        (
            &["totp"],
            password,
            at_least(OPTIONAL, MinAcr::PhishingResistant),
            Some("mfa required: check totp"),
        ),
        (
            &["totp"],
            both,
            at_least(OPTIONAL, MinAcr::PhishingResistant),
            Some("acr phr required"),
        ),
    ] {
        app.set_kinds(&mini, kinds).await;
        app.set_proofs(&session, proofs).await;
        let of_layer = SessionLayer::new(app.faulty.clone(), now);
        let of_layer = of_layer.mfa(required.mfa).min_acr(required.min_acr);
        let answer = layer(&app, of_layer, &session.token()).await;
        let (logged, _) = authorizer(&app, required, &session.token()).await;

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
    ] {
        app.set_proofs(&session, proofs).await;
        let required = RequiredStrength::default();
        let (_, context) = authorizer(&app, required, &session.token()).await;

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
