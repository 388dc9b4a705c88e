use std::time::Duration;

use sesame::api::Version;
use sesame::api::proto::zitadel::session::v2::{
    self, CreateSessionRequest as Create, SetSessionRequest as Set,
};
use sesame::domain::{Permission, UserState};
use sesame::token::draw_session_id;

use super::{Client, HOUR, checks, code, metadata, millis, sequence, v2_password};
use crate::app::{App, NOW, PASSWORD};
use crate::faults::Fault;

fn set(created: &v2::CreateSessionResponse) -> Set {
    Set {
        session_id: created.session_id.clone(),
        session_token: created.session_token.clone(),
        ..Set::default()
    }
}

fn noting(created: &v2::CreateSessionResponse) -> Set {
    Set {
        metadata: metadata(&[("a", "1")]),
        ..set(created)
    }
}

#[tokio::test]
async fn each_change_replaces_the_token_and_the_old_one_is_dead() {
    let app = App::start().await;
    let client = Client::of(&app);
    let created = client.create(&Create::default()).await.unwrap();
    let (id, old) = (&*created.session_id, &*created.session_token);

    let changed = client.set(&noting(&created)).await.unwrap();

    let new = &*changed.session_token;
    assert_ne!(new, old);
    assert_eq!(code(&client.get(id, Some(old)).await), "QUERY-dsfr3");
    assert_eq!(code(&client.delete(id, Some(old)).await), "COMMAND-sGr42");
    assert_eq!(code(&client.set(&noting(&created)).await), "COMMAND-sGr42");
    assert_eq!(code(&client.get(id, Some(new)).await), "ok");
}

#[tokio::test]
async fn a_call_that_changes_nothing_writes_nothing() {
    let app = App::start().await;
    let client = Client::of(&app);
    let open = Create {
        metadata: metadata(&[("a", "1")]),
        ..Create::default()
    };
    let created = client.create(&open).await.unwrap();
    for entries in [
        &[][..],
        &[("a", "1")],
        &[("b", "")],
        &[("a", "1"), ("b", "")],
    ] {
        app.faults.clear();
        let same = Set {
            metadata: metadata(entries),
            ..set(&created)
        };
        let changed = client.later(HOUR).set(&same).await.unwrap();

        assert_eq!(app.faults.count("PutItem"), 0, "{entries:?}");
        assert!(changed.details == created.details, "{entries:?}");
        assert_eq!(changed.session_token, created.session_token, "{entries:?}");
    }
}

#[tokio::test]
async fn the_user_of_a_session_can_not_be_changed() {
    let app = App::start().await;
    let (mini, other) = (app.user("mini").await, app.user("other").await);
    let client = Client::of(&app);
    let open = Create {
        checks: Some(checks(&mini, None)),
        ..Create::default()
    };
    let created = client.create(&open).await.unwrap();
    let with = |checks| Set {
        checks: Some(checks),
        ..set(&created)
    };

    for (checks, want) in [
        (checks(&other, None), "code 3"),
        (checks(&other, Some(PASSWORD)), "code 3"),
        // Whether there is such a user is not told.
        (checks(&other, Some("wrong")), "COMMAND-3M0fs"),
        (checks(&mini, Some("wrong")), "COMMAND-3M0fs"),
        (checks(&mini, Some(PASSWORD)), "ok"),
    ] {
        let outcome = client.set(&with(checks)).await;
        assert_eq!(code(&outcome), want);
    }
    let stored = app
        .store
        .get_session(created.session_id.parse().unwrap())
        .await;
    assert_eq!(stored.unwrap().unwrap().user.unwrap().user_id, mini.user_id);
}

#[tokio::test]
async fn a_password_is_the_sessions_users_or_nobodys() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let client = Client::of(&app);
    let password = v2::Checks {
        password: Some(v2_password(PASSWORD)),
        ..v2::Checks::default()
    };
    let anonymous = client.create(&Create::default()).await.unwrap();
    let alone = Set {
        checks: Some(password.clone()),
        ..set(&anonymous)
    };
    assert_eq!(code(&client.set(&alone).await), "COMMAND-Sfw3f");

    let whole = Set {
        checks: Some(checks(&mini, Some(PASSWORD))),
        ..set(&anonymous)
    };
    let proven = client.set(&whole).await.unwrap();
    assert_eq!(sequence(proven.details.as_ref()), 2 + 3);
    let again = Set {
        checks: Some(password),
        session_token: proven.session_token,
        ..set(&anonymous)
    };
    let renewed = client.later(HOUR).set(&again).await.unwrap();

    assert_eq!(sequence(renewed.details.as_ref()), 2 + 3 + 2);
    let session = client
        .get(&anonymous.session_id, Some(&renewed.session_token))
        .await
        .unwrap();
    let factors = session.factors.unwrap();
    let verified = millis(factors.password.unwrap().verified_at.as_ref());
    assert_eq!(verified, NOW.plus(HOUR));
    assert_eq!(millis(factors.user.unwrap().verified_at.as_ref()), NOW);
}

#[tokio::test]
async fn wrong_passwords_count_on_set_too() {
    let app = App::with(&[("MAX_PASSWORD_ATTEMPTS", "2")]).await;
    let mini = app.user("mini").await;
    let client = Client::of(&app);
    let created = client.create(&Create::default()).await.unwrap();
    let guess = |password| Set {
        checks: Some(checks(&mini, Some(password))),
        ..set(&created)
    };

    for password in ["a", "b", "c", PASSWORD] {
        let outcome = client.set(&guess(password)).await;
        assert_eq!(code(&outcome), "COMMAND-3M0fs", "{password}");
    }
    assert_eq!(app.login("mini").await.attempts.failures, 2);
    let later = client.later(Duration::from_secs(30));
    assert_eq!(code(&later.set(&guess(PASSWORD)).await), "ok");
    assert_eq!(app.login("mini").await.attempts.failures, 0);
}

#[tokio::test]
async fn a_lifetime_counts_from_the_call_that_sets_it() {
    let app = App::with(&[("MAX_SESSION_LIFETIME_SECONDS", "86400")]).await;
    let client = Client::of(&app);
    let created = client.create(&Create::default()).await.unwrap();
    let with = |seconds| Set {
        lifetime: Some(prost_types::Duration { seconds, nanos: 0 }),
        ..set(&created)
    };
    for (seconds, want) in [(0, "code 3"), (-1, "code 3"), (86_401, "code 3")] {
        assert_eq!(code(&client.set(&with(seconds)).await), want, "{seconds}");
    }

    let changed = client.later(HOUR).set(&with(60)).await.unwrap();

    assert_eq!(sequence(changed.details.as_ref()), 4);
    let token = &*changed.session_token;
    let end = NOW.plus(HOUR).plus(Duration::from_mins(1));
    let id = &*created.session_id;
    let last = end.minus(Duration::from_millis(1));
    let session = client.at(last).get(id, Some(token)).await.unwrap();
    assert_eq!(millis(session.expiration_date.as_ref()), end);
    assert_eq!(
        code(&client.at(end).get(id, Some(token)).await),
        "QUERY-SFeaa"
    );
}

#[tokio::test]
async fn an_expired_session_can_only_be_deleted() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let all = app.caller(&Permission::ALL, HOUR * 48).await;
    let mini = app.user("mini").await;
    let client = Client::of(&app).bearing(all.as_str());
    let created = client.login(&mini).await;
    let (id, token) = (&*created.session_id, &*created.session_token);
    let end = client.later(HOUR * 24);

    assert_eq!(code(&end.set(&noting(&created)).await), "COMMAND-Hkl3d");
    for token in [None, Some(token)] {
        assert_eq!(code(&end.get(id, token).await), "QUERY-SFeaa");
    }
    let own = Client::of(&app).later(HOUR * 24).bearing(token);
    assert_eq!(code(&own.get(id, None).await), "code 16");
    assert_eq!(code(&end.delete(id, Some(token)).await), "ok");
    assert_eq!(code(&end.set(&noting(&created)).await), "COMMAND-Hewfq");
}

/// While the password is checked, the session's time runs out.
#[tokio::test(start_paused = true)]
async fn a_session_that_expires_during_a_call_is_not_revived() {
    let app = App::emulated(&[("SESSION_LIFETIME_SECONDS", "60")]).await;
    let client = Client::of(&app);
    let created = client.create(&Create::default()).await.unwrap();
    let longer = Set {
        lifetime: Some(prost_types::Duration {
            seconds: 3600,
            nanos: 0,
        }),
        ..set(&created)
    };
    let last = client.later(Duration::from_millis(59_500));

    app.faults
        .inject(Fault::Delay(Duration::from_secs(1)).once().of("GetItem"));
    assert_eq!(code(&last.set(&longer).await), "COMMAND-Hkl3d");
    app.faults.clear();
    assert_eq!(code(&last.set(&longer).await), "ok");
}

#[tokio::test]
async fn what_is_no_session_can_not_be_changed() {
    let app = App::start().await;
    let client = Client::of(&app);
    let created = client.create(&Create::default()).await.unwrap();
    for (id, want) in [
        (draw_session_id().to_string(), "COMMAND-Flk38"),
        ("000000000000000000".to_owned(), "COMMAND-Flk38"),
        (created.session_id.to_uppercase(), "COMMAND-Flk38"),
        ("ä".repeat(200), "COMMAND-Flk38"),
        ("a".repeat(201), "code 3"),
    ] {
        let request = Set {
            session_id: id.clone(),
            ..noting(&created)
        };
        for wire in crate::wire::Wire::ALL {
            let client = Client { wire, ..client };
            assert_eq!(code(&client.set(&request).await), want, "{wire:?} {id}");
        }
    }
}

#[tokio::test]
async fn before_v2_the_token_must_be_there() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let writer = app.caller(&[Permission::Write], HOUR).await;
    let client = Client::of(&app).bearing(writer.as_str());
    let created = client.create(&Create::default()).await.unwrap();
    for wire in crate::wire::Wire::ALL {
        for (version, none, long) in [
            (Version::V2alpha, "code 3", "code 3"),
            (Version::V2beta, "code 3", "code 3"),
            (Version::V2, "ok", "code 3"),
        ] {
            let client = Client {
                wire,
                version,
                ..client
            };
            let set = |token: String| Set {
                session_token: token,
                ..set(&created)
            };
            let got = client.set(&set(String::new())).await;
            assert_eq!(code(&got), none, "{wire:?} {version:?}");
            let got = client.set(&set("t".repeat(201))).await;
            assert_eq!(code(&got), long, "{wire:?} {version:?}");
            let got = client.set(&set("t".repeat(200))).await;
            assert_eq!(code(&got), "COMMAND-sGr42", "{wire:?} {version:?}");
        }
    }
}

#[tokio::test]
async fn metadata_keeps_to_its_limits_however_it_grows() {
    let app = App::start().await;
    let client = Client::of(&app);
    let keys = |from: usize, to| (from..to).map(|n| (format!("k{n}"), vec![1])).collect();
    let open = Create {
        metadata: keys(0, 64),
        ..Create::default()
    };
    let created = client.create(&open).await.unwrap();

    let one_more = Set {
        metadata: keys(64, 65),
        ..set(&created)
    };
    assert_eq!(code(&client.set(&one_more).await), "code 3");
    let mut exchange = one_more.clone();
    exchange.metadata.insert("k0".to_owned(), Vec::new());
    assert_eq!(code(&client.set(&exchange).await), "ok");
}

#[tokio::test]
async fn a_session_that_was_ended_in_between_is_not_changed() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let client = Client::of(&app);
    let created = client.login(&mini).await;
    let again = Set {
        checks: Some(checks(&mini, Some(PASSWORD))),
        ..set(&created)
    };

    // Between the session's reading and the password's check.
    app.faults.inject(
        Fault::Delay(Duration::from_millis(200))
            .once()
            .of("UpdateItem"),
    );
    let (outcome, ended) = tokio::join!(client.set(&again), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        app.store.end_sessions(&app.login("mini").await).await
    });

    assert!(ended.unwrap());
    assert_eq!(code(&outcome), "COMMAND-Hewfq");
    let got = client
        .get(&created.session_id, Some(&created.session_token))
        .await;
    assert_eq!(code(&got), "QUERY-SFeaa");
}

/// How an administrator ends all sessions of a user.
#[derive(Clone, Copy, Debug)]
enum End {
    Logout,
    Password,
    Deactivate,
    Lock,
    Delete,
}

#[tokio::test]
async fn all_sessions_of_a_user_end_at_once() {
    for end in [
        End::Logout,
        End::Password,
        End::Deactivate,
        End::Lock,
        End::Delete,
    ] {
        let app = App::with(&[("ACCESS", "token")]).await;
        let all = app.caller(&Permission::ALL, HOUR).await;
        let (mini, other) = (app.user("mini").await, app.user("other").await);
        let client = Client::of(&app).bearing(all.as_str());
        let sessions = [client.login(&mini).await, client.login(&mini).await];
        let of_other = client.login(&other).await;

        let login = app.login("mini").await;
        let store = &app.store;
        let done = match end {
            End::Logout => store.end_sessions(&login).await,
            End::Password => {
                let hash = mini.password_hash.clone().unwrap();
                store.set_password_hash(&login, &hash).await
            }
            End::Deactivate => store.set_user_state(&login, UserState::Inactive).await,
            End::Lock => store.set_user_state(&login, UserState::Locked).await,
            End::Delete => store.delete_user(&login).await,
        };
        assert!(done.unwrap(), "{end:?}");

        for created in &sessions {
            let (id, token) = (&*created.session_id, &*created.session_token);
            let own = Client::of(&app).bearing(token);
            assert_eq!(code(&own.get(id, None).await), "code 16", "{end:?}");
            for token in [None, Some(token)] {
                let got = client.get(id, token).await;
                assert_eq!(code(&got), "QUERY-SFeaa", "{end:?}");
            }
            let changed = client.set(&noting(created)).await;
            assert_eq!(code(&changed), "COMMAND-Hewfq", "{end:?}");
        }
        let got = client.get(&of_other.session_id, None).await;
        assert_eq!(code(&got), "ok", "{end:?}");

        // Whoever is let in again, even as a new user by the old id, has none of them back.
        match end {
            End::Deactivate | End::Lock => {
                let login = app.login("mini").await;
                assert!(
                    store
                        .set_user_state(&login, UserState::Active)
                        .await
                        .unwrap()
                );
            }
            End::Delete => {
                app.user("mini").await;
            }
            End::Logout | End::Password => {}
        }
        let login = client.login(&mini).await;
        assert_eq!(code(&client.get(&login.session_id, None).await), "ok");
        let ended = client.get(&sessions[0].session_id, None).await;
        assert_eq!(code(&ended), "QUERY-SFeaa", "{end:?}");
    }
}

#[tokio::test]
async fn a_session_that_is_made_while_all_end_has_ended() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let client = Client::of(&app);

    // Between the login's reading and the session's put.
    app.faults.inject(
        Fault::Delay(Duration::from_millis(200))
            .once()
            .of("PutItem"),
    );
    let (created, ended) = tokio::join!(client.login(&mini), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        app.store.end_sessions(&app.login("mini").await).await
    });

    assert!(ended.unwrap());
    let got = client
        .get(&created.session_id, Some(&created.session_token))
        .await;
    assert_eq!(code(&got), "QUERY-SFeaa");
}

#[tokio::test]
async fn of_two_changes_at_once_both_are_carried_out() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let writer = app.caller(&Permission::ALL, HOUR).await;
    let client = Client::of(&app).bearing(writer.as_str());
    let created = client.create(&Create::default()).await.unwrap();
    let note = |key: &str| Set {
        session_token: String::new(),
        metadata: metadata(&[(key, "1")]),
        ..set(&created)
    };
    app.faults.inject(
        Fault::Delay(Duration::from_millis(100))
            .times(2)
            .of("PutItem"),
    );

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

#[tokio::test]
async fn with_one_token_both_of_two_changes_are_carried_out() {
    let app = App::start().await;
    let client = Client::of(&app);
    let created = client.create(&Create::default()).await.unwrap();
    let note = |key: &str| Set {
        metadata: metadata(&[(key, "1")]),
        ..set(&created)
    };
    app.faults.inject(
        Fault::Delay(Duration::from_millis(100))
            .times(2)
            .of("PutItem"),
    );

    let (a, b) = (note("a"), note("b"));
    let (one, other) = tokio::join!(client.set(&a), client.set(&b));

    let changed = [one.unwrap(), other.unwrap()];
    let last = changed
        .iter()
        .max_by_key(|changed| sequence(changed.details.as_ref()))
        .unwrap();
    let session = client
        .get(&created.session_id, Some(&last.session_token))
        .await
        .unwrap();
    assert_eq!(session.metadata, metadata(&[("a", "1"), ("b", "1")]));
}

/// As many as there are tries, all at once, lose nothing.
#[tokio::test]
async fn sixteen_changes_at_once_are_carried_out() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let writer = app.caller(&Permission::ALL, HOUR).await;
    let client = Client::of(&app).bearing(writer.as_str());
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

/// The answer to the first attempt is lost, others write, the SDK sends it again.
#[tokio::test]
async fn a_change_whose_answer_was_lost_is_carried_out_once() {
    for others in [0, 1, 7] {
        let app = App::with(&[("ACCESS", "token")]).await;
        let writer = app.caller(&Permission::ALL, HOUR).await;
        let client = Client::of(&app).bearing(writer.as_str());
        let created = client.create(&Create::default()).await.unwrap();
        app.faults.inject(
            Fault::ApplyThenWait(Duration::from_millis(300))
                .once()
                .of("PutItem"),
        );
        let first = Set {
            metadata: metadata(&[("a", "1")]),
            session_id: created.session_id.clone(),
            ..Set::default()
        };

        let (changed, ()) = tokio::join!(client.set(&first), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            for n in 0..others {
                let other = Set {
                    metadata: metadata(&[("a", &format!("other {n}"))]),
                    ..first.clone()
                };
                client.set(&other).await.unwrap();
            }
        });

        let changed = changed.unwrap();
        assert_eq!(sequence(changed.details.as_ref()), 4, "{others}");
        let session = client.get(&created.session_id, None).await.unwrap();
        assert_eq!(session.sequence, 4 + 2 * others, "{others}");
        let last = others.checked_sub(1).map(|n| format!("other {n}"));
        let last = last.unwrap_or_else(|| "1".to_owned());
        assert_eq!(session.metadata, metadata(&[("a", &last)]), "{others}");
    }
}

#[tokio::test]
async fn a_change_that_was_forgotten_is_not_made_twice() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let writer = app.caller(&Permission::ALL, HOUR).await;
    let client = Client::of(&app).bearing(writer.as_str());
    let created = client.create(&Create::default()).await.unwrap();
    app.faults.inject(
        Fault::ApplyThenWait(Duration::from_millis(500))
            .once()
            .of("PutItem"),
    );
    let note = |value: &str| Set {
        metadata: metadata(&[("a", value)]),
        session_id: created.session_id.clone(),
        ..Set::default()
    };

    let first = note("1");
    let (changed, ()) = tokio::join!(client.set(&first), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        for n in 0..8 {
            client.set(&note(&format!("other {n}"))).await.unwrap();
        }
    });

    assert_eq!(code(&changed), "code 14", "it may have been carried out");
    let session = client.get(&created.session_id, None).await.unwrap();
    assert_eq!(session.sequence, 2 + 2 * 9);
}
