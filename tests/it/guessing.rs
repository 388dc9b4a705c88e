//! How often a password may be tried: the lock after failed attempts, and what may not escape it.

mod addresses;
mod enumeration;
mod locks;
mod queue;

use std::sync::Arc;
use std::time::Duration;

use sesame::domain::{AttemptPolicy, Permission, Timestamp, User, WriteId};
use sesame::store::ReserveOutcome;
use tokio::task::JoinSet;

use crate::support::administration::Administration as _;
use crate::support::app::{App, NOW, PASSWORD, by_id, by_name};

const LONG: Duration = Duration::from_hours(100 * 24);

/// Starts a service with a user, and returns it with the token of a service account, which gets the
/// error for a locked user.
async fn locked_out_by(max: &str) -> (App, String) {
    with_user(App::with(&[("MAX_PASSWORD_ATTEMPTS", max)]).await).await
}

/// Does the same on paused time, in which calls take no time, to test locks to the millisecond.
async fn locked_out_in_no_time_by(max: &str) -> (App, String) {
    with_user(App::emulated(&[("MAX_PASSWORD_ATTEMPTS", max)]).await).await
}

async fn with_user(app: App) -> (App, String) {
    let token = app.service_account(&[Permission::SessionWrite], LONG).await;
    app.user("mini").await;
    (app, token.as_str().to_owned())
}

async fn attempt(app: &App, token: &str, password: &str, at: Timestamp) -> String {
    let body = by_name(&app.login_name("mini"), password);
    app.client()
        .bearing(token)
        .at(at)
        .create_json(&body)
        .await
        .outcome()
}

const WRONG: &str = "COMMAND-3M0fs";
const LOCKED: &str = "COMMAND-JLK35";

#[tokio::test]
async fn parallel_guesses_cannot_outrun_the_lock() {
    let (app, token) = locked_out_by("10").await;
    guess_at_once(app, token, 60).await;
}

/// It runs over the emulator, because other databases don't take a thousand connections at once, and
/// on paused time, so that no lock ends meanwhile.
#[tokio::test(start_paused = true)]
async fn a_thousand_parallel_guesses_cannot_outrun_the_lock() {
    let (app, token) = with_user(App::emulated(&[]).await).await;
    guess_at_once(app, token, 1000).await;
}

async fn guess_at_once(app: App, token: String, count: usize) {
    let app = Arc::new(app);
    let others: Vec<_> = (0..4).map(|_| Arc::new(app.beside(&[]))).collect();

    let mut guesses = JoinSet::new();
    for n in 0..count {
        let (app, token) = (Arc::clone(&others[n % others.len()]), token.clone());
        let login = app.login_name("mini");
        let id = app.user_id("mini");
        guesses.spawn(async move {
            let guess = format!("guess {n}");
            let body = if n % 2 == 0 {
                by_name(&login, &guess)
            } else {
                by_id(&id, &guess)
            };
            app.client()
                .bearing(&token)
                .create_json(&body)
                .await
                .outcome()
        });
    }
    let outcomes = guesses.join_all().await;

    let wrong = outcomes.iter().filter(|outcome| *outcome == WRONG).count();
    let locked = outcomes.iter().filter(|outcome| *outcome == LOCKED).count();
    assert_eq!((wrong, locked), (10, count - 10));
    let logged = others.iter().flat_map(|app| app.logged());
    let logged: Vec<_> = logged.collect();
    let hashed = logged
        .iter()
        .filter(|line| line["hash_ms"].is_number())
        .count();
    assert_eq!(hashed, 10, "no more reach the hash than the policy allows");
    let lockouts = logged.iter().filter(|line| line["lockouts"] == 1).count();
    assert_eq!(lockouts, 1);
    assert_eq!(app.login("mini").await.attempts.failures, 10);
    assert_eq!(attempt(&app, &token, PASSWORD, NOW).await, LOCKED);
}

#[tokio::test(start_paused = true)]
async fn the_lock_ends_by_itself_and_doubles_with_each_failure() {
    let (app, token) = locked_out_in_no_time_by("3").await;
    let mut at = NOW;
    for _ in 0..3 {
        assert_eq!(attempt(&app, &token, "wrong", at).await, WRONG);
    }

    for seconds in [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] {
        let lock = Duration::from_secs(seconds);
        let just_before = at.plus(lock).minus(Duration::from_millis(1));
        assert_eq!(
            attempt(&app, &token, PASSWORD, at).await,
            LOCKED,
            "{seconds}"
        );
        assert_eq!(
            attempt(&app, &token, PASSWORD, just_before).await,
            LOCKED,
            "{seconds}"
        );
        at = at.plus(lock);
        assert_eq!(attempt(&app, &token, "wrong", at).await, WRONG, "{seconds}");
    }

    at = at.plus(Duration::from_hours(1));
    assert_eq!(attempt(&app, &token, PASSWORD, at).await, "ok");
}

#[tokio::test]
async fn a_success_resets_the_count() {
    let (app, token) = locked_out_by("3").await;

    for _ in 0..5 {
        assert_eq!(attempt(&app, &token, "wrong", NOW).await, WRONG);
        assert_eq!(attempt(&app, &token, "wrong", NOW).await, WRONG);
        assert_eq!(attempt(&app, &token, PASSWORD, NOW).await, "ok");
        assert_eq!(app.login("mini").await.attempts.failures, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_during_a_lock_do_not_count() {
    let (app, token) = locked_out_in_no_time_by("1").await;
    assert_eq!(attempt(&app, &token, "wrong", NOW).await, WRONG);

    for _ in 0..200 {
        assert_eq!(attempt(&app, &token, "wrong", NOW).await, LOCKED);
    }

    assert_eq!(app.login("mini").await.attempts.failures, 1);
    let later = NOW.plus(Duration::from_secs(30));
    assert_eq!(attempt(&app, &token, PASSWORD, later).await, "ok");
}

/// A call may wait for a processor or for the database before its attempt is counted.
#[tokio::test(start_paused = true)]
async fn a_lock_begins_when_the_attempt_is_counted() {
    let (app, token) = locked_out_in_no_time_by("1").await;
    let wait = Duration::from_millis(200);
    app.faults.delay("GetItem", 1, wait);
    let by_id = by_id(&app.user_id("mini"), "wrong");
    let wrong = app.client().bearing(&token).create_json(&by_id).await;
    assert_eq!(wrong.outcome(), WRONG);

    let unlocked = NOW.plus(wait + Duration::from_secs(30));
    let just_before = unlocked.minus(Duration::from_millis(1));
    assert_eq!(attempt(&app, &token, PASSWORD, just_before).await, LOCKED);
    assert_eq!(attempt(&app, &token, PASSWORD, unlocked).await, "ok");
}

#[tokio::test]
async fn a_hundred_failures_lock_until_an_administrator_unlocks() {
    let (app, token) = locked_out_by("100").await;
    for _ in 0..99 {
        attempt(&app, &token, "wrong", NOW).await;
    }
    let year = NOW.plus(LONG).minus(Duration::from_secs(1));
    assert_eq!(attempt(&app, &token, "wrong", year).await, WRONG);
    assert_eq!(attempt(&app, &token, PASSWORD, year).await, LOCKED);

    let seen = app.login("mini").await;
    assert!(app.store.unlock_user(&seen).await.unwrap());

    assert_eq!(attempt(&app, &token, PASSWORD, NOW).await, "ok");
}

/// Counts an attempt of mini's, as a login does before it checks the password.
async fn reserve(app: &App) -> User {
    let (name, write) = (app.login_name("mini").folded(), WriteId::generate());
    let policy = AttemptPolicy::default();
    let attempt = app.store.reserve_attempt(&name, None, policy, write, NOW);
    match attempt.await.unwrap() {
        ReserveOutcome::Reserved(login) => login,
        refused @ ReserveOutcome::Refused(_) => panic!("{refused:?}"),
    }
}

#[tokio::test]
async fn a_failure_counted_after_a_success_stays_counted() {
    let app = App::start().await;
    app.user("mini").await;
    let failures = async || app.login("mini").await.attempts.failures;
    let (_failed, right, later) = (
        reserve(&app).await,
        reserve(&app).await,
        reserve(&app).await,
    );

    app.store.clear_failures(&right).await.unwrap();
    assert_eq!(failures().await, 1, "the later one");
    app.store.clear_failures(&later).await.unwrap();
    app.store.clear_failures(&right).await.unwrap();
    assert_eq!(failures().await, 0, "none is forgiven twice");
}

#[tokio::test]
async fn a_success_does_not_reset_the_count_of_a_recreated_user() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let login = reserve(&app).await;
    assert!(app.store.delete_user(&mini).await.unwrap());
    app.user("mini").await;

    app.store.clear_failures(&login).await.unwrap();

    let attempts = app.login("mini").await.attempts;
    assert_eq!((attempts.made, attempts.failures), (0, 0));
}

#[tokio::test]
async fn a_login_refused_for_overload_costs_no_attempt() {
    let app = Arc::new(
        App::with(&[
            ("PASSWORD_QUEUE", "0"),
            ("ARGON2_MEMORY_KIB", "7168"),
            ("ARGON2_PASSES", "16"),
        ])
        .await,
    );
    app.user("mini").await;

    let mut logins = JoinSet::new();
    for _ in 0..20 {
        let app = Arc::clone(&app);
        logins.spawn(async move {
            let answer = app
                .client()
                .create_json(&by_name(&app.login_name("mini"), PASSWORD))
                .await;
            if answer.status.as_u16() == 429 {
                assert_eq!(answer.headers["retry-after"], "1");
                assert_eq!(answer.json()["code"], 8);
            }
            answer.status.as_u16()
        });
    }
    let statuses = logins.join_all().await;

    let count = |status| statuses.iter().filter(|&&found| found == status).count();
    assert_eq!(count(200) + count(429), 20, "{statuses:?}");
    assert!(count(429) > 0 && count(200) > 0, "{statuses:?}");
    let attempts = app.login("mini").await.attempts;
    assert_eq!(attempts.made, u64::try_from(count(200)).unwrap());
    assert_eq!(attempts.failures, 0);
}
