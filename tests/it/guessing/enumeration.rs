//! An anonymous client can't learn from the service which users it has.

use serde_json::{Value, json};
use sesame::domain::{AttemptPolicy, Permission, UserState};

use crate::support::administration::Administration as _;
use crate::support::answer::Answer;
use crate::support::app::{App, PASSWORD, by_id, by_name};

/// Failing logins of users of all kinds.
async fn wrong_in_every_way(app: &App) -> Vec<(&'static str, Value)> {
    let known = app.user("known").await;
    let other = app.user("other").await;
    let without = app.user_with_hash("without", None).await;
    let (inactive, locked) = (app.user("inactive").await, app.user("locked").await);
    for (login, state) in [
        (&inactive, UserState::Inactive),
        (&locked, UserState::Locked),
    ] {
        app.store.set_user_state(login, state).await.unwrap();
    }
    let guessed = app.user("guessed").await;
    for _ in 0..10 {
        app.client().log_in(&guessed, "guess").await;
    }
    let mismatch = json!({ "checks": {
        "user": { "userId": other.user_id.as_str(), "loginName": known.login_name.as_str() },
        "password": { "password": "wrong" },
    } });
    vec![
        ("a known user", by_name(&known.login_name, "wrong")),
        ("a known user by id", by_id(&known.user_id, "wrong")),
        (
            "an unknown user",
            by_name(&app.login_name("nobody"), "wrong"),
        ),
        (
            "an unknown user by id",
            by_id(&app.user_id("nobody"), "wrong"),
        ),
        (
            "a user without a password",
            by_name(&without.login_name, "wrong"),
        ),
        ("an inactive user", by_name(&inactive.login_name, "wrong")),
        ("a locked user", by_name(&locked.login_name, "wrong")),
        (
            "a user who was guessed at",
            by_name(&guessed.login_name, "wrong"),
        ),
        (
            "the right password, too late",
            by_name(&guessed.login_name, PASSWORD),
        ),
        ("two users", mismatch),
    ]
}

fn bytes(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let headers = answer.headers.iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let body = String::from_utf8(answer.body.to_vec()).unwrap();
    (answer.status.as_u16(), headers.collect(), body)
}

#[tokio::test]
async fn anonymous_clients_cannot_tell_failed_logins_apart() {
    let app = App::start().await;
    let calls = wrong_in_every_way(&app).await;
    let want = bytes(&app.client().create_json(&calls[0].1).await);
    app.logged();

    for (who, body) in &calls {
        app.faults.clear();
        let answer = app.client().create_json(body).await;
        assert_eq!(bytes(&answer), want, "{who}");
        assert_eq!(answer.outcome(), "COMMAND-3M0fs", "{who}");

        let by_id = body["checks"]["user"].get("loginName").is_none();
        let requests = app.faults.actions();
        let expected: &[&str] = if by_id {
            &["GetItem", "UpdateItem"]
        } else {
            &["UpdateItem"]
        };
        assert_eq!(requests, expected, "{who}");
        let hash = app.logged()[0]["hash_ms"].as_f64().unwrap_or_default();
        assert!(hash > 0.0, "a hash is computed for {who}");
    }
}

#[tokio::test]
async fn the_log_says_why_a_login_failed() {
    let app = App::start().await;
    let calls = wrong_in_every_way(&app).await;
    app.logged();

    let mut seen = Vec::new();
    for (_, body) in &calls {
        app.client().create_json(body).await;
        seen.push(app.logged()[0]["outcome"].as_str().unwrap().to_owned());
    }

    let want = [
        "wrong_password",
        "wrong_password",
        "unknown_user",
        "unknown_user",
        "no_password",
        "not_active",
        "not_active",
        "locked",
        "locked",
        "user_mismatch",
    ];
    assert_eq!(seen, want);
}

#[tokio::test]
async fn an_unknown_login_name_is_not_logged() {
    let app = App::start().await;
    let typed = "a password in the wrong field";

    app.client()
        .create_json(&json!({ "checks": {
        "user": { "loginName": typed }, "password": { "password": "x" },
    } }))
        .await;

    assert!(!app.logged()[0].to_string().contains(typed));
}

#[tokio::test]
async fn a_service_account_is_told_why_a_login_failed_without_a_password_check() {
    let app = App::start().await;
    let token = app.service(&[Permission::SessionWrite]).await;
    let calls = wrong_in_every_way(&app).await;
    app.logged();

    let mut seen = Vec::new();
    for (_, body) in &calls {
        seen.push(token.create_json(body).await.outcome());
    }

    let want = [
        "COMMAND-3M0fs",
        "COMMAND-3M0fs",
        "QUERY-Dfbg2",
        "QUERY-Dfbg2",
        "COMMAND-3nJ4t",
        "SESSION-Gj4ko",
        "SESSION-Gj4ko",
        "COMMAND-JLK35",
        "COMMAND-JLK35",
        "code 3",
    ];
    assert_eq!(seen, want);
    let hashed = app
        .logged()
        .iter()
        .filter(|line| line["hash_ms"].is_number())
        .count();
    assert_eq!(hashed, 2, "only passwords that may be tried are");
    assert_eq!(AttemptPolicy::default(), AttemptPolicy::new(10).unwrap());
}
