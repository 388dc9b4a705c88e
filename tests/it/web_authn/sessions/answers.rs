//! Answers that are not accepted, and what they leave.

use std::time::Duration;

use serde_json::{Value, json};
use sesame::domain::{CredentialKind, Operation, Permission, SignatureAlgorithm, UserState};

use super::{
    MALFORMED, NO_CHALLENGE, NOT_ACTIVE, NOT_HIS, Opened, WRONG, answering, keys, keys_with, page,
};
use crate::support::app::{App, PASSWORD};
use crate::support::authenticator::{Authenticator, BACKUP_ELIGIBLE, USER_PRESENT};
use crate::support::keys::{KEYS, ORIGIN, OTHER_ORIGIN, asking, base64url};

/// The last moment at which a challenge is good, and the first at which it is not.
const GOOD: Duration = Duration::from_millis(299_999);
const EXPIRED: Duration = Duration::from_mins(5);

/// What is wrong with an answer, from which page it comes, and its error; `""` if there is none.
type Row = (fn(&mut Authenticator), &'static str, &'static str);

#[tokio::test]
async fn a_wrong_answer_consumes_its_challenge_and_leaves_the_token() {
    let app = keys().await;
    let mini = app.user("mini").await;
    let page = page(&app).await;
    let key = app.key(&mini, CredentialKind::Passkey).await;
    let rows: [Row; 10] = [
        (|_| {}, OTHER_ORIGIN, WRONG),
        (|_| {}, "https://login.acme.example.evil.example", WRONG),
        (|key| key.bad_signature = true, ORIGIN, WRONG),
        (|key| key.flags = USER_PRESENT, ORIGIN, WRONG),
        (|key| key.flags &= !USER_PRESENT, ORIGIN, WRONG),
        (|key| key.flags |= BACKUP_ELIGIBLE, ORIGIN, WRONG),
        (|key| key.cross_origin = Some(true), ORIGIN, WRONG),
        (|key| key.handle = Some(vec![1; 16]), ORIGIN, WRONG),
        (|key| key.kind = Some("webauthn.create"), ORIGIN, WRONG),
        (|key| key.id = vec![1; 32], ORIGIN, NOT_HIS),
    ];
    for (number, (change, origin, want)) in rows.into_iter().enumerate() {
        let mut opened = Opened::of(page, &mini, "REQUIRED").await;
        let mut wrong = key.clone();
        change(&mut wrong);
        let before = app.credential(&key).await;
        let answer = wrong.assert(&opened.options, origin);

        let got = opened.change(page, answering(&answer)).await;

        assert_eq!(got, Err(want.to_owned()), "{number}");
        let stored = opened.stored(&app).await;
        assert_eq!(stored.sequence.0, 5, "{number}");
        assert!(stored.challenges.web_authn.is_empty(), "{number}");
        assert_eq!(app.credential(&key).await, before, "{number}");
        // A right one comes too late.
        let right = answering(&key.clone().assert(&opened.options, ORIGIN));
        let got = opened.change(page, right).await;
        assert_eq!(got, Err(NO_CHALLENGE.to_owned()), "{number}");
        // The token is still the session's.
        let note = json!({ "metadata": { "a": "YQ==" } });
        opened.change(page, note).await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_is_of_a_credential_of_the_user_that_is_of_the_kind_asked_for() {
    use CredentialKind::{Passkey, U2f};

    let app = keys().await;
    let (mini, other) = (app.user("mini").await, app.user("other").await);
    let page = page(&app).await;
    // So that there is something to answer with.
    app.key(&mini, Passkey).await;
    let far = Authenticator::new(SignatureAlgorithm::Es256);
    let far = app.register(&mini, Passkey, far, "other.example").await;
    for (what, key, level, want) in [
        (
            "another user's",
            app.key(&other, Passkey).await,
            "REQUIRED",
            NOT_HIS,
        ),
        ("of another domain", far, "PREFERRED", NOT_HIS),
        (
            "a security key",
            app.key(&mini, U2f).await,
            "REQUIRED",
            NOT_HIS,
        ),
        ("a security key", app.key(&mini, U2f).await, "PREFERRED", ""),
    ] {
        let mut opened = Opened::of(page, &mini, level).await;
        let got = opened.answer(page, &mut key.clone()).await;
        assert_eq!(got.err().unwrap_or_default(), want, "{what} {level}");
    }
}

#[tokio::test]
async fn a_challenge_is_good_for_five_minutes() {
    let app = keys().await;
    let mini = app.user("mini").await;
    let page = page(&app).await;
    let mut key = app.key(&mini, CredentialKind::Passkey).await;
    for (after, want) in [(GOOD, ""), (EXPIRED, WRONG)] {
        for of_user in [true, false] {
            let mut opened = if of_user {
                Opened::of(page, &mini, "REQUIRED").await
            } else {
                Opened::of_nobody(page).await
            };
            let got = opened.answer(page.later(after), &mut key).await;
            assert_eq!(got.err().unwrap_or_default(), want, "{after:?} {of_user}");
            let left = opened.stored(&app).await.challenges.web_authn;
            assert_eq!(left, [], "{after:?} {of_user}");
        }
    }
}

/// The state is read at the answer: a session that names a user outlives a lock.
#[tokio::test]
async fn a_user_who_is_not_active_does_not_log_in() {
    let app = keys().await;
    let page = page(&app).await;
    for state in [UserState::Locked, UserState::Inactive] {
        let name = format!("mini-{state:?}").to_lowercase();
        let mini = app.user(&name).await;
        let mut key = app.key(&mini, CredentialKind::Passkey).await;
        let mut of_user = Opened::of(page, &mini, "REQUIRED").await;
        let mut of_nobody = Opened::of_nobody(page).await;
        app.change_user(&mini.user_id, |account| account.user.state = state)
            .await;

        let got = of_user.answer(page, &mut key).await;
        assert_eq!(got, Err(NOT_ACTIVE.to_owned()), "{state:?}");
        let got = of_nobody.answer(page, &mut key).await;
        assert_eq!(got, Err(WRONG.to_owned()), "{state:?}");
        for opened in [of_user, of_nobody] {
            let left = opened.stored(&app).await.challenges.web_authn;
            assert_eq!(left, [], "{state:?}");
        }
    }
}

/// Spoils an answer.
type Spoil = fn(&mut Authenticator);

/// Whatever is wrong, it is told in the same bytes and takes the same requests, under each `ACCESS`.
#[tokio::test]
async fn nothing_is_told_by_an_answer_to_a_challenge_without_a_user() {
    for access in ["public", "authenticated", "token"] {
        let app = keys_with("ACCESS", access).await;
        let page = page(&app).await;
        let reader = app.service(&Permission::ALL).await;
        let mut clients = vec![page, reader];
        if access == "public" {
            clients.push(app.client());
        }
        let mini = app.user("mini").await;
        let locked = app.user("locked").await;
        let key = app.key(&mini, CredentialKind::Passkey).await;
        let locked_key = app.key(&locked, CredentialKind::Passkey).await;
        app.change_user(&locked.user_id, |account| {
            account.user.state = UserState::Locked;
        })
        .await;
        let u2f = app.key(&mini, CredentialKind::U2f).await;
        // As a release without passkeys leaves one of a user whom it deletes, and who is added again.
        let again = app.user("again").await;
        let left_key = app.key(&again, CredentialKind::Passkey).await;
        app.set_kinds(&again, &[]).await;
        let rows: [(&str, &Authenticator, Spoil); 9] = [
            ("an unknown credential", &key, |key| key.id = vec![1; 32]),
            ("an unknown handle", &key, |key| {
                key.handle = Some(vec![1; 16]);
            }),
            ("another's handle", &key, |key| {
                key.handle = Some(vec![2; 16]);
            }),
            ("no handle", &key, |key| key.handle = None),
            ("a bad signature", &key, |key| key.bad_signature = true),
            ("no verified user", &key, |key| key.flags = USER_PRESENT),
            ("an inactive user", &locked_key, |_| {}),
            ("a security key", &u2f, |_| {}),
            ("a passkey that was left over", &left_key, |_| {}),
        ];
        for client in clients {
            let mut answers = Vec::new();
            for (what, key, change) in rows {
                let mut key = key.clone();
                change(&mut key);
                let opened = Opened::of_nobody(client).await;
                let message = opened.set(answering(&key.assert(&opened.options, ORIGIN)));
                app.faults.clear();

                let answer = client.call_json(Operation::SetSession, message).await;

                assert_eq!(answer.outcome(), WRONG, "{access} {what}");
                answers.push((what, answer.status, answer.body, app.faults.actions()));
            }
            let (_, status, body, actions) = &answers[0];
            for one in &answers {
                assert_eq!(
                    (&one.1, &one.2, &one.3),
                    (status, body, actions),
                    "{access} {}",
                    one.0
                );
            }
        }
    }
}

#[tokio::test]
async fn a_session_does_not_change_its_user() {
    let app = keys().await;
    let (mini, other) = (app.user("mini").await, app.user("other").await);
    let anyone = app.client();
    let mut key = app.key(&other, CredentialKind::Passkey).await;
    let mut opened = Opened::of_nobody(anyone).await;
    let options = opened.options.clone();
    let login = json!({
        "checks": {
            "user": { "loginName": mini.login_name.as_str() },
            "password": { "password": PASSWORD },
        },
    });
    opened.change(anyone, login).await.unwrap();
    opened.options = options;

    let got = opened.answer(anyone, &mut key).await;

    assert_eq!(got, Err(WRONG.to_owned()));
    let own = opened.stored(&app).await.factors.user.unwrap();
    assert_eq!(own.user_id, mini.user_id);
}

#[tokio::test]
async fn an_answer_names_a_challenge_of_the_session_and_can_be_read() {
    let app = keys().await;
    let mini = app.user("mini").await;
    let page = page(&app).await;
    let mut key = app.key(&mini, CredentialKind::Passkey).await;
    let other = Opened::of(page, &mini, "REQUIRED").await;
    let of_other = key.assert(&other.options, ORIGIN);
    let empty = Opened::create(page, json!({})).await;
    let mut opened = Opened::of(page, &mini, "REQUIRED").await;
    let right = key.assert(&opened.options, ORIGIN);
    let mut deep = json!(1);
    for _ in 0..16 {
        deep = json!([deep]);
    }
    let with = |name: &str, value: Value| {
        let mut answer = right.clone();
        answer[name] = value;
        answer
    };
    for (what, answer, want) in [
        ("another session's", &of_other, WRONG),
        ("nothing", &json!({}), MALFORMED),
        ("another type", &with("type", json!("password")), MALFORMED),
        ("another rawId", &with("rawId", json!("AQ")), MALFORMED),
        ("deep", &with("x", deep), MALFORMED),
        ("large", &with("x", json!("x".repeat(65_536))), MALFORMED),
    ] {
        let message = answering(answer);
        let got = empty.clone().change(page, message.clone()).await;
        let of_empty = if want == MALFORMED {
            MALFORMED
        } else {
            NO_CHALLENGE
        };
        assert_eq!(got, Err(of_empty.to_owned()), "{what}");
        let got = opened.clone().change(page, message.clone()).await;
        assert_eq!(got, Err(want.to_owned()), "{what}");
        // A create has made no challenge.
        let got = page.ask(Operation::CreateSession, message).await;
        assert_eq!(got, Err(NO_CHALLENGE.to_owned()), "{what}");
    }
    assert_eq!(opened.stored(&app).await.sequence.0, 4);
    opened.change(page, answering(&right)).await.unwrap();
}

/// Without domains, there is neither the check nor the challenge.
#[tokio::test]
async fn without_domains_nothing_is_checked() {
    let others = KEYS
        .into_iter()
        .filter(|(name, _)| !name.starts_with("RP_"));
    let app = App::emulated(&others.collect::<Vec<_>>()).await;
    let page = page(&app).await;
    let opened = Opened::create(page, json!({})).await;
    let answer = json!({ "id": base64url(&[1]), "type": "public-key" });
    for more in [
        answering(&answer),
        answering(&json!({})),
        json!({ "challenges": asking("REQUIRED") }),
        json!({ "challenges": { "webAuthN": {} } }),
    ] {
        let got = page.ask(Operation::CreateSession, more.clone()).await;
        assert_eq!(got, Err("code 12".to_owned()), "{more}");
        let got = page
            .ask(Operation::SetSession, opened.set(more.clone()))
            .await;
        assert_eq!(got, Err("code 12".to_owned()), "{more}");
    }
}
