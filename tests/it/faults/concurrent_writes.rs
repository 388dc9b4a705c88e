//! Many writers at once: no write is lost, and no sequence is given twice.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde_json::json;
use sesame::domain::{Sequence, Session, SessionChanges, SessionId, SessionScope, generate_uuid};
use sesame::store::{EndOutcome, PutOutcome};
use tokio::task::JoinSet;

use crate::linearizability::runs;
use crate::support::app::{App, NOW, rotation};

const TASKS: usize = 64;
const SESSIONS: usize = 32;
/// The number of writes by default.
const WRITES: u64 = 2500;

/// One accepted write: which session, from which sequence to which, and its mark.
type History = Vec<(SessionId, Sequence, Sequence, String)>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_writes_lose_none_and_get_distinct_sequences() {
    let writes = usize::try_from(runs(WRITES)).unwrap();
    let app = Arc::new(App::emulated(&[]).await);
    let history: Arc<Mutex<History>> = Arc::default();
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        let answer = app.client().create_json(&json!({})).await;
        sessions.push(app.stored(&answer).await);
    }
    let sessions = Arc::new(sessions);

    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (app, history, sessions) = (app.clone(), history.clone(), sessions.clone());
        tasks.spawn(async move {
            let share = writes / TASKS + usize::from(task < writes % TASKS);
            for n in 0..share {
                // One write in eight creates; the others change what many change.
                if n % 8 == 0 {
                    let answer = app.client().create_json(&json!({})).await.json();
                    let id = answer["sessionId"].as_str().unwrap().parse().unwrap();
                    let sequence = answer["details"]["sequence"].as_str().unwrap();
                    let sequence = Sequence(sequence.parse().unwrap());
                    let entry = (id, Sequence(0), sequence, String::new());
                    history.lock().unwrap().push(entry);
                } else {
                    let of = &sessions[(task * 31 + n) % SESSIONS];
                    let entry = change(&app, of.clone()).await;
                    history.lock().unwrap().push(entry);
                }
            }
        });
    }
    tasks.join_all().await;

    let history = history.lock().unwrap().clone();
    assert_eq!(history.len(), writes);
    for session in sessions.iter() {
        let mut writes: Vec<_> = history
            .iter()
            .filter(|(id, ..)| *id == session.id)
            .collect();
        writes.sort_by_key(|(_, _, to, _)| *to);
        let mut at = session.sequence;
        for (_, from, to, _) in &writes {
            assert_eq!(
                (*from, *to),
                (at, Sequence(at.0 + 1)),
                "a chain without gap or fork"
            );
            at = *to;
        }
        let stored = app.store.get_session(session.id).await.unwrap().unwrap();
        assert_eq!(stored.sequence, at, "the last write is what is stored");
        assert_eq!(Some(&stored.creator), writes.last().map(|(.., mark)| mark));
    }
    let created = history.iter().filter(|(_, from, ..)| *from == Sequence(0));
    let created: BTreeSet<_> = created.map(|(id, ..)| id.to_string()).collect();
    assert_eq!(
        created.len(),
        (0..TASKS)
            .map(|task| { (writes / TASKS + usize::from(task < writes % TASKS)).div_ceil(8) })
            .sum::<usize>()
    );
}

/// Changes a session, and starts again from the stored session after a conflict.
async fn change(app: &App, mut seen: Session) -> (SessionId, Sequence, Sequence, String) {
    loop {
        let mark = generate_uuid().to_string();
        let next = Session {
            creator: mark.clone(),
            ..seen
                .changed(&SessionChanges::default(), rotation(seen.token_hash), NOW)
                .unwrap()
        };
        match app.store.put_session(&seen, &next).await.unwrap() {
            PutOutcome::Done => return (next.id, seen.sequence, next.sequence, mark),
            PutOutcome::Conflict(stored) => seen = *stored,
            PutOutcome::Gone => panic!("nobody deletes"),
        }
    }
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
