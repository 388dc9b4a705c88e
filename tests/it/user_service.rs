//! The calls of the User service.

mod accepted;
mod lifecycle;
mod passwords;
mod rights;
mod switched_off;
mod updates;

use serde_json::{Value, json};
use sesame::domain::{Operation, Permission};

use crate::support::answer::Outcome;
use crate::support::app::{App, PASSWORD};
use crate::support::client::Client;

/// A password that no rule refuses.
const NEW_PASSWORD: &str = "another correct horse";

/// A client that may do all that there is to do with users.
async fn administrator(app: &App) -> Client<'_> {
    app.service(&[
        Permission::UserRead,
        Permission::UserWrite,
        Permission::UserDelete,
    ])
    .await
}

/// The request that registers a user with this name, who has a verified address.
fn human(app: &App, name: &str) -> Value {
    json!({
        "userId": app.user_id(name).as_str(),
        "username": app.login_name(name).as_str(),
        "profile": { "givenName": "Mini", "familyName": "Mouse" },
        "email": { "email": address(app, name), "isVerified": true },
        "password": { "password": PASSWORD },
    })
}

/// An e-mail address of this test's own.
fn address(app: &App, name: &str) -> String {
    format!("{}@mouse.example", app.user_id(name).as_str())
}

async fn register(client: Client<'_>, name: &str) -> String {
    let body = human(client.app, name);
    let added = client.ask(Operation::AddHumanUser, body).await.unwrap();
    added["userId"].as_str().unwrap().to_owned()
}

async fn read(client: Client<'_>, id: &str) -> Outcome {
    let got = client
        .ask(Operation::GetUserByID, json!({ "userId": id }))
        .await;
    got.map(|mut got| got["user"].take())
}

/// What went wrong, or `ok`.
fn outcome(outcome: &Outcome) -> String {
    outcome
        .as_ref()
        .err()
        .cloned()
        .unwrap_or_else(|| "ok".to_owned())
}

/// Logs a user in by id, and returns the session with its token.
async fn session(app: &App, id: &str, password: &str) -> Value {
    let checks = json!({ "user": { "userId": id }, "password": { "password": password } });
    let created = app.client().create_json(&json!({ "checks": checks })).await;
    assert_eq!(created.outcome(), "ok");
    created.json()
}

/// The token of a session in which the user was just proved.
async fn token(app: &App, id: &str, password: &str) -> &'static str {
    let session = session(app, id, password).await;
    session["sessionToken"].as_str().unwrap().to_owned().leak()
}
