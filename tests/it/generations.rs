//! A new password, a lock, a deactivation and a logout give a user another session generation. That
//! ends the sessions in which the user was proved, but for the one with which the user changed the
//! password.

mod kept;
mod naming;
mod races;
mod torn;

use sesame::api::proto::zitadel::session::v2::{
    CreateSessionResponse as Created, SetSessionRequest as Set,
};
use sesame::domain::{Factor, HashString, Password, Permission, Session, User};

use crate::support::administration::{Administration as _, SetPasswordOutcome};
use crate::support::app::App;
use crate::support::client::{Client, opening, password_alone, proving};

const NEW_PASSWORD: &str = "An0ther!";

async fn new_hash(app: &App) -> HashString {
    let password = Password::new(NEW_PASSWORD.to_owned());
    let hash = app.password_pool().hash(password).await.unwrap();
    HashString::new(hash.as_str().to_owned())
}

/// Sets [`NEW_PASSWORD`], and keeps a session.
pub async fn change_password(app: &App, user: &User, kept: Option<&str>) -> SetPasswordOutcome {
    let hash = new_hash(app).await;
    let kept = kept.map(|id| id.parse().unwrap());
    let set = app.store.set_password_hash(user, &hash, kept).await;
    set.unwrap()
}

/// Creates a session that only names a user.
async fn named(app: &App, user: &User) -> Created {
    let page = app.service(&[Permission::SessionWrite]).await;
    page.create(&opening(user, None)).await.unwrap()
}

async fn stored(app: &App, created: &Created) -> Session {
    let id = created.session_id.parse().unwrap();
    app.store.get_session(id).await.unwrap().unwrap()
}

async fn is_proved(app: &App, created: &Created) -> bool {
    let factors = stored(app, created).await.factors.set();
    factors.contains(&Factor::Password)
}

/// A Set of the password alone, with the session's token.
fn with_password(created: &Created, password: &str) -> Set {
    proving(created, password_alone(password))
}

/// Reads a session by permission, so that its token makes no difference.
async fn get(client: &Client<'_>, created: &Created) -> String {
    crate::support::client::code(&client.get(&created.session_id, None).await)
}
