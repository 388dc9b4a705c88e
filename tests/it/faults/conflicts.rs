//! Writes that meet a transaction on their item, or a write in another region.

use serde_json::json;
use sesame::domain::Operation::{DeleteSession, SetSession};
use sesame::domain::Sequence;
use sesame::error::Error;
use sesame::store::InsertOutcome;

use crate::support::administration::Administration as _;
use crate::support::app::{App, PASSWORD, by_name};
use crate::support::faults::Fault;

const CONFLICTS: [Fault; 2] = [
    Fault::Answer(400, "TransactionConflictException"),
    Fault::Answer(400, "ReplicatedWriteConflictException"),
];

/// The write is carried out at first and its answer is lost, then it meets a transaction: only
/// with the id of the first try does the third know its own work.
#[tokio::test(start_paused = true)]
async fn a_write_is_sent_again_under_its_own_id() {
    for conflict in CONFLICTS {
        let app = App::emulated(&[]).await;
        let mini = app.user("mini").await;
        for action in ["UpdateItem", "PutItem"] {
            for fault in [Fault::ApplyThenReset, conflict] {
                app.faults.inject(fault.once().for_action(action));
            }
        }

        let login = by_name(&mini.login_name, "wrong");
        let wrong = app.client().create_json(&login).await;
        assert_eq!(wrong.outcome(), "COMMAND-3M0fs", "{conflict:?}");
        assert_eq!(app.faults.count("UpdateItem"), 3, "{conflict:?}");
        assert_eq!(app.login("mini").await.attempts.made, 1, "{conflict:?}");

        let login = by_name(&mini.login_name, PASSWORD);
        let created = app.client().create_json(&login).await;
        assert_eq!(created.outcome(), "ok", "{conflict:?}");
        assert_eq!(app.faults.count("PutItem"), 3, "{conflict:?}");
        assert_eq!(app.stored(&created).await.sequence, Sequence(4));
        assert_eq!(app.sessions_of(&mini.user_id).await.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_set_and_a_delete_wait_a_conflict_out_or_are_503() {
    for conflict in CONFLICTS {
        for rpc in [SetSession, DeleteSession] {
            for (times, status) in [(2, 200), (100, 503)] {
                let app = App::emulated(&[]).await;
                let created = app.client().create_json(&json!({})).await;
                let body = json!({
                    "sessionId": created.id(),
                    "sessionToken": created.token(),
                    "metadata": { "a": "MQ==" },
                });
                app.faults
                    .inject(conflict.times(times).for_action("UpdateItem"));

                let answer = app.client().call_json(rpc, body).await;

                let what = format!("{conflict:?} {rpc:?}: {:?}", answer.body);
                assert_eq!(answer.status, status, "{what}");
                let retry_after = answer.headers.get("retry-after");
                assert_eq!(retry_after.is_some(), status == 503, "{what}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_transaction_waits_a_conflict_out_or_is_unavailable() {
    for conflict in CONFLICTS {
        let app = App::emulated(&[]).await;
        // Only the tool sends transactions.
        let (store, faults) = app.another_store();
        let like = app.user("mini").await;
        let user = |name: &str| sesame::domain::User {
            login_name: app.login_name(name),
            user_id: app.user_id(name),
            ..like.clone()
        };

        faults.inject(conflict.times(2).for_action("TransactWriteItems"));
        let inserted = store.insert_user(&user("ada")).await.unwrap();
        assert!(matches!(inserted, InsertOutcome::Inserted), "{conflict:?}");
        assert_eq!(faults.count("TransactWriteItems"), 3, "{conflict:?}");

        faults.inject(conflict.times(100).for_action("TransactWriteItems"));
        let error = store.insert_user(&user("bob")).await.err().unwrap();
        assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
        assert_eq!(error.row().http, 503);
    }
}
