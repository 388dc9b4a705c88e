//! Sessions that only name their user.

use sesame::domain::{Permission, User, UserState};

use super::{NEW_PASSWORD, change_password, get, is_proved, named, with_password};
use crate::support::administration::Administration as _;
use crate::support::app::{App, PASSWORD};
use crate::support::client::{checks, code, noting, proving, set};

/// What gives a user another generation.
#[derive(Clone, Copy, Debug)]
enum Change {
    Logout,
    Password,
    Deactivate,
    Lock,
}

async fn carry_out(app: &App, user: &User, change: Change) {
    let store = &app.store;
    let state = async |state| {
        assert!(store.set_user_state(user, state).await.unwrap());
        let user = app.login("mini").await;
        let active = store.set_user_state(&user, UserState::Active).await;
        assert!(active.unwrap());
    };
    match change {
        Change::Logout => assert!(store.end_sessions(user).await.unwrap()),
        Change::Password => {
            change_password(app, user, None).await;
        }
        Change::Deactivate => state(UserState::Inactive).await,
        Change::Lock => state(UserState::Locked).await,
    }
}

/// A login page makes such a session as soon as a name is typed, and checks the new password in it.
#[tokio::test]
async fn a_session_that_names_the_user_stays_and_takes_the_next_password() {
    for change in [
        Change::Logout,
        Change::Password,
        Change::Deactivate,
        Change::Lock,
    ] {
        let app = App::start().await;
        let client = app.service(&Permission::ALL).await;
        let mini = app.user("mini").await;
        let (naming, proved) = (named(&app, &mini).await, client.login(&mini).await);

        carry_out(&app, &mini, change).await;

        assert_eq!(get(&client, &proved).await, "QUERY-SFeaa", "{change:?}");
        assert_eq!(get(&client, &naming).await, "ok", "{change:?}");
        let token = Some(&*naming.session_token);
        let own = app.client().get(&naming.session_id, token).await;
        assert_eq!(code(&own), "ok", "{change:?}");
        let noted = app.client().set(&noting(&naming)).await.unwrap();
        let mut naming = naming;
        naming.session_token = noted.session_token;
        // Another check of the name alone proves no more than before.
        let again = client.set(&proving(&naming, checks(&mini, None))).await;
        naming.session_token = again.unwrap().session_token;
        assert!(!is_proved(&app, &naming).await, "{change:?}");

        let password = match change {
            Change::Password => NEW_PASSWORD,
            _ => PASSWORD,
        };
        let set = app.client().set(&with_password(&naming, password)).await;
        let token = set.unwrap().session_token;
        assert_eq!(get(&client, &naming).await, "ok", "{change:?}");
        let bearer = app.client().bearing(&token);
        let own = bearer.get(&naming.session_id, None).await;
        assert_eq!(code(&own), "ok", "{change:?}");

        // It has a proof now.
        let mini = app.login("mini").await;
        carry_out(&app, &mini, change).await;
        assert_eq!(get(&client, &naming).await, "QUERY-SFeaa", "{change:?}");
    }
}

#[tokio::test]
async fn a_session_that_names_a_user_ends_with_the_user() {
    let app = App::start().await;
    let client = app.service(&Permission::ALL).await;
    let mini = app.user("mini").await;
    let naming = named(&app, &mini).await;

    assert!(app.store.delete_user(&mini).await.unwrap());

    assert_eq!(get(&client, &naming).await, "QUERY-SFeaa");
    let noted = client.set(&noting(&naming)).await;
    assert_eq!(code(&noted), "COMMAND-Hewfq");
    let checked = client.set(&proving(&naming, checks(&mini, None))).await;
    assert_eq!(code(&checked), "COMMAND-Hewfq");
}

/// The page names a user who is locked, before and after.
#[tokio::test]
async fn a_session_that_names_a_locked_user_takes_no_check() {
    let app = App::start().await;
    let client = app.service(&Permission::ALL).await;
    let mini = app.user("mini").await;
    let naming = named(&app, &mini).await;

    let locked = app.store.set_user_state(&mini, UserState::Locked).await;
    assert!(locked.unwrap());

    for check in [
        proving(&naming, checks(&mini, None)),
        with_password(&naming, PASSWORD),
    ] {
        assert_eq!(code(&client.set(&check).await), "SESSION-Gj4ko");
    }
    assert_eq!(get(&client, &naming).await, "ok");
    let longer = client.set(&set(&naming)).await;
    assert_eq!(code(&longer), "ok");
}
