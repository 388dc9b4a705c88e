//! Answers that are given at once.
//!
//! Each request to the database takes its time, so that all of these calls have read before the
//! first of them writes.

mod meanwhile;

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use sesame::domain::{CredentialKind, Operation, SignCount, User};

use super::sessions::{COPIED, Opened, WRONG, answering, keys, page};
use crate::support::answer::Outcome;
use crate::support::app::App;
use crate::support::authenticator::Authenticator;
use crate::support::client::Client;
use crate::support::faults::Fault;
use crate::support::keys::{KEYS, ORIGIN, asking};

/// Lets each request to the database take as long as the others.
fn slow(app: &App) {
    app.faults.clear();
    let delay = Fault::Delay(Duration::from_millis(5));
    app.faults.inject(delay.times(usize::MAX));
}

async fn pause(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

fn outcome(outcome: &Outcome) -> &str {
    outcome.as_ref().err().map_or("ok", String::as_str)
}

/// A Set by permission, which needs no token.
async fn set(client: Client<'_>, opened: &Opened, mut more: Value) -> Outcome {
    more["sessionId"] = json!(opened.id);
    client.ask(Operation::SetSession, more).await
}

/// Opens a session with a challenge: of a user, or of nobody.
async fn open(page: Client<'_>, user: Option<&User>) -> Opened {
    match user {
        Some(user) => Opened::of(page, user, "REQUIRED").await,
        None => Opened::of_nobody(page).await,
    }
}

/// Opens a session with two challenges, and answers each with another authenticator.
async fn open_with_two(
    page: Client<'_>,
    user: Option<&User>,
    keys: [&mut Authenticator; 2],
) -> (Opened, [Value; 2]) {
    let [one, other] = keys;
    let mut opened = open(page, user).await;
    let first = answering(&one.assert(&opened.options, ORIGIN));
    let more = json!({ "challenges": asking("REQUIRED") });
    opened.change(page, more).await.unwrap();
    let second = answering(&other.assert(&opened.options, ORIGIN));
    (opened, [first, second])
}

/// Gives both answers, the second one at this time; the first one comes after 8 ms.
async fn give_both(
    page: Client<'_>,
    sessions: [&Opened; 2],
    [one, other]: [Value; 2],
    offset: u64,
) -> [Outcome; 2] {
    slow(page.app);
    let first = async {
        pause(8).await;
        set(page, sessions[0], one).await
    };
    let second = async {
        pause(offset).await;
        set(page, sessions[1], other).await
    };
    let (first, second) = tokio::join!(first, second);
    page.app.faults.clear();
    [first, second]
}

#[tokio::test(start_paused = true)]
async fn one_of_fifty_uses_an_answer() {
    for of_user in [true, false] {
        // Many passkeys count nothing.
        for step in [0, 1] {
            for processes in [1, 4] {
                for is_right in [true, false] {
                    use_fifty_times(of_user, step, processes, is_right).await;
                }
            }
        }
    }
}

async fn use_fifty_times(of_user: bool, step: u32, processes: usize, is_right: bool) {
    let about = format!("{of_user} {step} {processes} {is_right}");
    let app = keys().await;
    let page = page(&app).await;
    let mini = app.user_with_hash("mini", None).await;
    let mut key = app.key(&mini, CredentialKind::Passkey).await;
    key.step = step;
    key.bad_signature = !is_right;
    let processes: Vec<App> = (0..processes).map(|_| app.beside(&KEYS)).collect();
    let opened = open(page, of_user.then_some(&mini)).await;
    let answer = opened.set(answering(&key.assert(&opened.options, ORIGIN)));
    let session = opened.stored(&app).await;
    let credential = app.credential(&key).await;
    slow(&app);

    let uses = (0..50).map(|n| {
        let client = processes[n % processes.len()].client();
        let client = client.bearing(page.token.unwrap());
        client.ask(Operation::SetSession, answer.clone())
    });
    let uses = join_all(uses).await;

    app.faults.clear();
    let right = uses.iter().filter(|one| one.is_ok()).count();
    assert_eq!(right, usize::from(is_right), "{about} {uses:?}");
    let wrong = uses.iter().filter(|one| outcome(one) == WRONG).count();
    assert_eq!(wrong, 50 - right, "{about} {uses:?}");
    let after = opened.stored(&app).await;
    assert_eq!(after.challenges.web_authn, [], "{about}");
    let steps = match (is_right, of_user) {
        (false, _) => 1,
        (true, true) => 2,
        (true, false) => 3,
    };
    assert_eq!(after.sequence.0, session.sequence.0 + steps, "{about}");
    let stored = app.credential(&key).await;
    if is_right {
        assert_eq!(stored.sign_count, SignCount(step), "{about}");
        assert!(stored.used_at.is_some(), "{about}");
    } else {
        assert_eq!(stored, credential, "{about}");
        assert_eq!(after.factors, session.factors, "{about}");
        assert_eq!(after.token_hash, session.token_hash, "{about}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_right_answers_at_once_are_both_carried_out() {
    let app = keys().await;
    let page = page(&app).await;
    for offset in (0..24).step_by(2) {
        for of_user in [true, false] {
            let about = format!("{offset} {of_user}");
            let mini = app.user_with_hash(&about.replace(' ', "-"), None).await;
            let mut one = app.key(&mini, CredentialKind::Passkey).await;
            let mut other = app.key(&mini, CredentialKind::Passkey).await;
            let both = [&mut one, &mut other];
            let (opened, answers) = open_with_two(page, of_user.then_some(&mini), both).await;
            let before = opened.stored(&app).await;

            let given = give_both(page, [&opened; 2], answers, offset).await;

            assert!(given.iter().all(Result::is_ok), "{about} {given:?}");
            let after = opened.stored(&app).await;
            assert_eq!(after.challenges.web_authn, [], "{about}");
            // Each time the factor and the token, and the user in each session that was read without.
            let steps = after.sequence.0 - before.sequence.0;
            let wanted = if of_user { 4..=4 } else { 5..=6 };
            assert!(wanted.contains(&steps), "{about} {steps}");
            for key in [&one, &other] {
                let count = app.credential(key).await.sign_count;
                assert_eq!(count, SignCount(1), "{about}");
            }
        }
    }
}

/// An answer that comes after one with a larger count may be that of a copy, whatever was read first.
#[tokio::test(start_paused = true)]
async fn counts_grow_when_one_authenticator_answers_twice() {
    let app = keys().await;
    let page = page(&app).await;
    let (mut both, mut copied) = (0, 0);
    for offset in (0..24).step_by(2) {
        for sessions in [1, 2] {
            let about = format!("{offset} {sessions}");
            let mini = app.user_with_hash(&about.replace(' ', "-"), None).await;
            let key = app.key(&mini, CredentialKind::Passkey).await;
            let [mut one, mut other] = [key.clone(), key.clone()];
            other.sign_count = 1;
            let (first, mut answers) =
                open_with_two(page, Some(&mini), [&mut one, &mut other]).await;
            let mut second = first.clone();
            if sessions == 2 {
                second = open(page, Some(&mini)).await;
                other.sign_count = 1;
                answers[1] = answering(&other.assert(&second.options, ORIGIN));
            }

            let [one, other] = give_both(page, [&first, &second], answers, offset).await;

            assert_eq!(outcome(&other), "ok", "{about}");
            match outcome(&one) {
                "ok" => both += 1,
                COPIED => copied += 1,
                other => panic!("{about} {other}"),
            }
            assert_eq!(app.credential(&key).await.sign_count, SignCount(2));
            let left = first.stored(&app).await.challenges.web_authn;
            assert_eq!(left.len(), sessions - 1, "{about}");
        }
    }
    assert!(both > 0 && copied > 0, "{both} {copied}");
}

/// The authenticator and its copy have counted the same.
#[tokio::test(start_paused = true)]
async fn of_an_authenticator_and_its_copy_one_is_right() {
    let app = keys().await;
    let page = page(&app).await;
    for offset in (0..24).step_by(2) {
        let mini = app.user_with_hash(&offset.to_string(), None).await;
        let key = app.key(&mini, CredentialKind::Passkey).await;
        let first = open(page, Some(&mini)).await;
        let second = open(page, None).await;
        let answers =
            [&first, &second].map(|opened| answering(&key.clone().assert(&opened.options, ORIGIN)));

        let given = give_both(page, [&first, &second], answers, offset).await;

        let mut outcomes: Vec<_> = given.iter().map(outcome).collect();
        outcomes.sort_unstable();
        assert_eq!(outcomes, [COPIED, "ok"], "{offset}");
        assert_eq!(app.credential(&key).await.sign_count, SignCount(1));
        for (opened, given) in [&first, &second].into_iter().zip(&given) {
            let stored = opened.stored(&app).await;
            assert_eq!(stored.challenges.web_authn, [], "{offset}");
            assert_eq!(stored.factors.is_proved(), given.is_ok(), "{offset}");
        }
    }
}

/// Two users answer to a session that has none.
#[tokio::test(start_paused = true)]
async fn a_session_gets_one_user() {
    let app = keys().await;
    let page = page(&app).await;
    let mut winners = [0, 0];
    for offset in (0..24).step_by(2) {
        let mut keys = Vec::new();
        let mut users = Vec::new();
        for name in ["mini", "other"] {
            let user = app.user_with_hash(&format!("{name}-{offset}"), None).await;
            keys.push(app.key(&user, CredentialKind::Passkey).await);
            users.push(user);
        }
        let [one, other] = &mut keys[..] else {
            panic!("there are two")
        };
        let (opened, answers) = open_with_two(page, None, [one, other]).await;
        let before = opened.stored(&app).await;

        let given = give_both(page, [&opened; 2], answers, offset).await;

        let winner = given.iter().position(Result::is_ok).unwrap();
        winners[winner] += 1;
        assert_eq!(outcome(&given[1 - winner]), WRONG, "{offset}");
        let after = opened.stored(&app).await;
        assert_eq!(
            after.factors.user.unwrap().user_id,
            users[winner].user_id,
            "{offset}"
        );
        assert_eq!(after.challenges.web_authn, [], "{offset}");
        assert_eq!(after.sequence.0, before.sequence.0 + 4, "{offset}");
        let loser = app.credential(&keys[1 - winner]).await;
        assert_eq!(
            (loser.sign_count, loser.used_at),
            (SignCount(0), None),
            "{offset}"
        );
    }
    assert!(winners[0] > 0 && winners[1] > 0, "{winners:?}");
}
