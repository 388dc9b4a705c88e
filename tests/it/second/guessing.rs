//! How often codes may be tried: all of a user's second factors are one lock.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use sesame::domain::{FactorKind, Operation, Timestamp, User};

use super::at_once::slow;
use super::uses::{Code, Login, login_page};
use crate::support::answer::Outcome;
use crate::support::app::{App, NOW, PASSWORD};
use crate::support::client::Client;
use crate::support::second::{SECOND, WRONG, login, totp, unknown_recovery_code};

/// How long after the last judged guess another one is judged, in seconds: the first lock is half a
/// minute, each further one is twice as long, and none is longer than an hour.
const LOCKS: [u64; 10] = [0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600];
const GUESSES: usize = 100;
const PROCESSES: usize = 4;

const WRONG_IDS: [&str; 3] = ["EVENT-8isk2", "CODE-woT0xc", "DOMAIN-6uvh0"];
const LOCKED_IDS: [&str; 3] = ["COMMAND-SF3fg", "COMMAND-S6h4R", "COMMAND-2w6oa"];

/// A session with a challenge of each method.
async fn challenged(client: Client<'_>, user: &User) -> Value {
    let mut message = login(user, json!({}));
    message["challenges"] = json!({
        "otpEmail": { "returnCode": {} },
        "otpSms": { "returnCode": true },
    });
    client.ask(Operation::CreateSession, message).await.unwrap()
}

/// A guess of a kind that depends on its number. One that tries two codes is one guess.
fn guess(n: usize, session: &Value) -> Value {
    let recovery = unknown_recovery_code();
    let checks = match n % 5 {
        0 => json!({ "totp": { "code": WRONG } }),
        1 => json!({ "otpEmail": { "code": "00000000" } }),
        2 => json!({ "otpSms": { "code": "00000000" } }),
        3 => json!({ "recoveryCode": { "code": recovery } }),
        _ => json!({ "recoveryCode": { "code": recovery }, "otpSms": { "code": "00000000" } }),
    };
    json!({ "sessionId": session["sessionId"], "checks": checks })
}

fn count(outcomes: &[Outcome], wanted: &[&str]) -> usize {
    let is_it = |one: &&Outcome| matches!(one, Err(id) if wanted.contains(&&**id));
    outcomes.iter().filter(is_it).count()
}

async fn password_works(client: Client<'_>, user: &User) {
    assert_eq!(client.log_in(user, PASSWORD).await.outcome(), "ok");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_guesses_are_judged_as_often_as_the_policy_allows() {
    let app = App::emulated(&SECOND).await;
    let page = login_page(&app).await;
    let mini = app.user_with("mini", &FactorKind::ALL).await;
    let processes: Vec<App> = (0..PROCESSES).map(|_| app.beside(&SECOND)).collect();
    let second = Duration::from_secs(1);
    let mut at = NOW;
    let mut judged = 0;

    for (round, seconds) in LOCKS.into_iter().enumerate() {
        let lock = Duration::from_secs(seconds);
        if round > 0 {
            // The guesses before were counted within the second.
            at = at.plus(lock).minus(second);
            let session = challenged(page.at(at), &mini).await;
            for n in 0..5 {
                let early = page.at(at).ask(Operation::SetSession, guess(n, &session));
                assert_eq!(count(&[early.await], &LOCKED_IDS), 1, "round {round}");
            }
            at = at.plus(second * 2);
        }
        let mut sessions = Vec::new();
        for _ in 0..PROCESSES {
            sessions.push(challenged(page.at(at), &mini).await);
        }
        slow(&app);
        let guesses = (0..GUESSES).map(|n| {
            let client = processes[n % PROCESSES].client();
            let message = guess(n, &sessions[n / 5 % PROCESSES]);
            let client = client.bearing(page.token.unwrap()).at(at);
            client.ask(Operation::SetSession, message)
        });
        let outcomes = join_all(guesses).await;
        app.faults.clear();

        let allowed = if round == 0 { 5 } else { 1 };
        let (wrong, locked) = (count(&outcomes, &WRONG_IDS), count(&outcomes, &LOCKED_IDS));
        assert_eq!(
            (wrong, locked),
            (allowed, GUESSES - allowed),
            "round {round}"
        );
        judged += allowed as u64;
        let attempts = app.factors_of(&mini.user_id).await.attempts;
        assert_eq!(attempts.made, judged, "round {round}");
        assert_eq!(u64::from(attempts.failures), judged, "round {round}");
        password_works(page.at(at), &mini).await;
    }
    assert_eq!(judged, 14);
}

async fn try_totp(client: Client<'_>, user: &User, code: &str) -> String {
    let message = login(user, Code::Totp.check(code));
    let asked = client.ask(Operation::CreateSession, message).await;
    asked.err().unwrap_or("ok".to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_hundred_wrong_codes_lock_until_an_administrator_unlocks() {
    let app = App::emulated(&[&SECOND[..], &[("MAX_FACTOR_ATTEMPTS", "20")]].concat()).await;
    let page = login_page(&app).await;
    let mini = app.user_with("mini", &[FactorKind::Totp]).await;
    let hour = Duration::from_hours(1);
    let mut at = NOW;
    for n in 0..100 {
        assert_eq!(
            try_totp(page.at(at), &mini, WRONG).await,
            "EVENT-8isk2",
            "{n}"
        );
        at = at.plus(hour);
    }

    let later: Timestamp = at.plus(hour * 24 * 200);
    let code = totp(&mini.user_id, later);
    assert_eq!(
        try_totp(page.at(later), &mini, &code).await,
        "COMMAND-SF3fg"
    );
    password_works(page.at(later), &mini).await;

    app.change_user(&mini.user_id, |account| {
        account.factors = std::mem::take(&mut account.factors).forgiven();
    })
    .await;
    assert_eq!(try_totp(page.at(later), &mini, &code).await, "ok");
    let attempts = app.factors_of(&mini.user_id).await.attempts;
    assert_eq!((attempts.made, attempts.failures), (101, 0));
}

/// The counts of the password and of the codes don't reset each other.
#[tokio::test(start_paused = true)]
async fn a_right_password_is_forgiven_and_a_wrong_code_beside_it_counts() {
    let app = App::emulated(&SECOND).await;
    let page = login_page(&app).await;
    let mini = app.user_with("mini", &[FactorKind::Totp]).await;
    let right = totp(&mini.user_id, NOW);
    page.log_in(&mini, "wrong").await;
    page.log_in(&mini, "wrong").await;

    assert_eq!(try_totp(page, &mini, WRONG).await, "EVENT-8isk2");

    assert_eq!(app.login("mini").await.attempts.failures, 0);
    assert_eq!(app.factors_of(&mini.user_id).await.attempts.failures, 1);
    let session = Login::new(page, &mini, Code::Totp).await;
    page.log_in(&mini, "wrong").await;
    let message = session.set(&Code::Totp.check(&right));
    page.ask(Operation::SetSession, message).await.unwrap();
    assert_eq!(app.login("mini").await.attempts.failures, 1);
    assert_eq!(app.factors_of(&mini.user_id).await.attempts.failures, 0);
}
