use sesame::domain::{HashString, User, UserState};
use sesame::store::InsertOutcome;

use crate::support::administration::{Administration as _, SetPasswordOutcome};
use crate::support::app::App;

#[tokio::test]
async fn a_change_to_a_user_never_reaches_another_user() {
    let app = App::start().await;
    let read = app.user("mini").await;
    let heir = User {
        user_id: app.user_id("heir"),
        state: UserState::Locked,
        ..read.clone()
    };
    assert!(app.store.delete_user(&read).await.unwrap());
    let added = app.store.insert_user(&heir).await.unwrap();
    assert!(matches!(added, InsertOutcome::Inserted), "{added:?}");

    let read = User {
        state: UserState::Locked,
        ..read
    };
    let state = UserState::Active;
    let hash = HashString::new("$2b$04$another".to_owned());
    assert!(!app.store.set_user_state(&read, state).await.unwrap());
    assert!(!app.store.unlock_user(&read).await.unwrap());
    let set = app.store.set_password_hash(&read, &hash, None).await;
    assert_eq!(set.unwrap(), SetPasswordOutcome::UserChanged);
    assert!(!app.store.delete_user(&read).await.unwrap());

    let left = app.login("mini").await;
    assert_eq!(left.user_id, heir.user_id);
    assert_eq!(left.state, heir.state);
    assert_eq!(left.password_hash, heir.password_hash);
}

#[tokio::test]
async fn a_state_change_is_refused_if_the_user_has_changed_since() {
    let app = App::start().await;
    let read = app.user("mini").await;
    let lock = UserState::Locked;
    assert!(app.store.set_user_state(&read, lock).await.unwrap());

    let activate = app.store.set_user_state(&read, UserState::Active).await;

    assert!(!activate.unwrap(), "it would undo the lock");
    assert_eq!(app.login("mini").await.state, lock);
}
