//! Logins whose answers are right.

use std::time::Duration;

use serde_json::json;
use sesame::api::Version;
use sesame::domain::{CredentialKind, FactorKind, SignCount, SignatureAlgorithm};

use super::{Opened, answering, keys, opening, page};
use crate::support::app::{NOW, PASSWORD};
use crate::support::authenticator::{
    Authenticator, BACKED_UP, BACKUP_ELIGIBLE, Form, Spelling, USER_PRESENT, USER_VERIFIED,
};
use crate::support::client::Wire;
use crate::support::keys::{DOMAIN, ORIGIN, asking, base64url};
use crate::support::second::totp;

/// The flags of an answer with and without a verified user.
const VERIFIED: u8 = USER_PRESENT | USER_VERIFIED;
const PRESENT: u8 = USER_PRESENT;

#[tokio::test]
async fn a_right_answer_is_a_factor_in_each_protocol() {
    use CredentialKind::{Passkey, U2f};

    let app = keys().await;
    let mini = app.user("mini").await;
    let page = page(&app).await;
    for wire in Wire::ALL {
        for version in [Version::V2, Version::V2beta] {
            for (kind, level, flags, user_verified) in [
                (Passkey, "REQUIRED", VERIFIED, true),
                (Passkey, "PREFERRED", VERIFIED, true),
                (Passkey, "PREFERRED", PRESENT, false),
                (U2f, "PREFERRED", VERIFIED, true),
                (U2f, "DISCOURAGED", PRESENT, false),
            ] {
                let what = format!("{wire:?} {version:?} {kind:?} {level} {flags}");
                let client = page.over(wire, version);
                let mut key = app.key(&mini, kind).await;
                key.flags = flags;
                let mut opened = Opened::of(client, &mini, level).await;
                assert_eq!(opened.sequence, "4", "{what}");

                opened.answer(client, &mut key).await.unwrap();

                assert_eq!(opened.sequence, "6", "{what}");
                let factors = opened.factors(client).await;
                let mut want = json!({ "verifiedAt": "2027-01-15T08:00:00.123Z" });
                if user_verified {
                    want["userVerified"] = json!(true);
                }
                assert_eq!(factors["webAuthN"], want, "{what}");
                assert_eq!(factors["user"]["id"], mini.user_id.as_str(), "{what}");
                let stored = opened.stored(&app).await;
                let is_passkey = kind == Passkey && user_verified;
                let proved = &stored.factors.verified_at;
                assert_eq!(
                    proved.contains_key(&sesame::domain::Factor::Passkey),
                    is_passkey,
                    "{what}"
                );
                assert_eq!(
                    proved.contains_key(&sesame::domain::Factor::U2f),
                    !is_passkey,
                    "{what}"
                );
                assert!(stored.challenges.web_authn.is_empty(), "{what}");
                let credential = app.credential(&key).await;
                assert_eq!(credential.sign_count, SignCount(1), "{what}");
                assert_eq!(credential.used_at, Some(NOW), "{what}");
                app.change_user(&mini.user_id, |account| {
                    account.credentials = account.credentials.clone().without(|_| true);
                })
                .await;
            }
        }
    }
}

#[tokio::test]
async fn a_challenge_without_a_user_finds_the_user() {
    let app = keys().await;
    let mini = app.user_with_hash("mini", None).await;
    let anyone = app.client();
    for wire in Wire::ALL {
        let client = anyone.by(wire);
        let mut key = app.key(&mini, CredentialKind::Passkey).await;
        let mut opened = Opened::of_nobody(client).await;
        let options = &opened.options["publicKey"];
        assert_eq!(options["allowCredentials"], json!([]), "{wire:?}");
        assert_eq!(opened.sequence, "3", "{wire:?}");

        opened.answer(client, &mut key).await.unwrap();

        assert_eq!(opened.sequence, "6", "{wire:?}");
        let factors = opened.factors(client).await;
        assert_eq!(factors["user"]["id"], mini.user_id.as_str(), "{wire:?}");
        assert_eq!(factors["webAuthN"]["userVerified"], true, "{wire:?}");
        // The token says whose session it is.
        let own = app.client().bearing(&opened.token);
        let answer = own.create_json(&json!({})).await;
        assert_eq!(answer.status, 200, "{wire:?}");
        app.change_user(&mini.user_id, |account| {
            account.credentials = account.credentials.clone().without(|_| true);
        })
        .await;
    }
}

#[tokio::test]
async fn each_algorithm_form_and_spelling_logs_in() {
    let app = keys().await;
    let mini = app.user("mini").await;
    let page = page(&app).await;
    for algorithm in [
        SignatureAlgorithm::Es256,
        SignatureAlgorithm::EdDsa,
        SignatureAlgorithm::Rs256,
    ] {
        let key = Authenticator::new(algorithm);
        let key = app
            .register(&mini, CredentialKind::Passkey, key, DOMAIN)
            .await;
        for form in [Form::ToJson, Form::ByHand] {
            for spelling in [
                Spelling::UrlSafe,
                Spelling::UrlSafePadded,
                Spelling::Standard,
                Spelling::StandardUnpadded,
            ] {
                // A key that doesn't count.
                let mut key = key.clone();
                (key.form, key.spelling, key.step) = (form, spelling, 0);
                let mut opened = Opened::of(page, &mini, "REQUIRED").await;

                let answered = opened.answer(page, &mut key).await;

                assert!(
                    answered.is_ok(),
                    "{algorithm:?} {form:?} {spelling:?} {answered:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_login_stores_what_the_authenticator_says_of_itself() {
    let app = keys().await;
    let mini = app.user("mini").await;
    let page = page(&app).await;
    let mut key = Authenticator::new(SignatureAlgorithm::Es256);
    key.flags |= BACKUP_ELIGIBLE;
    let mut key = app
        .register(&mini, CredentialKind::Passkey, key, DOMAIN)
        .await;
    for (state, count) in [(BACKED_UP, 1), (0, 7), (BACKED_UP, 8)] {
        key.flags = VERIFIED | BACKUP_ELIGIBLE | state;
        key.sign_count = count - 1;
        let mut opened = Opened::of(page, &mini, "REQUIRED").await;

        opened
            .answer(page.later(Duration::from_secs(1)), &mut key)
            .await
            .unwrap();

        let stored = app.credential(&key).await;
        assert_eq!(stored.backup.is_backed_up, state != 0);
        assert_eq!(stored.sign_count, SignCount(count));
        assert_eq!(stored.used_at, Some(NOW.plus(Duration::from_secs(1))));
    }
}

/// The options list what the authenticator may use, and how it is reached.
#[tokio::test]
async fn the_options_are_those_of_browsers() {
    let app = keys().await;
    let mini = app.user("mini").await;
    let page = page(&app).await;
    let mut key = Authenticator::new(SignatureAlgorithm::Es256);
    key.transports = vec!["internal", "hybrid"];
    let passkey = app
        .register(&mini, CredentialKind::Passkey, key, DOMAIN)
        .await;
    let mut key = Authenticator::new(SignatureAlgorithm::Es256);
    key.transports = Vec::new();
    let u2f = app.register(&mini, CredentialKind::U2f, key, DOMAIN).await;
    let listed = [
        json!({
            "type": "public-key",
            "id": base64url(&passkey.id),
            "transports": ["internal", "hybrid"],
        }),
        json!({ "type": "public-key", "id": base64url(&u2f.id) }),
    ];
    for (level, named, want) in [
        ("REQUIRED", "required", &listed[..1]),
        ("PREFERRED", "preferred", &listed),
        ("DISCOURAGED", "discouraged", &listed),
    ] {
        let created = page.create_json(&opening(&mini, level)).await.json();

        let key = &created["challenges"]["webAuthN"];
        let mut options = key["publicKeyCredentialRequestOptions"].clone();
        let challenge = options["publicKey"]["challenge"].take();
        assert_eq!(challenge.as_str().unwrap().len(), 43, "{level}");
        let want = json!({
            "publicKey": {
                "challenge": null,
                "timeout": 300_000,
                "rpId": DOMAIN,
                "allowCredentials": want,
                "userVerification": named,
            },
        });
        assert_eq!(options, want, "{level}");
    }
}

/// A passkey is proof enough for second factors, in the session or in the same request.
#[tokio::test]
async fn second_factors_are_checked_beside_a_passkey() {
    let app = keys().await;
    let mini = app.user_with("mini", &[FactorKind::Totp]).await;
    let page = page(&app).await;
    let code = |at| json!({ "code": totp(&mini.user_id, at) });
    let mut key = app.key(&mini, CredentialKind::Passkey).await;

    let mut opened = Opened::of(page, &mini, "REQUIRED").await;
    opened.answer(page, &mut key).await.unwrap();
    let more = json!({ "checks": { "totp": code(NOW) } });
    opened.change(page, more).await.unwrap();
    assert!(opened.factors(page).await["totp"].is_object());

    let later = page.later(Duration::from_mins(1));
    let mut opened = Opened::of_nobody(later).await;
    let mut message = answering(&key.assert(&opened.options, ORIGIN));
    message["checks"]["totp"] = code(later.now);
    opened.change(later, message).await.unwrap();
    // Opened, the challenge, the token; user, passkey, totp, the token.
    assert_eq!(opened.sequence, "7");
    assert!(opened.factors(later).await["totp"].is_object());
}

#[tokio::test]
async fn a_security_key_is_checked_beside_a_password_in_one_request() {
    let app = keys().await;
    let mini = app.user("mini").await;
    let anyone = app.client();
    let mut key = app.key(&mini, CredentialKind::U2f).await;
    let login = json!({
        "checks": {
            "user": { "loginName": mini.login_name.as_str() },
            "password": { "password": PASSWORD },
        },
        "challenges": asking("DISCOURAGED"),
    });
    let mut opened = Opened::create(anyone, login).await;
    let mut message = answering(&key.assert(&opened.options, ORIGIN));
    message["checks"]["password"] = json!({ "password": PASSWORD });

    opened.change(anyone, message).await.unwrap();

    let factors = opened.factors(anyone).await;
    assert!(factors["password"].is_object() && factors["webAuthN"].is_object());
}
