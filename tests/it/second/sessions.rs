//! What second factors make of a session: its sequence, its factors, its token and its end.

use std::time::Duration;

use serde_json::{Value, json};
use sesame::api::Version;
use sesame::domain::{Operation, Permission, User};

use super::check::{Check, RECOVERY};
use super::{
    ALL, HOUR, MINUTE, Opened, SECOND_1, asked, challenging, open, open_with, outcome, page,
    second, second_with,
};
use crate::support::administration::Administration as _;
use crate::support::answer::{millis, number};
use crate::support::app::{App, NOW, PASSWORD};
use crate::support::client::{Client, Wire};
use crate::support::second::{RECOVERY_CODES, login, totp};

pub fn sequence(answer: &Value) -> u64 {
    number(&answer["details"]["sequence"])
}

/// Session added, each check that passed, each challenge, metadata, lifetime, token.
#[tokio::test]
async fn the_sequence_of_a_create_counts_checks_and_challenges() {
    let app = second().await;
    let codes = [
        ("totp", json!({ "code": "" })),
        ("recoveryCode", json!({ "code": "" })),
    ];
    for (n, (checks, challenges, more, want)) in [
        (&["totp"][..], &[][..], json!({}), 5),
        (&["recoveryCode"], &[], json!({}), 5),
        (&["totp", "recoveryCode"], &[], json!({}), 6),
        (&[], &["otpSms"], json!({}), 5),
        (&[], &["otpSms", "otpEmail"], json!({}), 6),
        (&["totp"], &["otpEmail"], json!({}), 6),
        (&["totp"], &[], json!({ "lifetime": "60s" }), 6),
        (
            &["totp", "recoveryCode"],
            &["otpSms", "otpEmail"],
            json!({ "lifetime": "60s", "metadata": { "a": "MQ==" } }),
            10,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let mini = app.user_with(&n.to_string(), &ALL).await;
        let mut message = login(&mini, json!({}));
        for (name, _) in codes.iter().filter(|(name, _)| checks.contains(name)) {
            let code = match *name {
                "totp" => totp(&mini.user_id, NOW),
                _ => RECOVERY.to_owned(),
            };
            message["checks"][*name] = json!({ "code": code });
        }
        message["challenges"] = asked(challenges);
        for (name, value) in more.as_object().unwrap() {
            message[name] = value.clone();
        }
        let opened = open_with(app.client(), message).await;
        assert_eq!(sequence(&opened.answer), want, "{n}");
        assert_eq!(opened.stored(&app).await.sequence.0, want, "{n}");
    }
}

#[tokio::test]
async fn the_sequence_of_a_set_counts_checks_and_challenges() {
    let app = second().await;
    let mini = app.user_with("mini", &ALL).await;
    let client = app.client();
    let mut session = open(client, &mini).await;
    assert_eq!(sequence(&session.answer), 4);
    let mut at = Duration::ZERO;
    let mut sms = String::new();
    let mut email = String::new();
    for (n, (what, want)) in [
        ("totp", 6),
        ("recovery", 8),
        ("challenge", 10),
        ("challenges", 13),
        ("sms", 15),
        ("email and totp", 18),
        ("password and recovery", 21),
    ]
    .into_iter()
    .enumerate()
    {
        at += MINUTE * u32::from(what == "challenges") + SECOND_1;
        let now = NOW.plus(at);
        let code = totp(&mini.user_id, now);
        let more = match what {
            "totp" => Check::Totp.with(&code),
            "recovery" => Check::RecoveryCode.with(RECOVERY),
            "challenge" => json!({ "challenges": asked(&["otpEmail"]) }),
            "challenges" => json!({ "challenges": asked(&["otpSms", "otpEmail"]) }),
            "sms" => Check::OtpSms.with(&sms),
            "email and totp" => json!({ "checks": {
                "otpEmail": { "code": email }, "totp": { "code": code },
            } }),
            _ => json!({ "checks": {
                "password": { "password": PASSWORD },
                "recoveryCode": { "code": RECOVERY_CODES[1] },
            } }),
        };
        let changed = session.change(client.at(now), more).await;
        assert_eq!(sequence(&changed.unwrap()), want, "{n} {what}");
        if what == "challenges" {
            sms = Check::OtpSms.right(&app, &mini, now);
            email = Check::OtpEmail.right(&app, &mini, now);
        }
    }
}

/// A login page asks again each time that it is loaded.
#[tokio::test]
async fn a_challenge_that_stands_changes_nothing_within_the_minute() {
    let app = second().await;
    let page = page(&app).await;
    let mini = app.user_with("mini", &ALL).await;
    let names = ["otpSms", "otpEmail"];
    let session = open_with(page, challenging(&mini, &names)).await;
    let before = session.stored(&app).await;
    let late = super::just_before(MINUTE);
    for (client, has_token) in [(app.client(), true), (page, true), (page, false)] {
        app.faults.clear();
        let mut message = session.set(json!({ "challenges": asked(&names) }));
        if !has_token {
            message.as_object_mut().unwrap().remove("sessionToken");
        }
        let again = client.later(late).ask(Operation::SetSession, message).await;
        let again = again.unwrap();
        assert_eq!(sequence(&again), 6, "{again}");
        let token = has_token.then_some(&*session.token);
        assert_eq!(again["sessionToken"].as_str(), token, "{again}");
        for write in ["PutItem", "UpdateItem", "TransactWriteItems"] {
            assert_eq!(app.faults.count(write), 0, "{write}");
        }
    }
    assert_eq!(session.stored(&app).await, before);
    assert_eq!(app.outbox().len(), 2);
    // Other changes of the same request are made.
    let more = json!({ "challenges": asked(&names), "metadata": { "a": "MQ==" } });
    let changed = session.attempt(page.later(late), more).await.unwrap();
    assert_eq!(sequence(&changed), 8);
    assert_eq!(app.outbox().len(), 2);
}

/// Proves all factors of a session, an hour after another.
async fn prove_all(client: Client<'_>, user: &User) -> Opened {
    let mut session = open(client, user).await;
    for (n, check) in Check::ALL.into_iter().enumerate() {
        let at = NOW.plus(HOUR * u32::try_from(n + 1).unwrap());
        let client = client.at(at);
        if check.method().is_some() {
            let more = json!({ "challenges": asked(&[check.name()]) });
            session.change(client, more).await.unwrap();
        }
        let code = check.right(client.app, user, at);
        session.change(client, check.with(&code)).await.unwrap();
    }
    session
}

#[tokio::test]
async fn each_version_has_the_factors_that_it_knows() {
    let app = second().await;
    let page = app
        .service(&[Permission::SessionWrite, Permission::SessionRead])
        .await;
    let mini = app.user_with("mini", &ALL).await;
    let session = prove_all(page, &mini).await;
    let hours = [
        ("user", 0),
        ("password", 0),
        ("totp", 1),
        ("otpSms", 2),
        ("otpEmail", 3),
        ("recoveryCode", 4),
    ];
    for (wire, version) in Wire::with_versions() {
        let known = match version {
            Version::V2alpha => &hours[..2],
            Version::V2beta => &hours[..5],
            Version::V2 => &hours[..],
        };
        let client = page.over(wire, version).later(HOUR * 5);
        let got = session.set(json!({}));
        let got = client.ask(Operation::GetSession, got).await.unwrap();
        let query = json!({ "queries": [{ "idsQuery": { "ids": [session.id] } }] });
        let listed = client.ask(Operation::ListSessions, query).await.unwrap();
        for factors in [
            &got["session"]["factors"],
            &listed["sessions"][0]["factors"],
        ] {
            let names: Vec<_> = factors.as_object().unwrap().keys().collect();
            assert_eq!(names.len(), known.len(), "{wire:?} {version:?} {names:?}");
            for (name, hours) in known {
                let at = millis(&factors[name]["verifiedAt"]);
                let want = NOW.plus(HOUR * *hours).as_millis();
                assert_eq!(at, want, "{wire:?} {version:?} {name}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_absolute_end_counts_from_the_newest_proof() {
    let app = second_with("MAX_SESSION_LIFETIME_SECONDS", "86400").await;
    let client = app.client();
    for (n, check) in Check::ALL.into_iter().enumerate() {
        let mini = app.user_with(&n.to_string(), &ALL).await;
        let mut session = open(client, &mini).await;
        // What only sends a code moves no end.
        let at = NOW.plus(HOUR * 2);
        if check.method().is_some() {
            let more = json!({ "challenges": asked(&[check.name()]), "lifetime": "86400s" });
            session.change(client.at(at), more).await.unwrap();
            let end = session.stored(&app).await.expires_at;
            assert_eq!(end, NOW.plus(HOUR * 24), "{check:?}");
        }
        let mut more = check.with(&check.right(&app, &mini, at));
        more["lifetime"] = json!("86400s");
        session.change(client.at(at), more).await.unwrap();
        let end = session.stored(&app).await.expires_at;
        assert_eq!(end, at.plus(HOUR * 24), "{check:?}");
        let longer = json!({ "lifetime": "86400s" });
        session
            .change(client.at(at.plus(HOUR)), longer)
            .await
            .unwrap();
        assert_eq!(session.stored(&app).await.expires_at, end, "{check:?}");
    }
}

#[tokio::test]
async fn an_ended_session_keeps_neither_factors_nor_challenges() {
    let app = second().await;
    let client = app.client();
    let mini = app.user_with("mini", &ALL).await;
    let mut session = open_with(client, challenging(&mini, &["otpSms", "otpEmail"])).await;
    let code = totp(&mini.user_id, NOW);
    session
        .change(client, Check::Totp.with(&code))
        .await
        .unwrap();
    let before = session.stored(&app).await;
    assert_eq!((before.factors.count(), before.challenges.count()), (3, 2));

    let message = session.set(json!({}));
    client.ask(Operation::DeleteSession, message).await.unwrap();

    let after = session.stored(&app).await;
    assert_eq!((after.factors.count(), after.challenges.count()), (0, 0));
    assert_eq!(after.factors.user(), None);
}

async fn new_password(app: &App, user: &User) {
    let hash = app.login("mini").await.password_hash.unwrap();
    let user = User {
        generation: app.login("mini").await.generation,
        ..user.clone()
    };
    app.store
        .set_password_hash(&user, &hash, None)
        .await
        .unwrap();
}

/// A session of a former password proves nothing, whatever is checked in it.
#[tokio::test]
async fn a_check_is_of_its_generation_alone() {
    let app = second().await;
    let page = page(&app).await;
    let mini = app.user_with("mini", &ALL).await;
    let named = json!({ "checks": { "user": { "userId": mini.user_id.as_str() } } });
    let mut named = open_with(page, named).await;
    let mut sessions = Vec::new();
    for check in Check::ALL {
        let session = check.open(page, &mini).await;
        sessions.push((check, session, check.right(&app, &mini, NOW)));
    }
    new_password(&app, &mini).await;
    for (check, mut session, code) in sessions {
        let checked = session.change(page, check.with(&code)).await;
        assert_eq!(outcome(&checked), "COMMAND-Hewfq", "{check:?}");
    }
    assert_eq!(app.factors_of(&mini.user_id).await.attempts.made, 0);
    // One that only names the user takes the generation of the first proof.
    let code = totp(&mini.user_id, NOW);
    let checks = json!({ "password": { "password": PASSWORD }, "totp": { "code": code } });
    named
        .change(page, json!({ "checks": checks }))
        .await
        .unwrap();
    let generation = app.login("mini").await.generation;
    let stored = named.stored(&app).await;
    assert_eq!(stored.factors.user().unwrap().generation, generation);
    let got = page.ask(Operation::GetSession, named.set(json!({}))).await;
    assert_eq!(outcome(&got), "ok");
}
