//! Second factors: how they are set up, listed and removed.

mod changes;
mod creates;
mod errors;
mod freshness;
mod own;
mod rights;
mod size;
mod told;
pub mod totp_codes;

use std::time::Duration;

use serde_json::{Value, json};
use sesame::domain::{Operation, Permission, Timestamp, UserRef};

use self::totp_codes::{STEP, code_of};
use crate::support::answer::Outcome;
use crate::support::app::{App, NOW, PASSWORD};
use crate::support::client::Client;
use crate::support::second::phone;

const SERVER_KEY: (&str, &str) = ("SERVER_KEY", "a server key of at least 32 characters");

const MINUTE: Duration = Duration::from_mins(1);

async fn start() -> App {
    App::emulated(&[SERVER_KEY]).await
}

async fn start_with(name: &str, value: &str) -> App {
    App::emulated(&[SERVER_KEY, (name, value)]).await
}

/// A client that may do all that there is to do with users and their factors.
async fn administrator(app: &App) -> Client<'_> {
    app.service(&[
        Permission::UserRead,
        Permission::UserWrite,
        Permission::UserDelete,
        Permission::UserCredentialWrite,
        Permission::UserCodeRead,
        Permission::SessionWrite,
        Permission::SessionRead,
    ])
    .await
}

fn address(app: &App, name: &str) -> String {
    format!("{}@mouse.example", UserRef::from(&app.user_id(name)))
}

/// The request that registers a user whose address and number are verified.
fn human(app: &App, name: &str) -> Value {
    json!({
        "userId": app.user_id(name).as_str(),
        "username": app.login_name(name).as_str(),
        "profile": { "givenName": "Mini", "familyName": "Mouse" },
        "email": { "email": address(app, name), "isVerified": true },
        "phone": { "phone": phone(&app.user_id(name)), "isVerified": true },
        "password": { "password": PASSWORD },
    })
}

async fn add(admin: Client<'_>, name: &str) -> String {
    let body = human(admin.app, name);
    let added = admin.ask(Operation::AddHumanUser, body).await.unwrap();
    added["userId"].as_str().unwrap().to_owned()
}

/// What went wrong, or `ok`.
fn outcome(outcome: &Outcome) -> String {
    outcome.as_ref().err().cloned().unwrap_or("ok".to_owned())
}

/// Makes a call about a user.
async fn ask(client: Client<'_>, rpc: Operation, id: &str) -> String {
    outcome(&client.ask(rpc, json!({ "userId": id })).await)
}

/// Registers an authenticator app, and returns its secret.
async fn register(client: Client<'_>, id: &str) -> String {
    let answer = client
        .ask(Operation::RegisterTOTP, json!({ "userId": id }))
        .await
        .unwrap();
    answer["secret"].as_str().unwrap().to_owned()
}

async fn verify(client: Client<'_>, id: &str, code: &str) -> String {
    let message = json!({ "userId": id, "code": code });
    outcome(&client.ask(Operation::VerifyTOTPRegistration, message).await)
}

/// Sets up an authenticator app, and returns its secret. The code of the client's time is used up.
async fn set_up(client: Client<'_>, id: &str) -> String {
    let secret = register(client, id).await;
    let code = code_of(&secret, client.now);
    assert_eq!(verify(client, id, &code).await, "ok");
    secret
}

async fn generate(client: Client<'_>, id: &str, count: i64) -> Result<Vec<String>, String> {
    let message = json!({ "userId": id, "count": count });
    let answer = client
        .ask(Operation::GenerateRecoveryCodes, message)
        .await?;
    let codes = answer["recoveryCodes"].as_array().unwrap().iter();
    Ok(codes
        .map(|code| code.as_str().unwrap().to_owned())
        .collect())
}

/// The ways in which a user can log in, without their common prefix.
async fn methods(client: Client<'_>, id: &str) -> Vec<String> {
    let message = json!({ "userId": id });
    let listed = client
        .ask(Operation::ListAuthenticationMethodTypes, message)
        .await;
    let listed = listed.unwrap();
    let types = listed["authMethodTypes"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let total = listed["details"]["totalResult"].as_str().unwrap_or("0");
    assert_eq!(total, types.len().to_string());
    let name = |one: &Value| {
        let name = one.as_str().unwrap();
        name.strip_prefix("AUTHENTICATION_METHOD_TYPE_")
            .unwrap()
            .to_owned()
    };
    types.iter().map(name).collect()
}

/// The factors of a user, with their states.
async fn factors(client: Client<'_>, id: &str, mut message: Value) -> Vec<(String, String)> {
    message["userId"] = json!(id);
    let listed = client
        .ask(Operation::ListAuthenticationFactors, message)
        .await;
    let listed = listed.unwrap();
    let result = listed["result"].as_array().cloned().unwrap_or_default();
    let factor = |one: &Value| {
        let fields = one.as_object().unwrap();
        let kind = fields.keys().find(|name| *name != "state").unwrap();
        let state = one["state"].as_str().unwrap();
        (
            kind.clone(),
            state.strip_prefix("AUTH_FACTOR_STATE_").unwrap().to_owned(),
        )
    };
    result.iter().map(factor).collect()
}

/// Checks the user's password, and what `more` has, in a new session.
async fn log_in(client: Client<'_>, id: &str, more: Value) -> Outcome {
    let mut checks = json!({ "user": { "userId": id }, "password": { "password": PASSWORD } });
    for (name, check) in more.as_object().unwrap() {
        checks[name] = check.clone();
    }
    let anonymous = Client {
        token: None,
        ..client
    };
    let message = json!({ "checks": checks });
    anonymous.ask(Operation::CreateSession, message).await
}

fn totp(secret: &str, at: Timestamp) -> Value {
    json!({ "totp": { "code": code_of(secret, at) } })
}

/// A client with the token of a session in which the password and `more` were checked.
async fn as_user<'a>(client: Client<'a>, id: &str, more: Value) -> Client<'a> {
    let created = log_in(client, id, more).await.unwrap();
    let token = created["sessionToken"].as_str().unwrap();
    client.bearing(token.to_owned().leak())
}

/// Whether the token of a session is good for calls on the user's own.
async fn is_alive(client: Client<'_>, id: &str) -> bool {
    let got = ask(client, Operation::ListAuthenticationMethodTypes, id).await;
    assert!(["ok", "code 16"].contains(&&*got), "{got}");
    got == "ok"
}

/// So many steps of an authenticator app after the time of the tests.
fn steps(count: u32) -> Timestamp {
    NOW.plus(STEP * count)
}
