//! Creates with an idempotency key: a code is used up by the first, and the repetition is answered as
//! that was.

use serde_json::{Value, json};
use sesame::domain::{Operation, Permission, User};

use super::check::{Check, RECOVERY};
use super::{ALL, HOUR, MINUTE, Opened, SECOND_1, asked, just_before, second, second_with};
use crate::support::answer::Answer;
use crate::support::app::{App, NOW, header};
use crate::support::client::Client;
use crate::support::second::{SECONDS_30, login, totp};

async fn create(client: Client<'_>, key: &str, message: &Value) -> Answer {
    let request = client.json(Operation::CreateSession, message.clone());
    let request = header(
        request,
        "idempotency-key",
        &format!("{key} {}", client.app.name),
    );
    client.send(request).await
}

/// A service account that may have codes returned.
async fn reader(app: &App) -> Client<'_> {
    super::reader(app).await
}

fn totp_at_now(user: &User) -> Value {
    login(
        user,
        json!({ "totp": { "code": totp(&user.user_id, NOW) } }),
    )
}

#[tokio::test]
async fn a_repeated_create_is_answered_as_the_first_although_its_code_was_used() {
    let app = second().await;
    let page = super::page(&app).await;
    for (n, client) in [app.client(), page].into_iter().enumerate() {
        for what in [
            &[Check::Totp][..],
            &[Check::RecoveryCode],
            &[Check::Totp, Check::RecoveryCode],
        ] {
            let about = format!("{n}-{}", what.len()) + what[0].name();
            let mini = app.user_with(&about, &ALL).await;
            let mut message = login(&mini, json!({}));
            for check in what {
                let code = check.right(&app, &mini, NOW);
                message["checks"][check.name()] = json!({ "code": code });
            }
            let first = create(client, &about, &message).await;
            assert_eq!(first.outcome(), "ok", "{about}");
            let factors = app.factors_of(&mini.user_id).await;
            for after in [SECOND_1, MINUTE * 2, HOUR] {
                let again = create(client.later(after), &about, &message).await;
                assert_eq!(again.body, first.body, "{about} {after:?}");
            }
            // Each comparison is an attempt that is given back.
            let mut after = app.factors_of(&mini.user_id).await;
            assert_eq!(after.attempts.failures, 0, "{about}");
            after.attempts = factors.attempts;
            assert_eq!(after, factors, "{about}");
            assert_eq!(app.sessions_of(&mini.user_id).await.len(), 1, "{about}");
            assert_eq!(app.login(&about).await.attempts.failures, 0, "{about}");
        }
    }
}

#[tokio::test]
async fn another_code_under_the_key_is_another_request() {
    let app = second().await;
    let page = super::page(&app).await;
    let mini = app.user_with("mini", &ALL).await;
    let first = create(page, "k", &totp_at_now(&mini)).await;
    assert_eq!(first.outcome(), "ok");
    let made = app.factors_of(&mini.user_id).await.attempts.made;
    let next = json!({ "code": totp(&mini.user_id, NOW.plus(SECONDS_30)) });
    let mut challenged = totp_at_now(&mini);
    challenged["challenges"] = asked(&["otpEmail"]);
    // Codes are compared with those of the first request, which is an attempt at them.
    for message in [
        login(&mini, json!({ "totp": next })),
        login(&mini, json!({ "recoveryCode": { "code": RECOVERY } })),
        login(&mini, json!({})),
        challenged,
    ] {
        let again = create(page, "k", &message).await;
        assert_eq!(again.outcome(), "code 6", "{message}");
    }
    // The password is checked as ever.
    let mut wrong = totp_at_now(&mini);
    wrong["checks"]["password"]["password"] = json!("wrong");
    assert_eq!(create(page, "k", &wrong).await.outcome(), "COMMAND-3M0fs");
    let factors = app.factors_of(&mini.user_id).await;
    assert_eq!(
        (factors.attempts.made, factors.attempts.failures),
        (made + 3, 3)
    );
    assert_eq!(factors.recovery_codes.len(), 3);
    assert_eq!(app.outbox().len(), 0);
}

#[tokio::test]
async fn a_wrong_code_under_a_key_counts_and_stores_nothing() {
    let app = second().await;
    let mini = app.user_with("mini", &ALL).await;
    let wrong = Check::Totp.wrong_code(&app, &mini, NOW);
    let wrong = login(&mini, json!({ "totp": { "code": wrong } }));
    for failures in 1..=2 {
        let tried = create(app.client(), "k", &wrong).await;
        assert_eq!(tried.outcome(), "EVENT-8isk2");
        let attempts = app.factors_of(&mini.user_id).await.attempts;
        assert_eq!(attempts.failures, failures);
    }
    assert_eq!(app.sessions_of(&mini.user_id).await.len(), 0);
    let right = create(app.client(), "k", &totp_at_now(&mini)).await;
    assert_eq!(right.outcome(), "ok");
}

fn returning(user: &User) -> Value {
    let mut message = login(user, json!({}));
    message["challenges"] = json!({
        "otpSms": { "returnCode": true }, "otpEmail": { "returnCode": {} },
    });
    message
}

#[tokio::test(start_paused = true)]
async fn a_returned_code_is_part_of_the_answer_while_it_is_open() {
    let app = second().await;
    let reader = reader(&app).await;
    let mini = app.user_with("mini", &ALL).await;
    let message = returning(&mini);
    let first = create(reader, "k", &message).await;
    let codes = first.json()["challenges"].clone();
    assert_eq!(codes.as_object().unwrap().len(), 2, "{codes}");
    for after in [SECOND_1, just_before(MINUTE * 5)] {
        let again = create(reader.later(after), "k", &message).await;
        assert_eq!(again.body, first.body, "{after:?}");
    }
    let again = create(reader.later(MINUTE * 5), "k", &message).await;
    assert_eq!(again.token(), first.token());
    assert!(again.json()["challenges"].is_null());

    // A used one is not open.
    let mut session = Opened::of(first.json());
    let check = Check::OtpSms.with(codes["otpSms"].as_str().unwrap());
    session.change(reader, check).await.unwrap();
    let again = create(reader, "k", &message).await;
    assert_eq!(
        again.json()["challenges"],
        json!({ "otpEmail": codes["otpEmail"] })
    );
    // Nor is one whose place another has taken.
    let later = reader.later(MINUTE * 3);
    let more = json!({ "challenges": { "otpEmail": { "returnCode": {} } } });
    let newer = session.change(later, more).await.unwrap();
    assert_ne!(newer["challenges"]["otpEmail"], codes["otpEmail"]);
    let again = create(later, "k", &message).await;
    assert!(again.json()["challenges"].is_null(), "{}", again.json());
    // Nor is any of a session that has ended.
    let third = create(reader, "k2", &message).await;
    let message_of_end = Opened::of(third.json()).set(json!({}));
    reader
        .ask(Operation::DeleteSession, message_of_end)
        .await
        .unwrap();
    let again = create(reader, "k2", &message).await;
    assert_eq!(again.token(), third.token());
    assert!(again.json()["challenges"].is_null());
    assert_eq!(app.outbox().len(), 0);
}

#[tokio::test]
async fn a_repeated_create_sends_nothing_again() {
    let app = second().await;
    let mini = app.user_with("mini", &ALL).await;
    let message = super::challenging(&mini, &["otpSms", "otpEmail"]);
    let first = create(app.client(), "k", &message).await;
    for after in [SECOND_1, MINUTE * 2, HOUR] {
        let again = create(app.client().later(after), "k", &message).await;
        assert_eq!(again.body, first.body);
    }
    assert_eq!(app.outbox().len(), 2);
    let mut session = Opened::of(first.json());
    let code = Check::OtpSms.right(&app, &mini, NOW);
    session
        .change(app.client(), Check::OtpSms.with(&code))
        .await
        .unwrap();
}

/// Whoever is later finds the session, and not a used code.
#[tokio::test]
async fn of_creates_at_once_with_one_key_all_have_one_answer() {
    let app = second_with("MAX_FACTOR_ATTEMPTS", "20").await;
    let beside = app.beside(&super::with("MAX_FACTOR_ATTEMPTS", "20"));
    let token = app
        .service_account(&[Permission::SessionWrite, Permission::UserCodeRead], HOUR)
        .await;
    for n in 0..6 {
        let mini = app.user_with(&n.to_string(), &ALL).await;
        let message = match n % 3 {
            0 => totp_at_now(&mini),
            1 => login(&mini, json!({ "recoveryCode": { "code": RECOVERY } })),
            _ => returning(&mini),
        };
        let key = format!("k{n}");
        let creates = [&app, &beside, &app, &beside].map(|app| {
            let client = app.client().bearing(token.as_str());
            create(client, &key, &message)
        });

        let answers = futures_util::future::join_all(creates).await;

        for answer in &answers {
            assert_eq!(answer.outcome(), "ok", "{n}");
            assert_eq!(answer.body, answers[0].body, "{n}");
        }
        assert_eq!(app.sessions_of(&mini.user_id).await.len(), 1);
        let mut session = Opened::of(answers[0].json());
        for check in [Check::OtpSms, Check::OtpEmail] {
            if let Some(code) = session.answer["challenges"][check.name()].as_str() {
                let more = check.with(code);
                session.change(app.client(), more).await.unwrap();
            }
        }
    }
}
