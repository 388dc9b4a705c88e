//! What parallel and repeated requests must not lead to, and addresses that change meanwhile.

use std::time::Duration;

use serde_json::{Value, json};
use sesame::api::Request;
use sesame::domain::{EmailAddress, FactorKind, Operation, OtpMethod, Permission, UserSearch};
use sesame::store::{Alongside, ChangeOutcome};

use super::at_once::slow;
use super::uses::login_page;
use crate::support::app::{App, NOW, header};
use crate::support::client::Client;
use crate::support::faults::Fault;
use crate::support::second::{SECOND, login, totp};

async fn pause(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

/// A Set by permission that asks for the code once more, and has read the session before the code was
/// used, must not make it good again.
#[tokio::test(start_paused = true)]
async fn a_challenge_asked_for_again_revives_no_used_code() {
    let mut revived = Vec::new();
    for offset in 0..40 {
        let app = App::emulated(&SECOND).await;
        let page = app.service(&[Permission::SessionWrite]).await;
        let mini = app.user_with("mini", &[FactorKind::OtpEmail]).await;
        let mut message = login(&mini, json!({}));
        message["challenges"] = json!({ "otpEmail": { "sendCode": {} } });
        let created = page.ask(Operation::CreateSession, message).await.unwrap();
        let code = app.sent_code(&mini.user_id, OtpMethod::Email);
        let id = &created["sessionId"];
        // More than a minute, less than three after it was sent.
        let page = page.later(Duration::from_secs(90));
        let check = json!({ "sessionId": id, "checks": { "otpEmail": { "code": code } } });
        let again = json!({ "sessionId": id, "challenges": { "otpEmail": { "sendCode": {} } } });
        slow(&app);
        let first = async {
            pause(20).await;
            page.ask(Operation::SetSession, check.clone()).await
        };
        let second = async {
            pause(offset).await;
            page.ask(Operation::SetSession, again).await
        };
        let (first, second) = tokio::join!(first, second);
        app.faults.clear();
        let third = page.ask(Operation::SetSession, check).await;
        if first.is_ok() && third.is_ok() {
            revived.push((offset, second.is_ok()));
        }
    }
    assert!(revived.is_empty(), "one code was right twice: {revived:?}");
}

fn keyed(client: Client<'_>, message: &Value) -> Request {
    let request = client.json(Operation::CreateSession, message.clone());
    header(request, "idempotency-key", "a key that can be guessed")
}

/// Whoever knows the password and the key of a create must not find its code by repeating it.
#[tokio::test]
async fn a_keyed_create_is_no_oracle_for_codes() {
    let app = App::emulated(&SECOND).await;
    let mini = app.user_with("mini", &[FactorKind::Totp]).await;
    let client = app.client();
    let code = totp(&mini.user_id, NOW);
    let with = |code: &str| login(&mini, json!({ "totp": { "code": code } }));
    let first = client.send(keyed(client, &with(&code))).await.result();
    let first = first.unwrap();
    let mut outcomes = Vec::new();
    for n in 0..20 {
        let guess = format!("{n:06}");
        if guess != code {
            let answer = client.send(keyed(client, &with(&guess))).await.result();
            outcomes.push(answer.err());
        }
    }
    let attempts = app.factors_of(&mini.user_id).await.attempts;
    let last = client.send(keyed(client, &with(&code))).await.result();
    let is_found = last
        .as_ref()
        .is_ok_and(|last| last["sessionToken"] == first["sessionToken"]);
    assert!(
        attempts.failures >= 5,
        "{attempts:?} {outcomes:?}, and the right guess has the token: {is_found}"
    );
}

/// The pointer that a change has read may be older than the factors.
#[tokio::test(start_paused = true)]
async fn pointer_and_factors_agree_after_a_removal_that_read_an_older_pointer() {
    let app = App::emulated(&SECOND).await;
    let mini = app.user_with("mini", &[]).await;
    let search = UserSearch::Id(mini.user_id.clone());
    let by = Duration::from_millis(50);
    app.faults
        .inject(Fault::Delay(by).once().for_action("BatchGetItem"));
    let read = app.faulty.read_user(&search);
    let add = async {
        pause(10).await;
        app.change_user(&mini.user_id, |account| {
            account.factors.otp_email = Some(NOW);
        })
        .await;
    };
    let (seen, ()) = tokio::join!(read, add);
    app.faults.clear();
    let seen = seen.unwrap().unwrap();
    assert!(seen.account.factors.otp_email.is_some());
    let mut after = seen.account.clone();
    after.factors.otp_email = None;
    after.user = after.user.logged_out();
    let after = after.changed(NOW);
    let none = Alongside::default();
    let changed = app.store.change_account(&seen, &after, false, &none).await;
    let changed = changed.unwrap();
    let stored = app.store.read_user(&search).await.unwrap().unwrap();
    let of_pointer: Vec<_> = stored.kinds().unwrap().iter().collect();
    let of_item: Vec<_> = stored.account.factors.kinds().iter().collect();
    assert_eq!(of_pointer, of_item, "{changed:?}");
    assert!(changed == ChangeOutcome::Done || changed == ChangeOutcome::Changed);
}

/// A code that is asked for together with the use of the one before must be good.
#[tokio::test]
async fn a_code_that_is_returned_with_the_use_of_another_is_good() {
    let app = App::emulated(&SECOND).await;
    let page = login_page(&app).await;
    let mini = app.user_with("mini", &[FactorKind::OtpEmail]).await;
    let mut message = login(&mini, json!({}));
    message["challenges"] = json!({ "otpEmail": { "returnCode": {} } });
    let created = page.ask(Operation::CreateSession, message).await.unwrap();
    let id = &created["sessionId"];
    let used = json!({
        "sessionId": id,
        "checks": { "otpEmail": { "code": created["challenges"]["otpEmail"] } },
        "challenges": { "otpEmail": { "returnCode": {} } },
    });
    let used = page.ask(Operation::SetSession, used).await.unwrap();
    let next = json!({
        "sessionId": id,
        "checks": { "otpEmail": { "code": used["challenges"]["otpEmail"] } },
    });
    let next = page.ask(Operation::SetSession, next).await;
    assert!(next.is_ok(), "{next:?}");
}

/// A session is sent one message a minute, also where a new code takes the place of one.
#[tokio::test]
async fn a_session_is_sent_one_message_a_minute() {
    let app = App::emulated(&SECOND).await;
    let page = app.service(&[Permission::SessionWrite]).await;
    let mini = app.user_with("mini", &[FactorKind::OtpEmail]).await;
    let mut message = login(&mini, json!({}));
    message["challenges"] = json!({ "otpEmail": { "sendCode": {} } });
    let created = page.ask(Operation::CreateSession, message).await.unwrap();
    let again = json!({
        "sessionId": created["sessionId"],
        "challenges": { "otpEmail": { "sendCode": {} } },
    });
    // The first code stands until three minutes are over.
    for seconds in [175, 181] {
        let page = page.later(Duration::from_secs(seconds));
        page.ask(Operation::SetSession, again.clone())
            .await
            .unwrap();
    }
    assert_eq!(app.outbox().len(), 2);
}

/// An address that is only spelled otherwise since the code was made was verified before.
#[tokio::test]
async fn a_reset_by_another_spelling_of_a_verified_address_leaves_the_factors() {
    let app = App::emulated(&SECOND).await;
    let page = login_page(&app).await;
    let mini = app.user_with("mini", &[FactorKind::Totp]).await;
    let id = mini.user_id.as_str();
    let asked = json!({ "userId": id, "returnCode": {} });
    let asked = page.ask(Operation::PasswordReset, asked).await.unwrap();
    app.change_user(&mini.user_id, |account| {
        let own = account.profile.email.as_mut().unwrap();
        own.address = EmailAddress::from_stored(own.address.as_str().to_uppercase());
    })
    .await;
    let set = json!({
        "userId": id,
        "newPassword": { "password": "a new password of some length" },
        "verificationCode": asked["verificationCode"],
    });
    page.ask(Operation::SetPassword, set).await.unwrap();
    let factors = app.factors_of(&mini.user_id).await;
    assert!(factors.kinds().has(FactorKind::Totp));
}

/// Whoever had the password alone may have given an address, which must not come to get the codes.
#[tokio::test]
async fn a_first_factor_drops_an_address_that_waits() {
    let app = App::emulated(&SECOND).await;
    let admin = app.service(&[Permission::UserCredentialWrite]).await;
    for (name, call) in [
        ("mini", Operation::AddOTPEmail),
        ("maxi", Operation::AddOTPSMS),
    ] {
        let user = app.user_with(name, &[]).await;
        let thief = EmailAddress::from_stored(format!("thief-{name}@mouse.example"));
        app.change_user(&user.user_id, |account| {
            account.profile.new_email = Some(thief.clone());
        })
        .await;
        let message = json!({ "userId": user.user_id.as_str() });
        admin.ask(call, message).await.unwrap();
        let search = UserSearch::Id(user.user_id.clone());
        let stored = app.store.read_user(&search).await.unwrap().unwrap();
        let profile = stored.account.profile;
        assert_eq!(profile.new_email, None, "{name}");
        assert!(profile.verified_email().is_some(), "{name}");
    }
}
