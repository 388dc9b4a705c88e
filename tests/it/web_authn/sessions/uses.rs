//! What answers use up, and what they leave.

use serde_json::json;
use sesame::domain::{CredentialKind, FactorKind, Operation, SignCount, User};
use tokio::task::JoinSet;

use super::{COPIED, Opened, WRONG, answering, counting, keys, keys_with, page};
use crate::support::app::App;
use crate::support::authenticator::Authenticator;
use crate::support::client::Client;
use crate::support::faults::Fault;
use crate::support::keys::{ORIGIN, asking};
use crate::support::second::wrong_totp;

#[tokio::test]
async fn a_session_has_five_challenges_and_drops_the_oldest() {
    let app = keys().await;
    let mini = app.user("mini").await;
    let page = page(&app).await;
    let key = app.key(&mini, CredentialKind::Passkey).await;
    let mut opened = Opened::of(page, &mini, "REQUIRED").await;
    let mut all = vec![opened.options.clone()];
    for _ in 0..5 {
        let more = json!({ "challenges": asking("REQUIRED") });
        opened.change(page, more).await.unwrap();
        all.push(opened.options.clone());
    }
    assert_eq!(opened.stored(&app).await.challenges.web_authn.len(), 5);
    for (number, options) in all.iter().enumerate() {
        let mut key = counting(&key, u32::try_from(number).unwrap());
        opened.options = options.clone();
        let got = opened.answer(page, &mut key).await;
        let want = if number == 0 { WRONG } else { "" };
        assert_eq!(got.err().unwrap_or_default(), want, "{number}");
    }
}

/// The codes that are judged after the answer are wrong; the answer is used up all the same.
#[tokio::test]
async fn an_answer_beside_something_wrong_is_used_up() {
    let app = keys().await;
    let mini = app.user_with("mini", &[FactorKind::Totp]).await;
    let page = page(&app).await;
    let mut key = app.key(&mini, CredentialKind::Passkey).await;
    for of_user in [true, false] {
        let mut opened = if of_user {
            Opened::of(page, &mini, "REQUIRED").await
        } else {
            Opened::of_nobody(page).await
        };
        let before = opened.stored(&app).await;
        let mut message = answering(&key.assert(&opened.options, ORIGIN));
        let code = wrong_totp(&mini.user_id, page.now);
        message["checks"]["totp"] = json!({ "code": code });

        let got = opened.change(page, message).await;

        assert_eq!(got, Err("EVENT-8isk2".to_owned()), "{of_user}");
        let after = opened.stored(&app).await;
        assert_eq!(after.sequence.0, before.sequence.0 + 1, "{of_user}");
        assert_eq!(after.factors, before.factors, "{of_user}");
        assert_eq!(after.challenges.web_authn, [], "{of_user}");
        assert_eq!(app.credential(&key).await.used_at, None, "{of_user}");
    }
}

/// A wrong password comes before the answer, which is then not looked at.
#[tokio::test]
async fn an_answer_behind_something_wrong_is_kept() {
    let app = keys().await;
    let mini = app.user("mini").await;
    let page = page(&app).await;
    let mut key = app.key(&mini, CredentialKind::Passkey).await;
    let mut opened = Opened::of(page, &mini, "REQUIRED").await;
    let right = answering(&key.assert(&opened.options, ORIGIN));
    let mut message = right.clone();
    message["checks"]["password"] = json!({ "password": "wrong" });

    let got = opened.change(page, message).await;

    assert_eq!(got, Err("COMMAND-3M0fs".to_owned()));
    opened.change(page, right).await.unwrap();
}

#[tokio::test]
async fn a_count_that_has_not_grown_is_refused_or_logged() {
    for (setting, want) in [("refuse", COPIED), ("warn", "")] {
        let app = keys_with("WEBAUTHN_COUNTER", setting).await;
        let mini = app.user("mini").await;
        let page = page(&app).await;
        let key = app.key(&mini, CredentialKind::Passkey).await;
        let used_to = |count| counting(&key, count);
        let mut opened = Opened::of(page, &mini, "REQUIRED").await;
        opened.answer(page, &mut used_to(8)).await.unwrap();
        for before in [8, 3] {
            let mut opened = Opened::of(page, &mini, "REQUIRED").await;
            app.logged();

            let got = opened.answer(page, &mut used_to(before)).await;

            assert_eq!(got.err().unwrap_or_default(), want, "{setting} {before}");
            assert_eq!(app.credential(&key).await.sign_count, SignCount(9));
            let lines = app.logged();
            let line = lines[0].to_string();
            assert!(line.contains("the sign count has not grown"), "{line}");
            let level = if want.is_empty() { "warn" } else { "info" };
            assert_eq!(lines[0]["level"], level, "{setting} {before}");
        }
    }
}

/// Operators see what was wrong, and clients don't.
#[tokio::test]
async fn the_log_tells_what_was_wrong() {
    let app = keys().await;
    let mini = app.user("mini").await;
    let page = page(&app).await;
    let mut key = app.key(&mini, CredentialKind::Passkey).await;
    key.bad_signature = true;
    let opened = Opened::of(page, &mini, "REQUIRED").await;
    let message = opened.set(answering(&key.assert(&opened.options, ORIGIN)));
    app.logged();

    let answer = page.call_json(Operation::SetSession, message).await;

    let lines = app.logged();
    assert_eq!(
        lines[0]["key_fault"],
        "the signature is not the credential's"
    );
    assert_eq!(lines[0]["outcome"], "wrong_key_answer");
    assert_eq!(lines[0]["user"], mini.user_id.as_str());
    let told = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(!told.contains("signature"), "{told}");
}

#[tokio::test]
async fn of_many_uses_of_one_answer_one_is_right() {
    for of_user in [true, false] {
        let app = std::sync::Arc::new(keys().await);
        let mini = app.user("mini").await;
        let token: &'static str = page(&app).await.token.unwrap().to_owned().leak();
        let page = app.client().bearing(token);
        let mut key = app.key(&mini, CredentialKind::Passkey).await;
        let opened = if of_user {
            Opened::of(page, &mini, "REQUIRED").await
        } else {
            Opened::of_nobody(page).await
        };
        let answer = answering(&key.assert(&opened.options, ORIGIN));
        let mut uses = JoinSet::new();
        for _ in 0..20 {
            let (app, mut opened, answer) = (app.clone(), opened.clone(), answer.clone());
            uses.spawn(async move {
                let page = app.client().bearing(token);
                opened.change(page, answer).await
            });
        }

        let all = uses.join_all().await;

        let right = all.iter().filter(|one| one.is_ok()).count();
        assert_eq!(right, 1, "{of_user} {all:?}");
        assert_eq!(app.credential(&key).await.sign_count, SignCount(1));
    }
}

/// If the database fails, nothing is told of the answer, and it can be given again.
#[tokio::test]
async fn a_fault_consumes_nothing_without_its_effect() {
    let app = keys().await;
    let mini = app.user("mini").await;
    let page = page(&app).await;
    let key = app.key(&mini, CredentialKind::Passkey).await;
    for (of_user, requests) in [(true, 4), (false, 5)] {
        for is_right in [true, false] {
            for skipped in 0..requests {
                check_fault(&app, page, &mini, &key, (of_user, is_right, skipped)).await;
            }
        }
    }
}

async fn check_fault(
    app: &App,
    page: Client<'_>,
    mini: &User,
    key: &Authenticator,
    (of_user, is_right, skipped): (bool, bool, usize),
) {
    let what = format!("{of_user} {is_right} {skipped}");
    let mut key = counting(key, app.credential(key).await.sign_count.0);
    key.bad_signature = !is_right;
    let mut opened = if of_user {
        Opened::of(page, mini, "REQUIRED").await
    } else {
        Opened::of_nobody(page).await
    };
    let before = opened.stored(app).await;
    let answer = answering(&key.assert(&opened.options, ORIGIN));
    app.faults.clear();
    let refused = Fault::Answer(400, "AccessDeniedException");
    app.faults.inject(refused.times(1).after(skipped));

    let got = opened.change(page, answer.clone()).await;

    app.faults.clear();
    assert!(
        matches!(
            got.as_ref().map_err(String::as_str),
            Err("code 14" | "code 13")
        ),
        "{what} {got:?}"
    );
    assert_eq!(opened.stored(app).await, before, "{what}");
    let again = opened.change(page, answer).await;
    let want = if is_right { "" } else { WRONG };
    assert_eq!(again.err().unwrap_or_default(), want, "{what}");
}
