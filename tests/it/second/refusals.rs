//! What is refused before a code is compared: malformed codes, challenges that can't be made, and
//! checks that aren't carried out. Nothing is counted, sent or written of it.

use serde_json::{Value, json};
use sesame::api::Version;
use sesame::domain::{FactorKind, Operation, UserState};

use super::check::Check;
use super::{ALL, DENIED, Opened, asked, open, open_with, page, reader, second, second_with};
use crate::support::administration::Administration as _;
use crate::support::client::{Client, Wire, code};
use crate::support::second::login;

/// Each protocol with both versions that have second factors.
fn wires() -> impl Iterator<Item = (Wire, Version)> {
    let both = [Version::V2, Version::V2beta];
    let with = move |wire| both.map(|version| (wire, version));
    Wire::ALL.into_iter().flat_map(with)
}

/// Checks that a Set is refused with this answer, and that nothing comes of it.
async fn assert_refused(
    client: Client<'_>,
    session: &Opened,
    more: Value,
    want: (i32, &str),
    about: &str,
) {
    let app = client.app;
    let before = session.stored(app).await;
    let sent = app.outbox().len();
    let error = session.attempt(client, more).await.unwrap_err();
    let got = (error.code, error.id.as_deref().unwrap_or_default());
    assert_eq!(got, want, "{about}");
    assert_eq!(session.stored(app).await, before, "{about}");
    assert_eq!(app.outbox().len(), sent, "{about}");
}

#[tokio::test]
async fn a_malformed_code_is_refused_and_not_counted() {
    let app = second().await;
    let page = page(&app).await;
    let mini = app.user_with("mini", &ALL).await;
    let session = open_with(page, super::challenging(&mini, &["otpSms", "otpEmail"])).await;
    let long = "1".repeat(201);
    for (wire, version) in wires() {
        for (check, text, want) in [
            (Check::Totp, "", (3, "")),
            (Check::Totp, "12345", (3, "")),
            (Check::Totp, "1234567", (3, "")),
            (Check::Totp, "123 456", (3, "")),
            (Check::OtpSms, "", (3, "COMMAND-SJl2g")),
            (Check::OtpSms, &long, (3, "")),
            (Check::OtpEmail, "", (3, "COMMAND-SJl2g")),
            (Check::OtpEmail, &long, (3, "")),
            (Check::RecoveryCode, "", (3, "COMMAND-u0b6c")),
            (Check::RecoveryCode, &long, (3, "")),
        ] {
            if check == Check::RecoveryCode && version == Version::V2beta {
                continue;
            }
            let about = format!("{check:?} {text:?} over {wire:?} {version:?}");
            let client = app.client().over(wire, version);
            assert_refused(client, &session, check.with(text), want, &about).await;
        }
    }
    assert_eq!(app.factors_of(&mini.user_id).await.attempts.made, 0);
}

/// What a user may type is a code: a wrong one at worst.
#[tokio::test]
async fn a_code_of_other_characters_is_a_wrong_one() {
    let app = second_with("MAX_FACTOR_ATTEMPTS", "20").await;
    let page = page(&app).await;
    let mini = app.user_with("mini", &ALL).await;
    let session = open_with(page, super::challenging(&mini, &["otpSms", "otpEmail"])).await;
    let long = "1".repeat(200);
    let mut tried = 0;
    for (check, text) in [
        (Check::Totp, "abcdef"),
        (Check::Totp, "١٢٣٤٥٦"),
        (Check::OtpSms, "a"),
        (Check::OtpSms, &long),
        (Check::OtpEmail, " "),
        (Check::OtpEmail, "ä"),
        (Check::RecoveryCode, "-"),
        (Check::RecoveryCode, &long),
    ] {
        let refused = session.attempt(page, check.with(text)).await;
        assert_eq!(code(&refused), check.wrong(), "{check:?} {text:?}");
        tried += 1;
        let attempts = app.factors_of(&mini.user_id).await.attempts;
        assert_eq!(attempts.failures, tried, "{check:?} {text:?}");
    }
}

/// A challenge that a session or its user isn't ready for.
#[tokio::test]
async fn a_code_is_sent_to_a_user_who_has_proved_himself_and_set_it_up() {
    let app = second().await;
    let page = page(&app).await;
    let mini = app.user_with("mini", &ALL).await;
    let bare = app.user_with("bare", &[FactorKind::Totp]).await;
    let mail = app.user_with("mail", &[FactorKind::OtpEmail]).await;
    let unverified = app.user_with("unverified", &ALL).await;
    app.change_user(&unverified.user_id, |account| {
        let profile = &mut account.profile;
        profile.email.as_mut().unwrap().verified_at = None;
        profile.phone.as_mut().unwrap().verified_at = None;
    })
    .await;
    let moved = app.user_with("moved", &ALL).await;
    app.change_user(&moved.user_id, |account| {
        (account.profile.email, account.profile.phone) = (None, None);
    })
    .await;
    let named = json!({ "checks": { "user": { "userId": mini.user_id.as_str() } } });
    let sessions = [
        (
            open_with(page, json!({})).await,
            [(9, "COMMAND-JKL3g"), (9, "COMMAND-JK3gp")],
        ),
        (
            open_with(page, named).await,
            [(9, "SESAME-Fprf1"), (9, "SESAME-Fprf1")],
        ),
        (
            open(page, &bare).await,
            [(9, "COMMAND-BJ2g3"), (9, "COMMAND-JKLJ3")],
        ),
        (
            open(page, &unverified).await,
            [(9, "COMMAND-BJ2g3"), (9, "COMMAND-JKLJ3")],
        ),
        (
            open(page, &moved).await,
            [(9, "COMMAND-BJ2g3"), (9, "COMMAND-JKLJ3")],
        ),
    ];
    let by_mail = open(page, &mail).await;
    for (wire, version) in wires() {
        for (n, (session, wants)) in sessions.iter().enumerate() {
            for (name, want) in ["otpSms", "otpEmail"].into_iter().zip(wants) {
                for client in [app.client(), page] {
                    let client = client.over(wire, version);
                    let more = json!({ "challenges": asked(&[name]) });
                    let about = format!("session {n} {name} over {wire:?} {version:?}");
                    assert_refused(client, session, more, *want, &about).await;
                }
            }
        }
        // The first error ends all: nothing is sent of the other one either.
        let both = json!({ "challenges": asked(&["otpSms", "otpEmail"]) });
        let client = page.over(wire, version);
        assert_refused(client, &by_mail, both, (9, "COMMAND-BJ2g3"), "both").await;
    }
    for user in [&mini, &bare, &unverified, &moved, &mail] {
        let sent = app.factors_of(&user.user_id).await.sent;
        assert_eq!((sent.sms.count, sent.email.count), (0, 0));
    }
}

#[tokio::test]
async fn a_link_leads_where_the_settings_say() {
    let app = second().await;
    let page = page(&app).await;
    let mini = app.user_with("mini", &ALL).await;
    let session = open(page, &mini).await;
    for (wire, version) in wires() {
        for (template, want) in [
            ("https://evil.example/?code={{.Code}}", (3, "DOMAIN-oGh5e")),
            ("http://login.example/?code={{.Code}}", (3, "DOMAIN-oGh5e")),
            (
                "https://login.example/?code={{.Nothing}}",
                (3, "DOMAIN-ieYa7"),
            ),
            ("https://login.example/?code={{.Code", (3, "DOMAIN-ieYa7")),
            (
                &format!("https://login.example/{}", "a".repeat(179)),
                (3, ""),
            ),
        ] {
            let send = json!({ "sendCode": { "urlTemplate": template } });
            let more = json!({ "challenges": { "otpEmail": send } });
            let about = format!("{template} over {wire:?} {version:?}");
            assert_refused(page.over(wire, version), &session, more, want, &about).await;
        }
    }
}

#[tokio::test]
async fn without_a_sender_no_code_is_made() {
    for (setting, refused, other) in [
        ("MAIL_FROM", "otpEmail", "otpSms"),
        ("SMS_ORIGINATION", "otpSms", "otpEmail"),
    ] {
        let app = second_with(setting, "none").await;
        let page = page(&app).await;
        let mini = app.user_with("mini", &ALL).await;
        let mut session = open(page, &mini).await;
        for (wire, version) in wires() {
            let more = json!({ "challenges": asked(&[refused]) });
            let want = (9, "SESAME-Send1");
            assert_refused(page.over(wire, version), &session, more, want, setting).await;
        }
        // One that is returned needs no sender.
        let reader = reader(&app).await;
        let returned = match refused {
            "otpSms" => json!({ "otpSms": { "returnCode": true } }),
            _ => json!({ "otpEmail": { "returnCode": {} } }),
        };
        let more = json!({ "challenges": returned });
        let answer = session.change(reader, more).await.unwrap();
        let code = answer["challenges"][refused].as_str().unwrap();
        assert_eq!(code.len(), 8, "{answer}");
        let more = json!({ "challenges": asked(&[other]) });
        session.change(page, more).await.unwrap();
    }
}

/// Without a server key there are no apps and no codes that are sent. Recovery codes need none.
#[tokio::test]
async fn without_a_server_key_only_recovery_codes_are_checked() {
    let keyed = second().await;
    let mini = keyed.user_with("mini", &ALL).await;
    let session = {
        let page = page(&keyed).await;
        open_with(page, super::challenging(&mini, &["otpSms", "otpEmail"])).await
    };
    let app = keyed.beside(&[("MAIL_FROM", "login@acme.example")]);
    for (wire, version) in wires() {
        let client = app.client().over(wire, version);
        for check in [Check::Totp, Check::OtpSms, Check::OtpEmail] {
            let more = check.with(if check == Check::Totp {
                "123456"
            } else {
                "12345678"
            });
            assert_refused(client, &session, more, (12, ""), check.name()).await;
        }
        for name in ["otpSms", "otpEmail"] {
            let more = json!({ "challenges": asked(&[name]) });
            assert_refused(client, &session, more, (12, ""), name).await;
        }
    }
    assert_eq!(app.factors_of(&mini.user_id).await.attempts.made, 0);
    let right = Check::RecoveryCode.with(super::check::RECOVERY);
    let checked = session.attempt(app.client(), right).await;
    assert_eq!(code(&checked), "ok");
}

/// A returned code is a factor that its holder hasn't.
#[tokio::test]
async fn a_code_is_returned_only_to_who_may_read_codes() {
    let app = second().await;
    let mini = app.user_with("mini", &ALL).await;
    let session = open(app.client(), &mini).await;
    let page = page(&app).await;
    let own = app.client().bearing(session.token.clone().leak());
    for (wire, version) in wires() {
        for (name, value) in [
            ("otpSms", json!({ "returnCode": true })),
            ("otpEmail", json!({ "returnCode": {} })),
        ] {
            for client in [app.client(), page, own] {
                let more = json!({ "challenges": { name: value } });
                let client = client.over(wire, version);
                assert_refused(client, &session, more, (7, DENIED), name).await;
                if client.token == own.token {
                    // It opens no other session.
                    continue;
                }
                let mut message = login(&mini, json!({}));
                message["challenges"] = json!({ name: value });
                let created = client.ask(Operation::CreateSession, message).await;
                assert_eq!(created.unwrap_err(), DENIED);
            }
        }
    }
    assert_eq!(app.sessions_of(&mini.user_id).await, [&*session.id]);
}

/// A check that nobody carries out must not be taken for a passed one.
#[tokio::test]
async fn other_checks_and_challenges_are_refused_by_name() {
    let app = second().await;
    let page = page(&app).await;
    let mini = app.user_with("mini", &ALL).await;
    let session = open_with(page, super::challenging(&mini, &["otpSms", "otpEmail"])).await;
    let mut all: Vec<(Version, &str, &str, Value)> = Vec::new();
    for version in Version::ALL {
        all.push((version, "checks", "web_auth_n", json!({ "webAuthN": {} })));
        all.push((version, "checks", "idp_intent", json!({ "idpIntent": {} })));
        all.push((
            version,
            "challenges",
            "web_auth_n",
            json!({ "webAuthN": {} }),
        ));
    }
    for check in Check::ALL {
        let message = json!({ check.name(): { "code": check.sample() } });
        all.push((Version::V2alpha, "checks", check.field(), message));
    }
    let recovery = json!({ "recoveryCode": { "code": super::check::RECOVERY } });
    all.push((Version::V2beta, "checks", "recovery_code", recovery));
    for name in ["otpSms", "otpEmail"] {
        all.push((Version::V2alpha, "challenges", "", asked(&[name])));
    }
    for wire in Wire::ALL {
        for (version, part, name, message) in &all {
            let about = format!("{part}.{name} over {wire:?} {version:?}");
            let client = app.client().over(wire, *version);
            let more = json!({ (*part): message });
            assert_refused(client, &session, more.clone(), (12, ""), &about).await;
            let error = session.attempt(client, more.clone()).await.unwrap_err();
            let is_named = error.message.contains(&format!("{part}.{name}"))
                || error.message.contains("checks.recoveryCode")
                || error.message.contains(&format!("of {part}"))
                || name.is_empty() && error.message.contains(part);
            assert!(is_named, "{about}: {}", error.message);
            // Nor in a create, which then stores nothing.
            let mut create = login(&mini, json!({}));
            for (field, value) in message.as_object().unwrap() {
                create[*part][field] = value.clone();
            }
            let created = client.try_json(Operation::CreateSession, create).await;
            assert_eq!(created.unwrap_err().code, 12, "{about}");
        }
    }
    assert_eq!(app.sessions_of(&mini.user_id).await, [&*session.id]);
    assert_eq!(app.factors_of(&mini.user_id).await.attempts.made, 0);
}

/// The message of a check by somebody who proves nothing.
fn unproved(user: &Value, part: &str, message: &Value) -> Value {
    let mut create = json!({ "checks": { "user": user } });
    for (field, value) in message.as_object().unwrap() {
        create[part][field] = value.clone();
    }
    create
}

/// A stranger must not lock a user, have him sent messages, or learn what he has.
#[tokio::test]
async fn nobody_learns_anything_without_a_proof() {
    let app = second().await;
    let page = page(&app).await;
    let all = app.user_with("all", &ALL).await;
    let none = app.user("none").await;
    let locked = app.user_with("locked", &ALL).await;
    assert!(
        app.store
            .set_user_state(&locked, UserState::Locked)
            .await
            .unwrap()
    );
    let nobody = json!({ "loginName": app.login_name("nobody").as_str() });
    let users = [
        json!({ "userId": all.user_id.as_str() }),
        json!({ "userId": none.user_id.as_str() }),
        json!({ "userId": locked.user_id.as_str() }),
        nobody,
    ];
    for user in &users {
        for check in Check::ALL {
            let message = json!({ check.name(): { "code": check.sample() } });
            let create = unproved(user, "checks", &message);
            for client in [app.client(), page] {
                app.faults.clear();
                let created = client.ask(Operation::CreateSession, create.clone()).await;
                assert_eq!(created.unwrap_err(), "SESAME-Fprf1", "{user} {check:?}");
                assert_eq!(app.faults.count("UpdateItem"), 0);
            }
        }
        for name in ["otpSms", "otpEmail"] {
            let create = unproved(user, "challenges", &asked(&[name]));
            // Who sees users may name one without a password, and is told that it takes one.
            let created = page.ask(Operation::CreateSession, create.clone()).await;
            assert_eq!(created.unwrap_err(), "SESAME-Fprf1", "{user} {name}");
            let created = app.client().ask(Operation::CreateSession, create).await;
            assert_eq!(created.unwrap_err(), "code 16", "{user} {name}");
        }
        // A wrong password is a wrong password, whatever comes with it.
        let wrong = |more: &str| {
            let mut checks = json!({ "user": user, "password": { "password": "wrong" } });
            checks[more] = json!({ "code": "12345678" });
            json!({ "checks": checks })
        };
        for more in ["otpSms", "otpEmail", "recoveryCode"] {
            let created = app
                .client()
                .ask(Operation::CreateSession, wrong(more))
                .await;
            assert_eq!(created.unwrap_err(), "COMMAND-3M0fs", "{user} {more}");
        }
    }
    assert_eq!(app.outbox().len(), 0);
    assert_eq!(app.factors_of(&all.user_id).await.attempts.made, 0);
}
