//! How often codes are tried: one counter for all of a user's second factors.

use std::time::Duration;

use serde_json::{Value, json};
use sesame::domain::{FactorKind, Operation, Permission, User};

use super::check::{Check, RECOVERY};
use super::{ALL, HOUR, MINUTE, Opened, open, open_with, outcome, page, second, second_with};
use crate::support::answer::Answer;
use crate::support::app::{App, NOW, PASSWORD};
use crate::support::client::{Client, Wire};
use crate::support::second::{login, totp};

/// Opens a session of the user by password in which each code may be checked.
async fn prepared(client: Client<'_>, user: &User) -> Opened {
    open_with(client, super::challenging(user, &["otpSms", "otpEmail"])).await
}

/// Tries a wrong code of a kind.
async fn guess(client: Client<'_>, session: &Opened, user: &User, check: Check) -> String {
    let wrong = check.wrong_code(client.app, user, client.now);
    let mut session = session.clone();
    outcome(&session.change(client, check.with(&wrong)).await)
}

/// More methods don't mean more guesses.
#[tokio::test(start_paused = true)]
async fn one_counter_counts_the_codes_of_all_methods() {
    for max in [1_usize, 5, 20] {
        let app = second_with("MAX_FACTOR_ATTEMPTS", &max.to_string()).await;
        let page = page(&app).await;
        let mini = app.user_with("mini", &ALL).await;
        let session = prepared(page, &mini).await;
        for n in 0..max {
            let check = Check::ALL[n % 4];
            let tried = guess(page, &session, &mini, check).await;
            assert_eq!(tried, check.wrong(), "{max} {n}");
        }
        for check in Check::ALL {
            let code = check.right(&app, &mini, NOW);
            let mut session = session.clone();
            let tried = session.change(page, check.with(&code)).await;
            assert_eq!(outcome(&tried), check.locked(), "{max} {check:?}");
        }
        let attempts = app.factors_of(&mini.user_id).await.attempts;
        assert_eq!(attempts.failures as usize, max);
    }
}

/// 30 seconds, and twice as long after each further failure, up to an hour.
#[tokio::test(start_paused = true)]
async fn a_lock_grows_and_ends_by_itself() {
    let app = second().await;
    let page = page(&app).await;
    let mini = app.user_with("mini", &[FactorKind::Totp]).await;
    let mut session = open(page, &mini).await;
    let mut at = NOW;
    for _ in 0..5 {
        guess(page.at(at), &session, &mini, Check::Totp).await;
    }
    for seconds in [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600] {
        let lock = Duration::from_secs(seconds);
        let last = page.at(at.plus(super::just_before(lock)));
        let code = totp(&mini.user_id, last.now);
        let tried = session
            .attempt(last, Check::Totp.with(&code))
            .await
            .unwrap_err();
        assert_eq!(tried.id.as_deref(), Some("COMMAND-SF3fg"), "{seconds}");
        assert_eq!(tried.retry_seconds, Some(1), "{seconds}");
        at = at.plus(lock);
        let tried = guess(page.at(at), &session, &mini, Check::Totp).await;
        assert_eq!(tried, "EVENT-8isk2", "{seconds}");
    }
    let at = page.at(at.plus(HOUR));
    let code = totp(&mini.user_id, at.now);
    session.change(at, Check::Totp.with(&code)).await.unwrap();
    assert_eq!(app.factors_of(&mini.user_id).await.attempts.failures, 0);
}

/// The answer of a locked check, by any protocol and to anybody who has proved the password.
#[tokio::test(start_paused = true)]
async fn everybody_is_told_when_a_lock_ends() {
    let app = second().await;
    let page = page(&app).await;
    let mini = app.user_with("mini", &ALL).await;
    let session = prepared(page, &mini).await;
    for _ in 0..5 {
        guess(page, &session, &mini, Check::Totp).await;
    }
    let own = app.client().bearing(session.token.clone().leak());
    for wire in Wire::ALL {
        for client in [app.client(), page, own] {
            for check in Check::ALL {
                let client = client.by(wire).later(Duration::from_millis(9_001));
                let more = check.with(check.sample());
                let error = session.attempt(client, more.clone()).await.unwrap_err();
                assert_eq!(
                    error.id.as_deref(),
                    Some(check.locked()),
                    "{wire:?} {check:?}"
                );
                assert_eq!(error.retry_seconds, Some(21), "{wire:?} {check:?}");
                if matches!(wire, Wire::Json | Wire::ConnectJson) {
                    let message = session.set(more);
                    let answer = client.call_json(Operation::SetSession, message).await;
                    assert_eq!(answer.headers["retry-after"], "21", "{wire:?} {check:?}");
                }
            }
        }
    }
}

/// 3 in 10^6 a guess: a guess an hour would find a code within a year in 3 of 100 cases.
#[tokio::test]
async fn after_a_hundred_failures_in_a_row_an_administrator_ends_the_lock() {
    let app = second_with("MAX_FACTOR_ATTEMPTS", "20").await;
    let page = page(&app).await;
    let admin = app
        .service(&[Permission::UserRead, Permission::UserWrite])
        .await;
    let mini = app.user_with("mini", &ALL).await;
    let id = json!({ "userId": mini.user_id.as_str() });
    let mut session = open_with(page, {
        let mut message = login(&mini, json!({}));
        message["lifetime"] = json!("2592000s");
        message
    })
    .await;
    let mut at = NOW;
    for n in 0..100 {
        // Two hours are longer than any lock.
        at = at.plus(HOUR * 2);
        let check = [Check::Totp, Check::RecoveryCode][n % 2];
        assert_eq!(
            guess(page.at(at), &session, &mini, check).await,
            check.wrong(),
            "{n}"
        );
    }
    let late = page.at(at.plus(HOUR * 24 * 5));
    let code = totp(&mini.user_id, late.now);
    let tried = session
        .attempt(late, Check::Totp.with(&code))
        .await
        .unwrap_err();
    assert_eq!(
        (tried.id.as_deref(), tried.retry_seconds),
        (Some("COMMAND-SF3fg"), None)
    );
    // The state of the user shows nothing, and the password works.
    let got = admin.ask(Operation::GetUserByID, id.clone()).await.unwrap();
    assert_eq!(got["user"]["state"], "USER_STATE_ACTIVE");
    assert_eq!(late.log_in(&mini, PASSWORD).await.outcome(), "ok");
    assert_eq!(app.factors_of(&mini.user_id).await.attempts.failures, 100);

    admin
        .at(late.now)
        .ask(Operation::UnlockUser, id.clone())
        .await
        .unwrap();

    assert_eq!(app.factors_of(&mini.user_id).await.attempts.failures, 0);
    session.change(late, Check::Totp.with(&code)).await.unwrap();
    // There is nothing more to unlock.
    let again = admin.at(late.now).ask(Operation::UnlockUser, id).await;
    assert_eq!(outcome(&again), "COMMAND-olb9vb0oca");
}

#[tokio::test]
async fn an_administrator_ends_a_lock_before_its_time() {
    let app = second().await;
    let page = page(&app).await;
    let admin = app
        .service(&[Permission::UserRead, Permission::UserWrite])
        .await;
    let mini = app.user_with("mini", &ALL).await;
    let mut session = prepared(page, &mini).await;
    for _ in 0..5 {
        guess(page, &session, &mini, Check::OtpEmail).await;
    }
    for _ in 0..10 {
        page.log_in(&mini, "wrong").await;
    }
    assert_eq!(
        page.log_in(&mini, PASSWORD).await.outcome(),
        "COMMAND-JLK35"
    );
    let id = json!({ "userId": mini.user_id.as_str() });

    admin.ask(Operation::UnlockUser, id).await.unwrap();

    // Both counters begin anew.
    assert_eq!(page.log_in(&mini, PASSWORD).await.outcome(), "ok");
    let code = Check::OtpEmail.right(&app, &mini, NOW);
    session
        .change(page, Check::OtpEmail.with(&code))
        .await
        .unwrap();
}

async fn failures(app: &App, user: &User) -> (u32, u32) {
    let login = app.store.get_user(&user.login_name.folded()).await.unwrap();
    let of_password = login.unwrap().attempts.failures;
    let of_factors = app.factors_of(&user.user_id).await.attempts.failures;
    (of_password, of_factors)
}

async fn create(client: Client<'_>, user: &User, password: &str, more: Value) -> Answer {
    let mut message = login(user, more);
    message["checks"]["password"]["password"] = json!(password);
    client.create_json(&message).await
}

/// Password and second factors each have a counter, which the other one's success leaves.
#[tokio::test]
async fn passwords_and_codes_are_counted_apart() {
    let app = second().await;
    let client = app.client();
    let mini = app.user_with("mini", &ALL).await;
    let wrong = || json!({ "totp": { "code": Check::Totp.wrong_code(&app, &mini, NOW) } });
    let right = json!({ "recoveryCode": { "code": RECOVERY } });
    for (password, codes, answer, want) in [
        ("wrong", json!({}), "COMMAND-3M0fs", (1, 0)),
        // Nothing is judged behind a wrong password.
        ("wrong", wrong(), "COMMAND-3M0fs", (2, 0)),
        ("wrong", right.clone(), "COMMAND-3M0fs", (3, 0)),
        // A right password is forgiven, a wrong code counted.
        (PASSWORD, wrong(), "EVENT-8isk2", (0, 1)),
        ("wrong", wrong(), "COMMAND-3M0fs", (1, 1)),
        (PASSWORD, json!({}), "ok", (0, 1)),
        (PASSWORD, wrong(), "EVENT-8isk2", (0, 2)),
        ("wrong", json!({}), "COMMAND-3M0fs", (1, 2)),
        (PASSWORD, right, "ok", (0, 0)),
    ] {
        let got = create(client, &mini, password, codes.clone()).await;
        assert_eq!(got.outcome(), answer, "{codes}");
        assert_eq!(failures(&app, &mini).await, want, "{codes}");
    }
    // A code alone leaves the failures of the password.
    let mut session = open(client, &mini).await;
    create(client, &mini, "wrong", json!({})).await;
    guess(client, &session, &mini, Check::RecoveryCode).await;
    assert_eq!(failures(&app, &mini).await, (1, 1));
    let code = totp(&mini.user_id, NOW);
    session
        .change(client, Check::Totp.with(&code))
        .await
        .unwrap();
    assert_eq!(failures(&app, &mini).await, (1, 0));
}

/// NIST SP 800-63B-4, 3.1.3.2.
#[tokio::test]
async fn a_new_code_resets_nothing() {
    let app = second().await;
    let page = page(&app).await;
    let mini = app.user_with("mini", &ALL).await;
    for n in 0..5_u32 {
        let at = page.later(MINUTE * n);
        let session = prepared(at, &mini).await;
        let tried = guess(at, &session, &mini, Check::OtpSms).await;
        assert_eq!(tried, "CODE-woT0xc", "{n}");
    }
    let at = page.later(MINUTE * 4);
    let session = prepared(at, &mini).await;
    let code = Check::OtpSms.right(&app, &mini, at.now);
    let locked = session.attempt(at, Check::OtpSms.with(&code)).await;
    assert_eq!(locked.unwrap_err().id.as_deref(), Some("COMMAND-S6h4R"));
}

/// Of the codes of a request the first wrong one ends it, and they are one attempt.
#[tokio::test]
async fn the_codes_of_a_request_are_judged_in_order_and_used_together() {
    let app = second().await;
    let page = page(&app).await;
    let mini = app.user_with("mini", &ALL).await;
    let mut session = prepared(page, &mini).await;
    let code = |check: Check, is_right: bool| {
        let code = if is_right {
            check.right(&app, &mini, NOW)
        } else {
            check.wrong_code(&app, &mini, NOW)
        };
        json!({ "code": code })
    };
    for (n, first_wrong) in Check::ALL.into_iter().enumerate() {
        let mut checks = json!({});
        for (m, check) in Check::ALL.into_iter().enumerate() {
            checks[check.name()] = code(check, m < n);
        }
        let more = json!({ "checks": checks });
        let tried = session.change(page, more).await;
        assert_eq!(outcome(&tried), first_wrong.wrong());
        let factors = app.factors_of(&mini.user_id).await;
        assert_eq!(factors.attempts.failures as usize, n + 1);
        assert_eq!(factors.recovery_codes.len(), 3);
        assert_eq!(factors.totp.unwrap().last_step, 0);
    }
    let mut checks = json!({});
    for check in Check::ALL {
        checks[check.name()] = code(check, true);
    }
    session
        .change(page, json!({ "checks": checks }))
        .await
        .unwrap();
    assert_eq!(session.stored(&app).await.factors.count(), 6);
    assert_eq!(app.factors_of(&mini.user_id).await.attempts.failures, 0);
}
