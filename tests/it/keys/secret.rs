//! The secret of Secrets Manager is read again: because it may have changed, and for a key that it
//! lacked.

use std::sync::Arc;
use std::time::Duration;

use sesame::aws::{KeySource, KeysRead};
use sesame::domain::{KeyName, Timestamp};
use sesame::error::Error;
use sesame::token::ServerKeys;
use tokio::task::yield_now;

use super::{K1, K2, steps};
use crate::support::answer::Answer;
use crate::support::app::{App, NOW, PASSWORD, by_name, header, post};
use crate::support::secrets::{Manager, denied, fault, text};

fn name(key: &str) -> KeyName {
    ServerKeys::parse(key).unwrap().first().name()
}

fn at(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

/// The first of the keys, and whether they could not be read again.
fn first(read: &KeysRead) -> (KeyName, bool) {
    let keys = read.keys.as_ref().unwrap();
    (keys.first().name(), read.stale.is_some())
}

#[tokio::test]
async fn the_first_call_after_five_minutes_reads_the_secret_again() {
    let manager = Manager::with(&[text(K1)]);
    let source = manager.source();
    let (old, new) = (name(K1), name(K2));
    // The time in seconds, what Secrets Manager answers, the key, whether that is of before because
    // of an error, and the requests so far.
    for (seconds, answer, key, is_stale, requests) in [
        (0, text(K1), old, false, 1),
        (299, text(K2), old, false, 1),
        (300, text(K2), new, false, 2),
        (599, text(K1), new, false, 2),
        // What can't be read stays, and is tried every ten seconds.
        (600, denied(), new, true, 3),
        (609, text(K1), new, false, 3),
        (610, text("too short"), new, true, 4),
        (619, text(K1), new, false, 4),
        (620, text(K1), old, false, 5),
        (919, text(K2), old, false, 5),
        (920, text(K2), new, false, 6),
        // A clock that is set back a little, and one that is by more.
        (919, text(K1), new, false, 6),
        (621, text(K1), new, false, 6),
        (620, text(K1), old, false, 7),
    ] {
        manager.answer(&[answer]);

        let read = source.get(at(seconds)).await.unwrap();

        assert_eq!(first(&read), (key, is_stale), "at {seconds}");
        assert_eq!(manager.request_count(), requests, "at {seconds}");
    }
}

#[tokio::test]
async fn an_unknown_key_has_the_secret_read_at_once_but_not_often() {
    let manager = Manager::with(&[text(K1)]);
    let source = manager.source();
    let (old, new) = (name(K1), name(K2));
    for (seconds, answer, asked, is_found, is_stale, requests) in [
        // The first read may find it or not.
        (0, text(K1), old, true, false, 1),
        (0, text(K1), new, false, false, 2),
        (9, text(&steps()[1]), new, false, false, 2),
        (9, text(&steps()[1]), old, true, false, 2),
        (10, denied(), new, false, true, 3),
        (19, text(&steps()[1]), new, false, false, 3),
        (20, text(&steps()[1]), new, true, false, 4),
        (21, denied(), new, true, false, 4),
        (21, denied(), old, true, false, 4),
        // What was found is kept from then on.
        (319, text(K2), old, true, false, 4),
    ] {
        manager.answer(&[answer]);

        let read = source.get_with(asked, at(seconds)).await.unwrap();

        let keys = read.keys.unwrap();
        assert_eq!(keys.with_name(asked).is_some(), is_found, "at {seconds}");
        assert_eq!(read.stale.is_some(), is_stale, "at {seconds}");
        assert_eq!(manager.request_count(), requests, "at {seconds}");
    }
    let read = source.get(at(319)).await.unwrap();
    assert_eq!(first(&read), (old, false));
    let read = source.get(at(320)).await.unwrap();
    assert_eq!(first(&read), (new, false));
}

#[tokio::test]
async fn keys_of_the_settings_are_never_read_again() {
    let keys = Arc::new(ServerKeys::parse(K1).unwrap());
    let source = KeySource::Keys(Arc::clone(&keys));

    for seconds in [0, 300, 600] {
        let read = source.get_with(name(K2), at(seconds)).await.unwrap();
        assert!(Arc::ptr_eq(&read.keys.unwrap(), &keys));
    }
    let none = KeySource::None.get_with(name(K2), NOW).await.unwrap();
    assert!(none.keys.is_none() && none.stale.is_none());
}

/// Lets the tasks of a test go on until all of them wait.
async fn settle() {
    for _ in 0..1000 {
        yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn calls_at_the_same_time_share_the_first_read() {
    for (answer, want) in [
        (text(K1), None),
        (denied(), Some("internal")),
        (text("short"), Some("internal")),
        (fault(500, "InternalServiceError"), Some("unavailable")),
    ] {
        let manager = Manager::held(std::slice::from_ref(&answer));
        let source = Arc::new(manager.source());
        let calls: Vec<_> = (0..20)
            .map(|call| {
                let source = Arc::clone(&source);
                tokio::spawn(async move {
                    if call % 2 == 0 {
                        source.get(NOW).await
                    } else {
                        source.get_with(name(K1), NOW).await
                    }
                })
            })
            .collect();
        settle().await;
        assert_eq!(manager.request_count(), 1);
        manager.release(100);

        for call in calls {
            let error = call.await.unwrap().err();
            if let Some(Error::Internal(cause)) = &error {
                // The cause, once.
                let shown = cause.to_string();
                let is_no_key = shown.starts_with("the secret is no key: invalid key: must be");
                assert_eq!(is_no_key, answer == text("short"), "{shown}");
                assert!(!shown.contains("internal"), "{shown}");
            }
            let kind = error.map(|error| match error {
                Error::Unavailable(_) => "unavailable",
                Error::Internal(_) => "internal",
                other => panic!("{other:?}"),
            });
            assert_eq!(kind, want, "{answer:?}");
        }
        // The SDK tries three times what may pass.
        let tries = if want == Some("unavailable") { 3 } else { 1 };
        assert_eq!(manager.request_count(), tries, "{answer:?}");
        // A call that comes later tries again.
        manager.answer(&[text(K1)]);
        assert!(source.get(NOW).await.is_ok());
    }
}

#[tokio::test]
async fn while_the_secret_is_read_again_other_calls_go_on_with_the_keys_at_hand() {
    let manager = Manager::with(&[text(K1)]);
    let source = Arc::new(manager.source());
    source.get(NOW).await.unwrap();
    manager.hold();
    manager.answer(&[text(&steps()[2])]);
    let later = at(300);

    let reading = Arc::clone(&source);
    let reading = tokio::spawn(async move { reading.get(later).await });
    settle().await;
    assert_eq!(manager.request_count(), 2);
    for _ in 0..10 {
        let read = source.get(later).await.unwrap();
        assert_eq!(first(&read), (name(K1), false));
    }
    // Whoever needs the new key waits for it, and asks for nothing more.
    let searching: Vec<_> = (0..10)
        .map(|_| {
            let source = Arc::clone(&source);
            tokio::spawn(async move { source.get_with(name(K2), later).await })
        })
        .collect();
    settle().await;
    manager.release(1);

    assert_eq!(first(&reading.await.unwrap().unwrap()), (name(K2), false));
    for search in searching {
        let read = search.await.unwrap().unwrap();
        assert_eq!(first(&read), (name(K2), false));
    }
    assert_eq!(manager.request_count(), 2);
}

#[tokio::test]
async fn a_call_that_is_given_up_leaves_the_next_one_to_read() {
    let manager = Manager::with(&[text(K1)]);
    let source = Arc::new(manager.source());
    source.get(NOW).await.unwrap();
    manager.hold();
    let reading = Arc::clone(&source);
    let reading = tokio::spawn(async move { reading.get(at(300)).await });
    settle().await;
    reading.abort();
    assert!(reading.await.is_err());
    manager.answer(&[text(K2)]);
    manager.release(1);

    let read = source.get(at(309)).await.unwrap();
    assert_eq!(first(&read), (name(K1), false));
    let read = source.get(at(310)).await.unwrap();
    assert_eq!(first(&read), (name(K2), false));
}

async fn create(app: &App, key: &str, now: Timestamp) -> Answer {
    let request = post(by_name(&app.login_name("mini"), PASSWORD).to_string());
    app.send(header(request, "idempotency-key", key), now).await
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_again_fails_no_call_and_is_logged() {
    let manager = Manager::with(&[text(K1)]);
    let app = App::emulated(&[]).await.keyed(manager.source());
    app.user("mini").await;
    let created = create(&app, "k", NOW).await;
    app.logged();

    manager.answer(&[denied()]);
    let again = create(&app, "k", at(300)).await;

    assert_eq!(again.status, 200);
    assert_eq!(again.body, created.body);
    let lines = app.logged();
    assert_eq!(lines[0]["level"], "warn", "{lines:?}");
    let beside = lines[0]["beside"].as_str().unwrap();
    let want = "the secret of the server key can't be read again: ";
    assert!(beside.starts_with(want), "{beside}");
    assert!(beside.contains("AccessDenied"), "{beside}");

    assert_eq!(create(&app, "k", at(301)).await.body, created.body);
    assert_eq!(app.logged()[0].get("beside"), None);
}
