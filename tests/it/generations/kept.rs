//! The session that stays when its user changes the password.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use sesame::api::proto::zitadel::session::v2::CreateSessionRequest as Create;
use sesame::domain::{HashString, Permission, User};

use super::{NEW_PASSWORD, change_password, get, is_proved, named, new_hash, with_password};
use crate::support::administration::{Administration as _, SetPasswordOutcome};
use crate::support::app::{App, PASSWORD};
use crate::support::client::{code, noting, sequence};
use crate::support::faults::Fault;

type Item = HashMap<String, AttributeValue>;

async fn item(app: &App, id: &str) -> Item {
    let got = app
        .dynamodb()
        .get_item()
        .table_name(&app.store.tables().sessions)
        .key("session_id", AttributeValue::S(id.to_owned()))
        .consistent_read(true)
        .send()
        .await;
    got.unwrap().item.unwrap()
}

#[tokio::test]
async fn a_session_is_kept_with_its_token_and_all_others_end() {
    let app = App::start().await;
    let client = app.service(&Permission::ALL).await;
    let mini = app.user("mini").await;
    let (own, other) = (client.login(&mini).await, client.login(&mini).await);
    let id = &*own.session_id;
    let before = item(&app, id).await;

    let changed = change_password(&app, &mini, Some(id)).await;

    assert_eq!(changed, SetPasswordOutcome::Done);
    let mut after = item(&app, id).await;
    let user = app.login("mini").await;
    assert_eq!(
        after.remove("epoch"),
        Some(AttributeValue::S(user.generation.to_string()))
    );
    assert_ne!(user.generation, mini.generation);
    assert_eq!(
        after.remove("sequence"),
        Some(AttributeValue::N("5".into()))
    );
    let mut before = before;
    before.retain(|name, _| name != "epoch" && name != "sequence");
    assert_eq!(after, before, "nothing else changes");

    assert_eq!(get(&client, &other).await, "QUERY-SFeaa");
    let bearer = app.client().bearing(&own.session_token);
    assert_eq!(get(&bearer, &own).await, "ok");
    let noted = app.client().set(&noting(&own)).await.unwrap();
    assert_eq!(sequence(noted.details.as_ref()), 7);
    let mut own = own;
    own.session_token = noted.session_token;
    let wrong = app.client().set(&with_password(&own, PASSWORD)).await;
    assert_eq!(code(&wrong), "COMMAND-3M0fs");
    let right = app.client().set(&with_password(&own, NEW_PASSWORD)).await;
    assert_eq!(sequence(right.unwrap().details.as_ref()), 9);
    assert_eq!(get(&client, &own).await, "ok");
}

/// Neither the user nor the session changes unless both do.
#[tokio::test]
async fn no_session_is_kept_that_is_not_the_users_and_valid() {
    const UNKNOWN: &str = "00000000-0000-4000-8000-000000000000";

    let app = App::start().await;
    let client = app.service(&Permission::ALL).await;
    let (mini, other) = (app.user("mini").await, app.user("other").await);
    let former = client.login(&mini).await;
    assert!(app.store.end_sessions(&mini).await.unwrap());
    let mini = app.login("mini").await;
    let deleted = client.login(&mini).await;
    client.delete(&deleted.session_id, None).await.unwrap();
    let of_other = client.login(&other).await;
    let naming = named(&app, &mini).await;
    let anonymous = client.create(&Create::default()).await.unwrap();

    for (what, id) in [
        ("unknown", UNKNOWN),
        ("of a former generation", &*former.session_id),
        ("deleted", &*deleted.session_id),
        ("of another user", &*of_other.session_id),
        ("without a proof", &*naming.session_id),
        ("without a user", &*anonymous.session_id),
    ] {
        let before = app.raw_login(&mini).await;
        let changed = change_password(&app, &mini, Some(id)).await;
        assert_eq!(changed, SetPasswordOutcome::SessionEnded, "{what}");
        assert_eq!(app.raw_login(&mini).await, before, "{what}");
    }
    assert!(!is_proved(&app, &deleted).await);
    let unknown = app.store.get_session(UNKNOWN.parse().unwrap()).await;
    assert_eq!(unknown.unwrap(), None, "no item is made");
}

#[tokio::test]
async fn a_password_is_set_only_in_the_generation_that_was_read() {
    for keeps in [true, false] {
        let app = App::start().await;
        let client = app.service(&Permission::ALL).await;
        let mini = app.user("mini").await;
        let own = client.login(&mini).await;
        assert!(app.store.end_sessions(&mini).await.unwrap());
        let before = app.raw_login(&mini).await;

        let kept = keeps.then_some(&*own.session_id);
        let changed = change_password(&app, &mini, kept).await;

        assert_eq!(changed, SetPasswordOutcome::UserChanged);
        assert_eq!(app.raw_login(&mini).await, before);
        assert_eq!(get(&client, &own).await, "QUERY-SFeaa");
    }
}

/// Two changes with one session: the second was made on a password that is no more.
#[tokio::test]
async fn of_two_changes_at_once_one_is_made() {
    let app = App::start().await;
    let client = app.service(&Permission::ALL).await;
    let mini = app.user("mini").await;
    let own = client.login(&mini).await;
    let id = Some(own.session_id.parse().unwrap());
    let hashes = ["one", "other"].map(|text| HashString::new(text.to_owned()));

    let [one, other] = &hashes;
    let (first, second) = tokio::join!(
        app.store.set_password_hash(&mini, one, id),
        app.store.set_password_hash(&mini, other, id),
    );

    let mut outcomes = [first.unwrap(), second.unwrap()];
    let user = app.login("mini").await;
    let won = usize::from(outcomes[1] == SetPasswordOutcome::Done);
    assert_eq!(user.password_hash.as_ref(), Some(&hashes[won]));
    outcomes.sort_by_key(|outcome| *outcome != SetPasswordOutcome::Done);
    let want = [SetPasswordOutcome::Done, SetPasswordOutcome::UserChanged];
    assert_eq!(outcomes, want);
    assert_eq!(get(&client, &own).await, "ok");
}

/// The answer is lost, and the SDK sends the transaction again.
#[tokio::test(start_paused = true)]
async fn a_change_whose_answer_was_lost_is_one_change() {
    let app = App::emulated(&[]).await;
    let client = app.service(&Permission::ALL).await;
    let mini = app.user("mini").await;
    let own = client.login(&mini).await;
    app.faults.clear();
    let lost = Fault::ApplyThenReset.once();
    app.faults.inject(lost.for_action("TransactWriteItems"));

    let hash = new_hash(&app).await;
    let id = Some(own.session_id.parse().unwrap());
    let changed = app.faulty.set_password_hash(&mini, &hash, id).await;

    assert_eq!(app.faults.count("TransactWriteItems"), 2);
    app.faults.clear();
    assert_eq!(changed.unwrap(), SetPasswordOutcome::Done);
    let session = client.get(&own.session_id, None).await.unwrap();
    assert_eq!(session.sequence, 5);
}

/// The user was renamed since it was read.
#[tokio::test]
async fn a_renamed_user_keeps_the_password() {
    let app = App::start().await;
    let client = app.service(&Permission::ALL).await;
    let mini: User = app.user("mini").await;
    let own = client.login(&mini).await;
    let renamed = app.store.rename_user(&mini, app.login_name("minnie")).await;
    assert!(renamed.unwrap());

    let changed = change_password(&app, &mini, Some(&own.session_id)).await;

    assert_eq!(changed, SetPasswordOutcome::UserChanged);
    assert_eq!(app.login("minnie").await.password_hash, mini.password_hash);
    assert_eq!(get(&client, &own).await, "ok");
}
