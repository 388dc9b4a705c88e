//! Second factors while the server key changes.

use serde_json::{Value, json};
use sesame::domain::{FactorKind, KeyName, Operation, User};
use sesame::token::ServerKeys;

use super::check::{Check, RECOVERY};
use super::{ALL, Opened, SECOND_1, open, open_with, outcome, page, second, with};
use crate::support::app::{App, NOW, PASSWORD, header};
use crate::support::client::Client;
use crate::support::second::{SECONDS_30, SERVER_KEY, login, totp};

const SECOND_KEY: &str = "a second key of at least 32 characters";
const THIRD_KEY: &str = "a third key of at least 32 characters too";

/// The same database with other server keys.
fn rekeyed(app: &App, keys: &str) -> App {
    app.beside(&with("SERVER_KEY", keys))
}

fn name(key: &str) -> KeyName {
    ServerKeys::parse(key).unwrap().first().name()
}

async fn key_of(app: &App, user: &User) -> KeyName {
    app.factors_of(&user.user_id).await.totp.unwrap().secret.key
}

/// Logs a user in with the code of the app at a time.
async fn log_in(client: Client<'_>, user: &User) -> Result<Opened, String> {
    let code = json!({ "totp": { "code": totp(&user.user_id, client.now) } });
    let created = client
        .ask(Operation::CreateSession, login(user, code))
        .await;
    created.map(Opened::of)
}

#[tokio::test]
async fn a_right_code_seals_the_secret_with_the_first_key() {
    let app = second().await;
    let both = rekeyed(&app, &format!("{SECOND_KEY},{SERVER_KEY}"));
    let announced = rekeyed(&app, &format!("{SERVER_KEY},next:{SECOND_KEY}"));
    let mini = app.user_with("mini", &[FactorKind::Totp]).await;
    let (first, second) = (name(SERVER_KEY), name(SECOND_KEY));
    assert_ne!(first, second);
    assert_eq!(key_of(&app, &mini).await, first);

    // An announced key is not yet written with, and a wrong code seals nothing.
    log_in(announced.client(), &mini).await.unwrap();
    assert_eq!(key_of(&app, &mini).await, first);
    let wrong = json!({ "totp": { "code": Check::Totp.wrong_code(&app, &mini, NOW) } });
    let tried = both
        .client()
        .ask(Operation::CreateSession, login(&mini, wrong))
        .await;
    assert_eq!(outcome(&tried), "EVENT-8isk2");
    assert_eq!(key_of(&app, &mini).await, first);

    both.faults.clear();
    let at = both.client().later(SECONDS_30);
    log_in(at, &mini).await.unwrap();

    // One write counts the attempt, and one is all the rest.
    let writes = ["UpdateItem", "PutItem", "TransactWriteItems"].map(|one| both.faults.count(one));
    assert_eq!(writes[2], 1, "{writes:?}");
    assert_eq!(key_of(&app, &mini).await, second);
    // A process that has not read the second key as the first one reads what it has sealed.
    let late = announced.client().later(SECONDS_30 * 2);
    log_in(late, &mini).await.unwrap();
    assert_eq!(key_of(&app, &mini).await, first);
    let late = both.client().later(SECONDS_30 * 3);
    log_in(late, &mini).await.unwrap();
    let alone = rekeyed(&app, SECOND_KEY);
    log_in(alone.client().later(SECONDS_30 * 4), &mini)
        .await
        .unwrap();
}

/// What a session by password alone is good for.
async fn list_sessions(app: &App, session: &Opened) -> String {
    let bearer = app.client().bearing(session.token.clone().leak());
    outcome(&bearer.ask(Operation::ListSessions, json!({})).await)
}

/// The move to another key without its steps: only the users of apps can't log in, and the former
/// key mends it.
#[tokio::test]
async fn a_secret_that_no_key_opens_is_an_error_and_no_factor_less() {
    let app = second().await;
    let mini = app.user_with("mini", &ALL).await;
    let plain = app.user("plain").await;
    let before = Check::OtpEmail.open(app.client(), &mini).await;
    let moved = rekeyed(&app, THIRD_KEY);
    let client = moved.client();
    let factors = app.factors_of(&mini.user_id).await;
    moved.logged();

    for is_right in [true, false] {
        let code = if is_right {
            totp(&mini.user_id, NOW)
        } else {
            Check::Totp.wrong_code(&app, &mini, NOW)
        };
        let create = login(&mini, json!({ "totp": { "code": code } }));
        let created = client.try_json(Operation::CreateSession, create).await;
        assert_eq!(created.unwrap_err().code, 13);
        let set = before.attempt(client, Check::Totp.with(&code)).await;
        let error = set.unwrap_err();
        assert_eq!((error.code, error.id), (13, None));
        let key = name(SERVER_KEY).to_string();
        assert!(!error.message.contains(&key), "{}", error.message);
        let lines = moved.logged();
        assert_eq!(lines.len(), 2);
        for line in lines {
            assert!(line.to_string().contains(&key), "{line}");
        }
        // The attempt is given back, and the factor stays.
        let now = app.factors_of(&mini.user_id).await;
        assert_eq!(now.attempts.failures, 0);
        assert_eq!((&now.totp, now.kinds()), (&factors.totp, factors.kinds()));
    }
    assert_eq!(list_sessions(&moved, &before).await, "AUTHZ-Kl3p0");

    // All else works.
    assert_eq!(client.log_in(&plain, PASSWORD).await.outcome(), "ok");
    let recovery = json!({ "recoveryCode": { "code": RECOVERY } });
    open_with(client, login(&mini, recovery)).await;
    for check in [Check::OtpSms, Check::OtpEmail] {
        let mut session = check.open(client, &mini).await;
        let code = check.right(&app, &mini, NOW);
        session.change(client, check.with(&code)).await.unwrap();
        assert_eq!(list_sessions(&moved, &session).await, "ok");
    }
    assert_eq!(keyed(client, &plain).await, keyed(client, &plain).await);

    let mended = rekeyed(&app, &format!("{THIRD_KEY},{SERVER_KEY}"));
    let session = log_in(mended.client().later(SECOND_1), &mini)
        .await
        .unwrap();
    assert_eq!(list_sessions(&mended, &session).await, "ok");
    assert_eq!(key_of(&app, &mini).await, name(THIRD_KEY));
}

async fn keyed(client: Client<'_>, user: &User) -> Value {
    let message = login(user, json!({}));
    let request = client.json(Operation::CreateSession, message);
    let key = format!("k {}", client.app.name);
    let answer = client.send(header(request, "idempotency-key", &key)).await;
    answer.result().unwrap()
}

/// A code that was sent is of the key that was the first then.
#[tokio::test]
async fn codes_that_are_open_outlive_a_rotation() {
    let app = second().await;
    let page = page(&app).await;
    let steps = [
        format!("{SERVER_KEY},next:{SECOND_KEY}"),
        format!("{SECOND_KEY},{SERVER_KEY}"),
        SECOND_KEY.to_owned(),
    ];
    for (n, keys) in steps.iter().enumerate() {
        let mini = app.user_with(&n.to_string(), &ALL).await;
        let mut session = Check::OtpEmail.open(page, &mini).await;
        let code = Check::OtpEmail.right(&app, &mini, NOW);
        let other = rekeyed(&app, keys);
        let checked = session
            .change(other.client(), Check::OtpEmail.with(&code))
            .await;
        // After the last step, which has to wait for that, a code of the former key is a wrong one.
        let want = if n == 2 { "CODE-woT0xc" } else { "ok" };
        assert_eq!(outcome(&checked), want, "{n}");
        // Asked for again, it is a code of the first key.
        let mini = app.user_with(&format!("{n} again"), &ALL).await;
        let mut session = open(page, &mini).await;
        for app in [&app, &other] {
            let more = json!({ "challenges": { "otpSms": {} } });
            session.change(app.client(), more).await.unwrap();
        }
        let code = Check::OtpSms.right(&app, &mini, NOW);
        session
            .change(other.client(), Check::OtpSms.with(&code))
            .await
            .unwrap();
    }
}
