use std::time::Duration;

use sesame::api::proto::zitadel::session::v2::{
    CreateSessionRequest as Create, SetSessionRequest as Set,
};
use sesame::domain::Permission;

use crate::support::app::App;
use crate::support::client::of_session;
use crate::support::client::{code, metadata, sequence, set};
use crate::support::faults::Fault;

#[tokio::test(start_paused = true)]
async fn two_sets_at_once_are_both_carried_out() {
    let app = App::emulated(&[("ACCESS", "token")]).await;
    let client = app.service(&Permission::ALL).await;
    let created = client.create(&Create::default()).await.unwrap();
    let note = |key: &str| Set {
        session_token: String::new(),
        metadata: metadata(&[(key, "1")]),
        ..set(&created)
    };
    app.faults
        .delay("UpdateItem", 2, Duration::from_millis(100));

    let (a, b) = (note("a"), note("b"));
    let (one, other) = tokio::join!(client.set(&a), client.set(&b));

    let mut sequences = [one, other].map(|set| sequence(set.unwrap().details.as_ref()));
    sequences.sort_unstable();
    assert_eq!(sequences, [4, 6]);
    let after = client.get(&created.session_id, None).await.unwrap();
    assert_eq!(after.metadata, metadata(&[("a", "1"), ("b", "1")]));
    let lines = app.logged();
    let conflicts = lines.iter().filter(|line| line["write_conflicts"] == 1);
    assert_eq!(conflicts.count(), 1);
}

/// As many Sets at once as one Set has tries lose nothing.
#[tokio::test]
async fn sixteen_sets_at_once_are_carried_out() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let client = app.service(&Permission::ALL).await;
    let created = client.create(&Create::default()).await.unwrap();
    let requests: Vec<_> = (0..16)
        .map(|n| Set {
            session_id: created.session_id.clone(),
            metadata: [(format!("k{n}"), vec![1])].into(),
            ..Set::default()
        })
        .collect();

    let calls = requests.iter().map(|request| client.set(request));
    let outcomes = futures_util::future::join_all(calls).await;

    let mut sequences: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| sequence(outcome.unwrap().details.as_ref()))
        .collect();
    sequences.sort_unstable();
    let want: Vec<_> = (1..=16).map(|n| 2 + 2 * n).collect();
    assert_eq!(sequences, want);
    let session = client.get(&created.session_id, None).await.unwrap();
    assert_eq!(session.metadata.len(), 16);
}

/// There are more Sets at once than one Set has tries. A Set that loses each race is aborted and has
/// changed nothing.
#[tokio::test(start_paused = true)]
async fn a_set_that_lost_each_race_is_aborted() {
    let app = App::emulated(&[("ACCESS", "token")]).await;
    let client = app.service(&Permission::ALL).await;
    let created = client.create(&Create::default()).await.unwrap();
    let requests: Vec<_> = (0..40)
        .map(|n| Set {
            session_id: created.session_id.clone(),
            metadata: [(format!("k{n}"), vec![1])].into(),
            ..Set::default()
        })
        .collect();
    // All begin from the same sequence and proceed in step.
    app.faults
        .delay("UpdateItem", 10_000, Duration::from_millis(20));

    let calls = requests.iter().map(|request| client.set(request));
    let outcomes = futures_util::future::join_all(calls).await;

    app.faults.clear();
    let session = client.get(&created.session_id, None).await.unwrap();
    let mut aborted = 0;
    for (n, outcome) in outcomes.iter().enumerate() {
        let done = session.metadata.contains_key(&format!("k{n}"));
        assert_eq!(outcome.is_ok(), done, "{n}");
        if !done {
            assert_eq!(code(outcome), "code 10");
            aborted += 1;
        }
    }
    assert!(aborted > 0, "none was late each time");
    assert_eq!(session.sequence, 2 + 2 * (40 - aborted));
}

/// The answer to the first attempt is lost, others write, and the SDK sends the request again. With
/// more writes since then than a session remembers, nobody can tell whether it was carried out.
#[tokio::test(start_paused = true)]
async fn a_set_whose_answer_was_lost_is_carried_out_once() {
    for (others, want) in [(0, "ok"), (1, "ok"), (7, "ok"), (8, "code 14")] {
        let app = App::emulated(&[("ACCESS", "token")]).await;
        let client = app.service(&Permission::ALL).await;
        let created = client.create(&Create::default()).await.unwrap();
        let fault = Fault::ApplyThenWait(Duration::from_millis(500));
        app.faults.inject(fault.once().for_action("UpdateItem"));
        let note = |value: &str| Set {
            metadata: metadata(&[("a", value)]),
            ..of_session(&created.session_id)
        };

        let first = note("1");
        let (changed, ()) = tokio::join!(client.set(&first), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            for n in 0..others {
                client.set(&note(&format!("other {n}"))).await.unwrap();
            }
        });

        assert_eq!(code(&changed), want, "{others}");
        if let Ok(changed) = changed {
            assert_eq!(sequence(changed.details.as_ref()), 4, "{others}");
        }
        let session = client.get(&created.session_id, None).await.unwrap();
        assert_eq!(session.sequence, 4 + 2 * others, "{others}");
        let last = others.checked_sub(1).map(|n| format!("other {n}"));
        let last = last.unwrap_or_else(|| "1".to_owned());
        assert_eq!(session.metadata, metadata(&[("a", &last)]), "{others}");
    }
}
