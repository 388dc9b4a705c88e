//! A database that is slow, throttled or gone, or whose answers are lost.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use sesame::domain::{Session, SessionChanges, SessionId, SessionScope};
use sesame::store::{EndOutcome, PutOutcome};

use crate::support::app::{App, NOW, PASSWORD, rotation};
use crate::support::faults::Fault;

#[tokio::test]
async fn an_attempt_whose_answer_is_lost_counts_once() {
    for max in ["1", "10"] {
        let app = App::with(&[("MAX_PASSWORD_ATTEMPTS", max)]).await;
        let mini = app.user("mini").await;
        app.faults
            .inject(Fault::ApplyThenReset.once().for_action("UpdateItem"));

        let answer = app.client().log_in(&mini, "wrong").await;

        assert_eq!(answer.outcome(), "COMMAND-3M0fs", "{max}");
        let attempts = app.login("mini").await.attempts;
        assert_eq!((attempts.made, attempts.failures), (1, 1), "{max}");
    }
}

#[tokio::test]
async fn a_right_password_at_the_last_attempt_survives_a_lost_answer() {
    let app = App::with(&[("MAX_PASSWORD_ATTEMPTS", "1")]).await;
    let mini = app.user("mini").await;
    app.faults
        .inject(Fault::ApplyThenReset.times(2).for_action("UpdateItem"));

    let answer = app.client().log_in(&mini, PASSWORD).await;

    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(app.login("mini").await.attempts.failures, 0);
}

#[tokio::test(start_paused = true)]
async fn transient_faults_are_waited_out() {
    for fault in [
        Fault::Reset,
        Fault::Silence,
        Fault::Delay(Duration::from_secs(1)),
        Fault::Answer(400, "ProvisionedThroughputExceededException"),
        Fault::Answer(400, "ThrottlingException"),
        Fault::Answer(400, "TransactionConflictException"),
        Fault::Answer(400, "ReplicatedWriteConflictException"),
        Fault::Answer(500, "InternalServerError"),
        Fault::Answer(503, "ServiceUnavailable"),
    ] {
        for action in ["UpdateItem", "PutItem"] {
            let app = App::emulated(&[]).await;
            let mini = app.user("mini").await;
            app.faults.inject(fault.times(2).for_action(action));

            let answer = app.client().log_in(&mini, PASSWORD).await;

            assert_eq!(answer.status, StatusCode::OK, "{fault:?} {action}");
            assert_eq!(
                app.sessions_of(&mini.user_id).await.len(),
                1,
                "{fault:?} {action}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_database_is_503_within_the_timeout() {
    for fault in [
        Fault::Reset,
        Fault::Silence,
        Fault::ApplyThenReset,
        Fault::Answer(400, "ThrottlingException"),
        Fault::Answer(400, "RequestLimitExceeded"),
        Fault::Answer(400, "TransactionConflictException"),
        Fault::Answer(400, "ReplicatedWriteConflictException"),
        Fault::Answer(500, "InternalServerError"),
    ] {
        let app = App::emulated(&[]).await;
        let mini = app.user("mini").await;
        app.faults.inject(fault.times(100).for_action("PutItem"));
        let started = tokio::time::Instant::now();

        let answer = app.client().log_in(&mini, PASSWORD).await;

        let took = started.elapsed();
        assert!(took <= Duration::from_millis(5_100), "{fault:?} {took:?}");
        assert_eq!(answer.status.as_u16(), 503, "{fault:?}");
        assert_eq!(answer.json()["code"], 14, "{fault:?}");
        assert_eq!(answer.headers["retry-after"], "1", "{fault:?}");
        assert_eq!(app.faults.count("PutItem"), 3, "{fault:?}");
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        for inner in ["Item", "table", "sessions", "amazon", "arn:", "injected"] {
            assert!(!text.contains(inner), "{inner} shows in {text}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_lost_answers_are_survived_again() {
    let app = App::emulated(&[]).await;
    app.faults.inject(Fault::Reset.times(200));
    for _ in 0..80 {
        assert_eq!(
            app.client().create_json(&json!({})).await.status.as_u16(),
            503
        );
    }
    app.faults.clear();
    app.faults.inject(Fault::Reset.times(200));
    app.client().create_json(&json!({})).await;
    assert_eq!(app.faults.count("PutItem"), 1, "the quota is used up");
    app.faults.clear();

    assert_eq!(
        app.client().create_json(&json!({})).await.status,
        StatusCode::OK
    );
    app.faults
        .inject(Fault::ApplyThenReset.once().for_action("PutItem"));
    assert_eq!(
        app.client().create_json(&json!({})).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_lasting_fault_is_500_and_reveals_nothing() {
    let app = App::start().await;
    app.faults
        .inject(Fault::Answer(400, "AccessDeniedException").times(9));

    let answer = app.client().create_json(&json!({})).await;

    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(
        answer.json(),
        json!({ "code": 13, "message": "internal error" })
    );
    let line = &app.logged()[0];
    assert_eq!(line["level"], "error");
    assert!(
        line["cause"]
            .as_str()
            .unwrap()
            .contains("AccessDeniedException"),
        "{line}"
    );
}

#[tokio::test]
async fn a_panic_is_500_and_the_next_call_works() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    app.faults.inject(Fault::Panic.once().for_action("PutItem"));

    let answer = app.client().log_in(&mini, PASSWORD).await;
    let next = app.client().log_in(&mini, PASSWORD).await;

    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(
        answer.json(),
        json!({ "code": 13, "message": "internal error" })
    );
    assert_eq!(app.logged()[0]["cause"], "internal error: panic");
    assert_eq!(next.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_at_its_deadline() {
    let app = App::emulated(&[]).await;
    app.faults.inject(Fault::Silence.times(9));
    let mut request = crate::support::app::post("{}");
    request.context.budget = Some(Duration::from_millis(700));
    let started = tokio::time::Instant::now();

    let answer = app.send(request, NOW).await;

    assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(answer.json()["code"], 4);
    assert_eq!(started.elapsed(), Duration::from_millis(700));
}

#[tokio::test]
async fn a_login_does_not_fail_because_its_reset_did() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    // The first update reserves the attempt.
    app.faults.delay("UpdateItem", 1, Duration::ZERO);
    app.faults.inject(
        Fault::Answer(400, "AccessDeniedException")
            .once()
            .for_action("UpdateItem"),
    );

    let answer = app.client().log_in(&mini, PASSWORD).await;

    assert_eq!(answer.status, StatusCode::OK);
    let line = app.logged().pop().unwrap();
    assert_eq!(
        (&line["outcome"], &line["level"]),
        (&json!("ok"), &json!("warn"))
    );
    assert!(
        line["beside"].as_str().unwrap().contains("AccessDenied"),
        "{line}"
    );
    assert_eq!(app.login("mini").await.attempts.failures, 1);
}

/// The next state of a stored session, with one more fact.
fn next(session: &Session) -> Session {
    let changes = SessionChanges::default();
    session
        .changed(&changes, rotation(session.token_hash), NOW)
        .unwrap()
}

#[tokio::test]
async fn a_session_is_inserted_once_and_never_recreated_by_a_put() {
    let app = App::start().await;
    let answer = app.client().create_json(&json!({})).await;
    let seen = app.stored(&answer).await;
    let gone = Session {
        id: SessionId::generate(),
        ..seen.clone()
    };

    let again = Session {
        writes: next(&seen).writes,
        ..seen.clone()
    };
    let twice = app.store.insert_session(&again).await;
    let over_nothing = app.store.put_session(&gone, &next(&gone)).await;

    assert!(matches!(twice, Ok(PutOutcome::Conflict(_))), "{twice:?}");
    assert!(
        matches!(over_nothing, Ok(PutOutcome::Gone)),
        "{over_nothing:?}"
    );
}

/// Not even with the sequence that the end has left.
#[tokio::test]
async fn an_ended_session_is_not_written_again() {
    let app = App::start().await;
    let answer = app.client().create_json(&json!({})).await;
    let id = app.stored(&answer).await.id;
    let ending = app
        .store
        .end_session(id, &SessionScope::All, NOW)
        .await
        .unwrap();
    let EndOutcome::Ended(ended) = ending else {
        panic!("{ending:?}")
    };

    let changes = SessionChanges::default();
    let put = ended.changed(&changes, rotation(ended.token_hash), NOW);
    let revived = Session {
        ended_at: None,
        ..put.unwrap()
    };
    let written = app.store.put_session(&ended, &revived).await.unwrap();

    let PutOutcome::Conflict(stored) = written else {
        panic!("{written:?}")
    };
    assert_eq!(stored, ended);
}
