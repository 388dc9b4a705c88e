//! A Set of a password, while the password is changed.

use std::time::Duration;

use sesame::domain::Permission;

use super::{NEW_PASSWORD, change_password, get, is_proved, named, stored, with_password};
use crate::support::administration::SetPasswordOutcome;
use crate::support::app::{App, NOW, PASSWORD};
use crate::support::client::{HOUR, code};

/// How a session stands to the change of the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Another session in which the user was proved.
    Proved,
    /// The one with which the user changes the password.
    Own,
    /// One that only names the user.
    Naming,
}

/// The old password was checked before the change, and is written after it.
#[tokio::test(start_paused = true)]
async fn a_former_password_that_loses_the_race_proves_nothing() {
    for (kind, answer, left) in [
        (Kind::Proved, "ok", "QUERY-SFeaa"),
        (Kind::Own, "COMMAND-Hewfq", "ok"),
        (Kind::Naming, "ok", "QUERY-SFeaa"),
    ] {
        let app = App::emulated(&[]).await;
        let client = app.service(&Permission::ALL).await;
        let mini = app.user("mini").await;
        let session = match kind {
            Kind::Naming => named(&app, &mini).await,
            Kind::Proved | Kind::Own => client.login(&mini).await,
        };
        let kept = (kind == Kind::Own).then_some(&*session.session_id);
        // The attempt passes, and the writes wait.
        app.faults.delay("UpdateItem", 1, Duration::ZERO);
        let by = Duration::from_millis(200);
        app.faults.delay("UpdateItem", 2, by);

        let later = client.later(HOUR);
        let set = with_password(&session, PASSWORD);
        let (set, changed) = tokio::join!(later.set(&set), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            change_password(&app, &mini, kept).await
        });

        assert_eq!(changed, SetPasswordOutcome::Done, "{kind:?}");
        assert_eq!(code(&set), answer, "{kind:?}");
        assert_eq!(get(&client, &session).await, left, "{kind:?}");
        if let Ok(set) = set {
            let bearer = app.client().bearing(&set.session_token);
            assert_eq!(get(&bearer, &session).await, "code 16", "{kind:?}");
        } else {
            let proved_at = stored(&app, &session).await.factors.proved_at();
            assert_eq!(proved_at, Some(NOW), "nothing was renewed");
        }
    }
}

/// The session was read before the change, and the new password was checked after it.
#[tokio::test(start_paused = true)]
async fn a_new_password_is_taken_by_the_session_that_stays() {
    for (kind, answer, left) in [
        (Kind::Proved, "COMMAND-Hewfq", "QUERY-SFeaa"),
        (Kind::Own, "ok", "ok"),
        (Kind::Naming, "ok", "ok"),
    ] {
        let app = App::emulated(&[]).await;
        let client = app.service(&Permission::ALL).await;
        let mini = app.user("mini").await;
        let session = match kind {
            Kind::Naming => named(&app, &mini).await,
            Kind::Proved | Kind::Own => client.login(&mini).await,
        };
        let kept = (kind == Kind::Own).then_some(&*session.session_id);
        let by = Duration::from_millis(200);
        app.faults.delay("UpdateItem", 1, by);

        let set = with_password(&session, NEW_PASSWORD);
        let (set, changed) = tokio::join!(client.set(&set), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            change_password(&app, &mini, kept).await
        });

        assert_eq!(changed, SetPasswordOutcome::Done, "{kind:?}");
        assert_eq!(code(&set), answer, "{kind:?}");
        assert_eq!(get(&client, &session).await, left, "{kind:?}");
        assert!(is_proved(&app, &session).await);
    }
}

/// The session that names the user has got its first proof in another call, by the new password.
#[tokio::test(start_paused = true)]
async fn a_former_password_is_not_written_over_a_new_one() {
    let app = App::emulated(&[]).await;
    let client = app.service(&Permission::ALL).await;
    let mini = app.user("mini").await;
    let session = named(&app, &mini).await;
    app.faults.delay("UpdateItem", 1, Duration::ZERO);
    let by = Duration::from_millis(500);
    app.faults.delay("UpdateItem", 2, by);

    let later = client.later(HOUR);
    let former = with_password(&session, PASSWORD);
    let new = with_password(&session, NEW_PASSWORD);
    let (former, new) = tokio::join!(later.set(&former), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        change_password(&app, &mini, None).await;
        client.set(&new).await
    });

    assert_eq!(code(&new), "ok");
    assert_eq!(code(&former), "COMMAND-Hewfq");
    assert_eq!(get(&client, &session).await, "ok");
    let token = new.unwrap().session_token;
    assert_eq!(get(&app.client().bearing(&token), &session).await, "ok");
    let proved_at = stored(&app, &session).await.factors.proved_at();
    assert_eq!(proved_at, Some(NOW), "by the new one alone");
}
