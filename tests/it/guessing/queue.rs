//! Which logins may count an attempt while others hash, and how many attempts are pending.
//!
//! Time is paused, so a request with a delay is answered only when nothing else can go on.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sesame::aws::KeySource;
use sesame::domain::{Operation, UserState};
use sesame::log::Log;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::support::administration::Administration as _;
use crate::support::app::{App, PASSWORD, by_id, by_name};

/// Shorter than the time after which the SDK sends a request again.
const WAIT: Duration = Duration::from_millis(100);
/// Longer than anything takes that doesn't wait for a delayed request.
const MOMENT: Duration = Duration::from_millis(1);

/// Starts logins in this order, each one when the one before it waits.
async fn start(app: &Arc<App>, logins: impl IntoIterator<Item = Value>) -> JoinSet<String> {
    let mut calls = JoinSet::new();
    for login in logins {
        let app = Arc::clone(app);
        calls.spawn(async move { app.client().create_json(&login).await.outcome() });
        tokio::task::yield_now().await;
    }
    calls
}

/// A login by name, and one by id, of users of every kind, with the password that is right if any
/// is.
async fn logins_of_all_kinds(app: &App, count: usize) -> Vec<(&'static str, Vec<Value>)> {
    let name = |kind: &str, n: usize| format!("{kind}{n}");
    let kinds = ["known", "locked", "unsupported", "without", "unknown"];
    for kind in kinds {
        for n in 0..count {
            match kind {
                "known" => drop(app.user(&name(kind, n)).await),
                "locked" => {
                    let user = app.user(&name(kind, n)).await;
                    let set = app.store.set_user_state(&user, UserState::Locked).await;
                    assert!(set.unwrap());
                }
                "unsupported" => drop(app.user_with_hash(&name(kind, n), Some("$9$x")).await),
                "without" => drop(app.user_with_hash(&name(kind, n), None).await),
                _ => {}
            }
        }
    }
    let mut logins = Vec::new();
    for kind in kinds {
        let of =
            |login: &dyn Fn(&str) -> Value| (0..count).map(|n| login(&name(kind, n))).collect();
        let named = of(&|name| by_name(&app.login_name(name), PASSWORD));
        logins.push((kind, named));
        let by_id = of(&|name| by_id(&app.user_id(name), PASSWORD));
        logins.push((kind, by_id));
    }
    logins
}

#[tokio::test(start_paused = true)]
async fn one_more_login_for_each_turn_counts_its_attempt_and_the_others_wait() {
    let app = Arc::new(App::emulated(&[]).await);
    for (kind, logins) in logins_of_all_kinds(&app, 7).await {
        app.faults.clear();
        app.faults.delay("UpdateItem", 7, WAIT);

        let calls = start(&app, logins).await;
        sleep(MOMENT).await;

        // The service of these tests computes two hashes at once.
        assert_eq!(app.faults.count("UpdateItem"), 4, "{kind}");
        let outcomes = calls.join_all().await;
        let want = if kind == "known" {
            "ok"
        } else {
            "COMMAND-3M0fs"
        };
        assert!(
            outcomes.iter().all(|one| one == want),
            "{kind} {outcomes:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn of_one_login_name_no_more_attempts_are_pending_than_hashes_run_at_once() {
    let app = Arc::new(App::emulated(&[("MAX_PASSWORD_ATTEMPTS", "2")]).await);
    for (kind, logins) in logins_of_all_kinds(&app, 1).await {
        app.faults.clear();
        app.faults.delay("UpdateItem", 2, WAIT);
        let logins = logins.iter().cycle().take(7).cloned();

        let calls = start(&app, logins).await;
        sleep(MOMENT).await;

        assert_eq!(app.faults.count("UpdateItem"), 2, "{kind}");
        calls.join_all().await;
    }
}

/// An attempt is pending until it is forgiven, which takes a request.
#[tokio::test(start_paused = true)]
async fn right_logins_of_one_user_at_once_lock_nobody_out() {
    let app = hashing_one_at_once(&[("MAX_PASSWORD_ATTEMPTS", "1")]).await;
    app.user("mini").await;
    let [by_name, by_id] = [
        by_name(&app.login_name("mini"), PASSWORD),
        by_id(&app.user_id("mini"), PASSWORD),
    ];
    // The request that forgives is slower than the one that counts the next attempt.
    for wait in [Duration::ZERO, WAIT].iter().cycle().take(8) {
        app.faults.delay("UpdateItem", 1, *wait);
    }
    let app = Arc::new(app);

    let calls = start(&app, [by_name.clone(), by_id.clone(), by_name, by_id]).await;
    let outcomes = calls.join_all().await;

    assert!(outcomes.iter().all(|one| one == "ok"), "{outcomes:?}");
    assert_eq!(app.login("mini").await.attempts.failures, 0);
}

/// Starts a service that computes one hash at once.
async fn hashing_one_at_once(settings: &[(&str, &str)]) -> App {
    let mut app = App::emulated(settings).await;
    let (log, _) = Log::memory(None);
    let one = NonZeroUsize::MIN;
    let (store, key) = (app.faulty.clone(), KeySource::None);
    app.api = sesame::app::App::new(store, &app.settings, key, app.messenger(), one, log);
    app
}

#[tokio::test(start_paused = true)]
async fn logins_are_answered_in_the_order_in_which_they_came() {
    let app = hashing_one_at_once(&[]).await;
    for name in ["a", "b", "c", "d"] {
        app.user(name).await;
    }
    // The first request is the slowest one, and those by id have one more.
    for wait in [5, 1, 3, 1, 2] {
        app.faults.delay("UpdateItem", 1, WAIT * wait);
    }
    let logins = [
        by_id(&app.user_id("a"), "wrong"),
        by_name(&app.login_name("b"), "wrong"),
        by_id(&app.user_id("c"), "wrong"),
        by_name(&app.login_name("nobody"), "wrong"),
        by_name(&app.login_name("b"), "wrong"),
        by_id(&app.user_id("d"), "wrong"),
    ];
    let app = Arc::new(app);

    let mut calls = JoinSet::new();
    for (n, login) in logins.into_iter().enumerate() {
        let app = Arc::clone(&app);
        calls.spawn(async move {
            app.client().create_json(&login).await;
            n
        });
    }
    let mut order = Vec::new();
    while let Some(call) = calls.join_next().await {
        order.push(call.unwrap());
    }

    assert_eq!(order, [0, 1, 2, 3, 4, 5]);
}

/// The processes of Lambda's Managed Instances get several calls at once.
#[tokio::test]
async fn no_call_that_lambda_has_admitted_is_refused_for_overload() {
    let app = Arc::new(
        App::with(&[
            ("PASSWORD_QUEUE", "0"),
            ("AWS_LAMBDA_MAX_CONCURRENCY", "16"),
        ])
        .await,
    );
    app.user("mini").await;
    let login = by_name(&app.login_name("mini"), PASSWORD);

    let calls = start(&app, vec![login; 16]).await;

    let outcomes = calls.join_all().await;
    assert!(outcomes.iter().all(|one| one == "ok"), "{outcomes:?}");
}

/// A session's own password is checked in the same queue.
#[tokio::test(start_paused = true)]
async fn sets_with_a_password_count_their_attempts_as_creates_do() {
    let app = Arc::new(App::emulated(&[]).await);
    let mut sets = Vec::new();
    for n in 0..7 {
        let name = format!("user{n}");
        app.user(&name).await;
        let login = by_name(&app.login_name(&name), PASSWORD);
        let created = app.client().create_json(&login).await.json();
        let token = created["sessionToken"].as_str().unwrap().to_owned();
        let id = created["sessionId"].as_str().unwrap().to_owned();
        sets.push((id, token));
    }
    app.faults.clear();
    app.faults.delay("UpdateItem", 7, WAIT);

    let mut calls = JoinSet::new();
    for (id, token) in sets {
        let app = Arc::clone(&app);
        calls.spawn(async move {
            let set = json!({
                "sessionId": id,
                "sessionToken": token,
                "checks": { "password": { "password": PASSWORD } },
            });
            let client = app.client();
            let set = client.json(Operation::SetSession, set);
            client.send(set).await.outcome()
        });
    }
    sleep(MOMENT).await;

    assert_eq!(app.faults.count("UpdateItem"), 4);
    let outcomes = calls.join_all().await;
    assert!(outcomes.iter().all(|one| one == "ok"), "{outcomes:?}");
}
