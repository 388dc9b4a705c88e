//! What a newer release stores of second factors, and of sessions in which they were proved.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use sesame::domain::{FactorKind, Operation, OtpMethod, Permission, Timestamp, User, UserRef};

use super::newer::{assert_has, attributes};
use super::{Place, text};
use crate::second_factors::totp_codes::code_of;
use crate::support::app::{App, NOW, PASSWORD};
use crate::support::second::{RECOVERY_CODES, SECOND, SECONDS_30, login, totp, totp_secret};

/// A kind of factor that this release doesn't know.
const UNKNOWN: &str = "voice";

/// A user with all factors, to whose items a newer release has added something.
async fn added_to(app: &App) -> (User, [Place; 3]) {
    let mini = app.user_with("mini", &FactorKind::ALL).await;
    let user = UserRef::from(&mini.user_id);
    let places = [
        Place::in_users(app, &format!("FACTORS#{user}")),
        Place::pointer(app, &mini.user_id),
        Place::in_users(app, &format!("PROFILE#{user}")),
    ];
    for place in &places {
        place.change(app, |item| item.extend(attributes())).await;
    }
    let add = |item: &mut super::Item| {
        let Some(AttributeValue::Ss(kinds)) = item.get_mut("factors") else {
            panic!("{item:?}")
        };
        kinds.push(UNKNOWN.to_owned());
    };
    places[1].change(app, add).await;
    (mini, places)
}

fn steps(count: u32) -> Timestamp {
    NOW.plus(SECONDS_30 * count)
}

/// Each kind of write to the item of second factors.
#[tokio::test]
async fn no_write_drops_what_a_newer_release_stored_with_second_factors() {
    let app = App::emulated(&SECOND).await;
    let (mini, places) = added_to(&app).await;
    let id = &mini.user_id;
    let admin = app.service(&Permission::ALL).await;
    let secret = totp_secret(id).base32();
    let challenge = json!({ "otpEmail": {} });
    let sent = {
        let mut message = login(&mini, json!({}));
        message["challenges"] = challenge;
        app.client()
            .ask(Operation::CreateSession, message)
            .await
            .unwrap()
    };
    let mut pending = String::new();
    let check = |checks: Value| (Operation::CreateSession, login(&mini, checks));
    let of_user = |rpc: Operation, more: Value| {
        let mut message = more;
        message["userId"] = id.as_str().into();
        (rpc, message)
    };
    let none = json!({});
    let recovery = |n: usize| check(json!({ "recoveryCode": { "code": RECOVERY_CODES[n] } }));
    let new_phone = json!({ "phone": "+41790000000", "isVerified": true });
    let renamed = app.login_name("minnie");
    for (what, (rpc, message), want) in [
        (
            "a code of an app",
            check(json!({ "totp": { "code": totp(id, NOW) } })),
            "ok",
        ),
        (
            "a wrong one",
            check(json!({ "totp": { "code": totp(id, NOW) } })),
            "EVENT-8isk2",
        ),
        (
            "a code that was sent",
            (
                Operation::SetSession,
                json!({
                    "sessionId": sent["sessionId"], "sessionToken": sent["sessionToken"],
                    "checks": { "otpEmail": { "code": app.sent_code(id, OtpMethod::Email) } },
                }),
            ),
            "ok",
        ),
        ("a recovery code", recovery(0), "ok"),
        ("another", recovery(1), "ok"),
        ("the last", recovery(2), "ok"),
        (
            "recovery codes",
            of_user(Operation::GenerateRecoveryCodes, json!({ "count": 2 })),
            "ok",
        ),
        (
            "others",
            of_user(Operation::GenerateRecoveryCodes, json!({ "count": 2 })),
            "ok",
        ),
        (
            "none",
            of_user(Operation::RemoveRecoveryCodes, none.clone()),
            "ok",
        ),
        ("no app", of_user(Operation::RemoveTOTP, none.clone()), "ok"),
        (
            "an app",
            of_user(Operation::RegisterTOTP, none.clone()),
            "ok",
        ),
        (
            "a wrong code of it",
            of_user(Operation::VerifyTOTPRegistration, json!({ "code": "1" })),
            "EVENT-8isk2",
        ),
        (
            "a right one",
            of_user(Operation::VerifyTOTPRegistration, json!({ "code": "" })),
            "ok",
        ),
        (
            "no codes by e-mail",
            of_user(Operation::RemoveOTPEmail, none.clone()),
            "ok",
        ),
        (
            "codes by e-mail",
            of_user(Operation::AddOTPEmail, none.clone()),
            "ok",
        ),
        ("a number", of_user(Operation::SetPhone, new_phone), "ok"),
        (
            "no number",
            of_user(Operation::RemovePhone, none.clone()),
            "ok",
        ),
        (
            "a password",
            of_user(
                Operation::SetPassword,
                json!({
                    "newPassword": { "password": "another correct horse" },
                }),
            ),
            "ok",
        ),
        (
            "a name",
            of_user(
                Operation::UpdateHumanUser,
                json!({ "username": renamed.as_str() }),
            ),
            "ok",
        ),
        ("a lock", of_user(Operation::LockUser, none.clone()), "ok"),
        ("an unlock", of_user(Operation::UnlockUser, none), "ok"),
    ] {
        let mut message = message;
        if message["code"] == "" {
            message["code"] = code_of(&pending, NOW).into();
        }
        let client = match rpc {
            Operation::CreateSession | Operation::SetSession => app.client(),
            _ => admin,
        };
        let outcome = client.ask(rpc, message).await;
        if rpc == Operation::RegisterTOTP {
            let registered = outcome.as_ref().unwrap();
            registered["secret"]
                .as_str()
                .unwrap()
                .clone_into(&mut pending);
            assert_ne!(pending, secret);
        }
        assert_eq!(outcome.err().unwrap_or("ok".to_owned()), want, "{what}");
        for place in &places {
            assert_has(&place.read(&app).await, &attributes(), what);
        }
        let kinds = places[1].read(&app).await["factors"]
            .as_ss()
            .unwrap()
            .clone();
        assert!(kinds.contains(&UNKNOWN.to_owned()), "{what} {kinds:?}");
    }
    let factors = app.factors_of(id).await;
    let kinds: Vec<_> = factors.kinds().iter().collect();
    assert_eq!(kinds, [FactorKind::Totp, FactorKind::OtpEmail]);
}

/// The session is written in one transaction with the factors, and by a put.
#[tokio::test]
async fn a_check_of_a_second_factor_keeps_what_a_newer_release_stored_with_the_session() {
    let app = App::emulated(&SECOND).await;
    let mini = app.user_with("mini", &FactorKind::ALL).await;
    let created = app.client().log_in(&mini, PASSWORD).await;
    let place = Place::session(&app, &created.id());
    let unknown = super::Item::from([
        ("voice_challenge".to_owned(), text("x")),
        ("amr".to_owned(), text("pop")),
    ]);
    place
        .change(&app, |item| {
            item.extend(attributes());
            item.extend(unknown.clone());
        })
        .await;

    let mut token = created.token();
    for (what, message) in [
        ("a challenge", json!({ "challenges": { "otpSms": {} } })),
        ("a code", json!({ "checks": { "otpSms": { "code": "" } } })),
        (
            "an app",
            json!({ "checks": { "totp": { "code": totp(&mini.user_id, NOW) } } }),
        ),
        (
            "a recovery code",
            json!({ "checks": { "recoveryCode": { "code": RECOVERY_CODES[0] } } }),
        ),
    ] {
        let mut message = message;
        if message["checks"]["otpSms"]["code"] == "" {
            let code = app.sent_code(&mini.user_id, OtpMethod::Sms);
            message["checks"]["otpSms"]["code"] = code.into();
        }
        message["sessionId"] = created.id().into();
        message["sessionToken"] = token.into();
        let set = app.client().ask(Operation::SetSession, message).await;
        token = set.unwrap()["sessionToken"].as_str().unwrap().to_owned();
        let after = place.read(&app).await;
        assert_has(&after, &attributes(), what);
        assert_has(&after, &unknown, what);
    }
}

/// It is never taken for one that isn't set up.
#[tokio::test]
async fn a_factor_with_a_secret_of_another_key_is_demanded_and_not_judged() {
    let app = App::emulated(&SECOND).await;
    let mini = app.user_with("mini", &[FactorKind::Totp]).await;
    let user = UserRef::from(&mini.user_id);
    let place = Place::in_users(&app, &format!("FACTORS#{user}"));
    let key = AttributeValue::B(aws_sdk_dynamodb::primitives::Blob::new([9; 8]));
    let change = |item: &mut super::Item| {
        item.insert("totp_key".to_owned(), key.clone());
    };
    place.change(&app, change).await;
    let before = place.read(&app).await;

    let checks = json!({ "totp": { "code": totp(&mini.user_id, steps(1)) } });
    let client = app.client().at(steps(1));
    let checked = client
        .ask(Operation::CreateSession, login(&mini, checks))
        .await;
    assert_eq!(checked.unwrap_err(), "code 13");
    app.logged();

    let after = place.read(&app).await;
    for name in ["totp_secret", "totp_key", "totp_step", "failures"] {
        assert_eq!(after[name], before[name], "{name}");
    }
    let half = client.log_in(&mini, PASSWORD).await;
    let token = half.token();
    let message = json!({ "userId": mini.user_id.as_str() });
    let asked = client
        .bearing(&token)
        .ask(Operation::GetUserByID, message)
        .await;
    assert_eq!(asked.unwrap_err(), "AUTHZ-Kl3p0");
}
