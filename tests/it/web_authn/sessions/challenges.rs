//! What challenges are asked for, and by whom.

use serde_json::{Value, json};
use sesame::domain::{CredentialKind, Operation, Permission, SignatureAlgorithm};

use super::{NO_PROOF, NONE_USABLE, Opened, USER_MISSING, keys, keys_with, opening, page};
use crate::support::app::PASSWORD;
use crate::support::authenticator::Authenticator;
use crate::support::client::create_named;
use crate::support::keys::{ORIGIN, OTHER_DOMAIN, asking, asking_of};

#[tokio::test]
async fn a_challenge_is_of_a_domain_and_a_level() {
    let app = keys().await;
    let page = page(&app).await;
    let level = "USER_VERIFICATION_REQUIREMENT_REQUIRED";
    for (asked, want) in [
        (asking("REQUIRED"), "ok"),
        (asking_of(OTHER_DOMAIN, "REQUIRED"), "ok"),
        (asking_of("evil.example", "REQUIRED"), "code 3"),
        (asking_of("login.acme.example", "REQUIRED"), "code 3"),
        (asking_of("", "REQUIRED"), "code 3"),
        (asking("UNSPECIFIED"), "code 3"),
        (json!({ "webAuthN": {} }), "code 3"),
        (
            json!({ "webAuthN": { "domain": "acme.example" } }),
            "code 3",
        ),
        (
            json!({ "webAuthN": { "userVerificationRequirement": level } }),
            "code 3",
        ),
        (
            json!({ "webAuthN": { "domain": "acme.example", "userVerificationRequirement": 4 } }),
            "code 3",
        ),
        (asking("PREFERRED"), USER_MISSING),
        (asking("DISCOURAGED"), USER_MISSING),
    ] {
        let answer = page.create_json(&json!({ "challenges": asked })).await;
        assert_eq!(answer.outcome(), want, "{asked}");
        let opened = Opened::create(page, json!({})).await;
        let set = opened.set(json!({ "challenges": asked }));
        let answer = page.call_json(Operation::SetSession, set).await;
        assert_eq!(answer.outcome(), want, "{asked}");
    }
}

#[tokio::test]
async fn a_user_has_a_credential_that_could_answer() {
    use CredentialKind::{Passkey, U2f};

    let app = keys().await;
    let page = page(&app).await;
    for (name, kinds, [required, preferred]) in [
        ("nothing", &[][..], [NONE_USABLE; 2]),
        ("security", &[U2f], [NONE_USABLE, "ok"]),
        ("passkey", &[Passkey], ["ok", "ok"]),
    ] {
        let user = app.user(name).await;
        for kind in kinds {
            app.key(&user, *kind).await;
        }
        // One of another domain makes no difference.
        let far = Authenticator::new(SignatureAlgorithm::Es256);
        app.register(&user, Passkey, far, OTHER_DOMAIN).await;
        for (level, want) in [
            ("REQUIRED", required),
            ("PREFERRED", preferred),
            ("DISCOURAGED", preferred),
        ] {
            let answer = page.create_json(&opening(&user, level)).await;
            assert_eq!(answer.outcome(), want, "{name} {level}");
        }
    }
}

/// The list tells what a user has.
#[tokio::test]
async fn a_challenge_of_a_user_is_for_those_who_may_know_what_he_has() {
    for access in ["public", "authenticated"] {
        let app = keys_with("ACCESS", access).await;
        let mini = app.user("mini").await;
        let mut key = app.key(&mini, CredentialKind::Passkey).await;
        let page = page(&app).await;
        let other = app.service(&[Permission::SessionRead]).await;
        let asked = json!({ "challenges": asking("REQUIRED") });
        let password = json!({ "password": { "password": PASSWORD } });
        let named = create_named(&app, &mini).await;
        let (id, token) = (named.id(), named.token());
        let set = |more: &Value| {
            let mut message = more.clone();
            message["sessionId"] = json!(id);
            message["sessionToken"] = json!(token);
            message
        };

        // Whoever holds the token of a session that only names him.
        let answer = other.call_json(Operation::SetSession, set(&asked)).await;
        assert_eq!(answer.outcome(), NO_PROOF, "{access}");
        let mut with_password = asked.clone();
        with_password["checks"] = password.clone();
        let answer = other
            .call_json(Operation::SetSession, set(&with_password))
            .await;
        assert_eq!(answer.outcome(), "ok", "{access}");

        // In a session of its own, by a password.
        let mut login = opening(&mini, "REQUIRED");
        let answer = other.create_json(&login).await;
        assert_ne!(answer.outcome(), "ok", "{access}");
        login["checks"]["password"] = password["password"].clone();
        let mut opened = Opened::create(other, login).await;
        opened.change(other, asked.clone()).await.unwrap();

        // By the page, which may check him without one.
        let mut by_page = Opened::of(page, &mini, "REQUIRED").await;
        by_page.answer(page, &mut key).await.unwrap();
        // A session in which a passkey was checked.
        by_page.change(other, asked.clone()).await.unwrap();

        // The user himself, in another session that only names him.
        let named = create_named(&app, &mini).await;
        let own = app.client().bearing(&by_page.token);
        let mut message = asked.clone();
        message["sessionId"] = json!(named.id());
        message["sessionToken"] = json!(named.token());
        let answer = own.call_json(Operation::SetSession, message).await;
        assert_eq!(answer.outcome(), "ok", "{access}");
    }
}

/// A challenge without a user tells nothing, and is for whoever may create a session by password.
#[tokio::test]
async fn anybody_who_may_log_a_user_in_may_ask_for_a_challenge_without_one() {
    for (access, anonymous, account) in [
        ("public", "ok", "ok"),
        ("authenticated", "code 16", "ok"),
        ("token", "code 16", "AUTH-5mWD2"),
    ] {
        let app = keys_with("ACCESS", access).await;
        let other = app.service(&[Permission::SessionRead]).await;
        let message = json!({ "challenges": asking("REQUIRED") });
        for (client, want) in [(app.client(), anonymous), (other, account)] {
            let answer = client.create_json(&message).await;
            assert_eq!(answer.outcome(), want, "{access}");
        }
    }
}

/// A create that is repeated has the same challenge, as long as that waits for its answer.
#[tokio::test]
async fn a_repeated_create_has_the_same_challenge() {
    let app = keys().await;
    let mini = app.user("mini").await;
    let page = page(&app).await;
    let mut key = app.key(&mini, CredentialKind::Passkey).await;
    for (name, message) in [
        ("of a user", opening(&mini, "REQUIRED")),
        ("of nobody", json!({ "challenges": asking("REQUIRED") })),
    ] {
        let send = async |message: &Value| {
            let request = page.json(Operation::CreateSession, message.clone());
            let request = crate::support::app::header(request, "idempotency-key", name);
            page.send(request).await
        };
        let first = send(&message).await;
        assert_eq!(first.outcome(), "ok", "{name}");
        let again = send(&message).await;
        assert_eq!(again.json(), first.json(), "{name}");

        let mut other = message.clone();
        other["challenges"] = asking_of(OTHER_DOMAIN, "REQUIRED");
        let answer = send(&other).await;
        assert_ne!(answer.outcome(), "ok", "{name}");

        let options = &first.json()["challenges"]["webAuthN"]["publicKeyCredentialRequestOptions"];
        let mut set = super::answering(&key.assert(options, ORIGIN));
        set["sessionId"] = json!(first.id());
        set["sessionToken"] = json!(first.token());
        page.ask(Operation::SetSession, set).await.unwrap();
        let again = send(&message).await.json();
        assert_eq!(again["challenges"], Value::Null, "{name}");
        assert_eq!(
            again["sessionToken"],
            first.json()["sessionToken"],
            "{name}"
        );
    }
}
