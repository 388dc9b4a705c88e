//! By how much the limit is exceeded: by what is under way, and in several processes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sesame::domain::Operation;
use tokio::task::JoinSet;

use super::{ADDRESS, ANOTHER, REFUSED, WRONG, count, fail, wrong};
use crate::support::app::{App, PASSWORD, by_name, header};
use crate::support::faults::Fault;

/// Neither a lost answer nor the client's deadline loses a failure.
#[tokio::test(start_paused = true)]
async fn no_failure_is_counted_less_than_once() {
    let app = App::emulated(&[("MAX_FAILURES_PER_ADDRESS", "100")]).await;
    let sessions = app.store.tables().sessions.clone();
    let lost = Fault::ApplyThenReset.once();
    app.faults
        .inject(lost.for_action("UpdateItem").on(&sessions));
    fail(app.client().from(ADDRESS), 1).await;
    assert!(count(&app, ADDRESS).await >= Some(1));

    let slow = Fault::Delay(Duration::from_millis(500)).once();
    app.faults
        .inject(slow.for_action("UpdateItem").on(&sessions));
    let client = app.client().from(ANOTHER);
    let request = client.json(Operation::CreateSession, wrong(&app));
    let request = header(request, "connect-timeout-ms", "100");
    client.send(request).await;
    assert_eq!(count(&app, ANOTHER).await, Some(1));
}

/// Of two hundred calls at once in one process, only those that are under way when the limit is
/// reached exceed it: the queue is asked again.
#[tokio::test(start_paused = true)]
async fn calls_that_wait_in_the_queue_do_not_exceed_the_limit() {
    let app = Arc::new(App::emulated(&[("MAX_FAILURES_PER_ADDRESS", "5")]).await);
    let mini = app.user("mini").await;
    let mut calls = JoinSet::new();
    for n in 0..200 {
        let app = Arc::clone(&app);
        calls.spawn(async move {
            let body = by_name(&app.login_name(&format!("user{n}")), "wrong");
            app.client()
                .from(ADDRESS)
                .create_json(&body)
                .await
                .outcome()
        });
    }
    let right = by_name(&mini.login_name, PASSWORD);
    let elsewhere = app.client().from(ANOTHER);
    let (outcomes, meanwhile) = tokio::join!(calls.join_all(), elsewhere.create_json(&right));

    assert_eq!(meanwhile.outcome(), "ok");
    let tried = outcomes.iter().filter(|outcome| *outcome == WRONG).count();
    let refused = outcomes
        .iter()
        .filter(|outcome| *outcome == REFUSED)
        .count();
    assert_eq!(tried + refused, 200);
    // Two hashes at once, as many attempts that are counted before their hash, and the failures that
    // are being counted, of which a slow machine has more.
    assert!((5..100).contains(&tried), "{tried}");
}

/// Four processes at once, of whose counts some answers are lost.
#[tokio::test(start_paused = true)]
async fn four_processes_exceed_the_limit_by_what_is_under_way_in_each() {
    let app = App::emulated(&[("MAX_FAILURES_PER_ADDRESS", "20")]).await;
    let sessions = app.store.tables().sessions.clone();
    let others = [(); 3].map(|()| app.beside(&[("MAX_FAILURES_PER_ADDRESS", "20")]));
    let lost = Fault::ApplyThenReset.times(5);
    app.faults
        .inject(lost.for_action("UpdateItem").on(&sessions));
    let guess = async |process: &App| {
        let mut tried = 0;
        for _ in 0..100 {
            let answer = process
                .client()
                .from(ADDRESS)
                .create_json(&wrong(process))
                .await;
            tried += usize::from(answer.outcome() == WRONG);
        }
        tried
    };
    let [one, two, three] = &others;
    let tried = tokio::join!(guess(&app), guess(one), guess(two), guess(three));

    let tried = tried.0 + tried.1 + tried.2 + tried.3;
    // One under way in each, and one by which each learns. A lost answer counts twice.
    assert!((15..=27).contains(&tried), "{tried}");
}

/// Ten thousand names.
#[tokio::test]
async fn of_ten_thousand_names_from_one_address_a_hundred_are_tried() {
    let app = App::emulated(&[]).await;
    let mut outcomes = BTreeMap::new();
    for n in 0..10_000 {
        let body = by_name(&app.login_name(&format!("user{n}")), "wrong");
        let answer = app.client().from(ADDRESS).create_json(&body).await;
        *outcomes.entry(answer.outcome()).or_insert(0) += 1;
        app.logged();
    }
    let want = [(WRONG.to_owned(), 100), (REFUSED.to_owned(), 9_900)];
    assert_eq!(outcomes, want.into());
}

/// The address is learnt from the count alone, so each process lets one failure more through.
#[tokio::test]
async fn a_process_learns_of_the_limit_by_a_failure_of_its_own() {
    let app = App::emulated(&[("MAX_FAILURES_PER_ADDRESS", "5")]).await;
    let other = app.beside(&[("MAX_FAILURES_PER_ADDRESS", "5")]);
    let mini = app.user("mini").await;
    fail(app.client().from(ADDRESS), 5).await;

    let right = by_name(&mini.login_name, PASSWORD);
    let elsewhere = other.client().from(ADDRESS);
    assert_eq!(elsewhere.create_json(&right).await.outcome(), "ok");
    fail(elsewhere, 1).await;
    assert_eq!(elsewhere.create_json(&right).await.outcome(), REFUSED);
}

#[tokio::test]
async fn a_failure_that_cant_be_counted_is_answered_and_logged() {
    let app = App::emulated(&[("MAX_FAILURES_PER_ADDRESS", "5")]).await;
    let sessions = app.store.tables().sessions.clone();
    let fault = Fault::Answer(400, "ResourceNotFoundException").once();
    app.faults
        .inject(fault.for_action("UpdateItem").on(&sessions));

    fail(app.client().from(ADDRESS), 1).await;

    assert!(app.logged()[0]["beside"].is_string());
    assert_eq!(count(&app, ADDRESS).await, None);
}
