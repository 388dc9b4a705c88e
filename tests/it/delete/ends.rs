use std::time::Duration;

use sesame::api::proto::zitadel::session::v2::{
    CreateSessionRequest as Create, SetSessionRequest as Set,
};
use sesame::domain::{Factors, Permission, UserState};

use crate::support::administration::{Administration as _, SetPasswordOutcome};
use crate::support::app::{App, NOW, PASSWORD};
use crate::support::client::{Client, HOUR, checks, code, millis, noting, sequence, set};
use crate::support::client::{proving, seconds};
use crate::support::faults::Fault;

#[tokio::test]
async fn a_lifetime_begins_with_the_call_that_sets_it() {
    let app = App::with(&[("MAX_SESSION_LIFETIME_SECONDS", "86400")]).await;
    let client = Client::new(&app);
    let created = client.create(&Create::default()).await.unwrap();
    let with = |lifetime| Set {
        lifetime: Some(seconds(lifetime)),
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
    let client = app.service(&Permission::ALL).await;
    let mini = app.user("mini").await;
    let created = client.login(&mini).await;
    let (id, token) = (&*created.session_id, &*created.session_token);
    let end = client.later(HOUR * 24);

    assert_eq!(code(&end.set(&noting(&created)).await), "COMMAND-Hkl3d");
    for token in [None, Some(token)] {
        assert_eq!(code(&end.get(id, token).await), "QUERY-SFeaa");
    }
    let own = Client::new(&app).later(HOUR * 24).bearing(token);
    assert_eq!(code(&own.get(id, None).await), "code 16");
    assert_eq!(code(&end.delete(id, Some(token)).await), "ok");
    assert_eq!(code(&end.set(&noting(&created)).await), "COMMAND-Hewfq");
}

/// The session expires during the call.
#[tokio::test(start_paused = true)]
async fn a_session_that_expires_during_a_set_stays_expired() {
    let app = App::emulated(&[("SESSION_LIFETIME_SECONDS", "60")]).await;
    let client = Client::new(&app);
    let created = client.create(&Create::default()).await.unwrap();
    let longer = Set {
        lifetime: Some(seconds(3600)),
        ..set(&created)
    };
    let last = client.later(Duration::from_millis(59_500));

    app.faults.delay("GetItem", 1, Duration::from_secs(1));
    assert_eq!(code(&last.set(&longer).await), "COMMAND-Hkl3d");
    app.faults.clear();
    assert_eq!(code(&last.set(&longer).await), "ok");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_during_a_set_is_not_changed() {
    let app = App::emulated(&[]).await;
    let mini = app.user("mini").await;
    let client = Client::new(&app);
    let created = client.login(&mini).await;
    let again = proving(&created, checks(&mini, Some(PASSWORD)));

    // After the session is read, and before the password is checked.
    app.faults
        .delay("UpdateItem", 1, Duration::from_millis(200));
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
        let client = app.service(&Permission::ALL).await;
        let (mini, other) = (app.user("mini").await, app.user("other").await);
        let sessions = [client.login(&mini).await, client.login(&mini).await];
        let of_other = client.login(&other).await;

        let login = app.login("mini").await;
        let store = &app.store;
        let done = match end {
            End::Logout => store.end_sessions(&login).await,
            End::Password => {
                let hash = mini.password_hash.clone().unwrap();
                let set = store.set_password_hash(&login, &hash, None).await;
                set.map(|set| set == SetPasswordOutcome::Done)
            }
            End::Deactivate => store.set_user_state(&login, UserState::Inactive).await,
            End::Lock => store.set_user_state(&login, UserState::Locked).await,
            End::Delete => store.delete_user(&login).await,
        };
        assert!(done.unwrap(), "{end:?}");

        for created in &sessions {
            let (id, token) = (&*created.session_id, &*created.session_token);
            let own = Client::new(&app).bearing(token);
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

        // A user who may log in again, even a new one with the old id, has none of them back.
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

#[tokio::test(start_paused = true)]
async fn a_session_created_while_all_are_ended_has_ended() {
    let app = App::emulated(&[]).await;
    let mini = app.user("mini").await;
    let client = Client::new(&app);

    // After the login is read, and before the session is put.
    app.faults.delay("PutItem", 1, Duration::from_millis(200));
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
async fn a_delete_whose_answer_was_lost_is_one_delete() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let client = Client::new(&app);
    let created = client.login(&mini).await;
    app.faults
        .inject(Fault::ApplyThenReset.times(2).for_action("UpdateItem"));

    let ended = client
        .delete(&created.session_id, Some(&created.session_token))
        .await
        .unwrap();

    assert_eq!(app.faults.count("UpdateItem"), 2 + 3, "two of the login's");
    assert_eq!(sequence(ended.details.as_ref()), 5);
    let stored = app
        .store
        .get_session(created.session_id.parse().unwrap())
        .await;
    let stored = stored.unwrap().unwrap();
    assert_eq!((stored.sequence.0, stored.factors), (5, Factors::default()));
    assert_eq!(app.sessions_of(&mini.user_id).await.len(), 0);
}

/// The answer to the create is lost, and the session is deleted before the SDK sends it again.
#[tokio::test(start_paused = true)]
async fn a_resent_create_does_not_revive_a_deleted_session() {
    let app = App::emulated(&[("ACCESS", "token")]).await;
    let client = app.service(&Permission::ALL).await;
    let mini = app.user("mini").await;
    app.faults.inject(
        Fault::ApplyThenWait(Duration::from_millis(300))
            .once()
            .for_action("PutItem"),
    );

    let (created, ended) = tokio::join!(client.login(&mini), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let sessions = app.sessions_of(&mini.user_id).await;
        client.delete(&sessions[0], None).await
    });

    assert_eq!(code(&ended), "ok");
    assert_eq!(app.faults.count("PutItem"), 2);
    let got = client
        .get(&created.session_id, Some(&created.session_token))
        .await;
    assert_eq!(code(&got), "QUERY-SFeaa");
}
