//! Codes: how they are asked for, sent, tried and used.

mod addresses;
mod at_once;
mod delivery;
mod faults;
mod kind;
mod leftovers;
mod limits;
mod links;
mod media;
mod notices;
mod passwords;
mod rotation;
mod rounds;
mod table;
mod whole_life;
mod wires;

use std::time::Duration;

use serde_json::{Value, json};
use sesame::domain::{Operation, Permission, UserId, UserRef};
use sesame::emulator::SentMessage;

use crate::support::answer::Outcome;
use crate::support::app::{App, PASSWORD};
use crate::support::client::Client;

/// The template of the links in these tests.
const TEMPLATE: &str = "https://login.example/verify?code={{.Code}}&user={{.UserID}}";

/// A password that no rule refuses.
const NEW_PASSWORD: &str = "another correct horse";

/// The id of the error for a principal that may not make a call.
const DENIED: &str = "AUTH-5mWD2";

const SERVER_KEY: &str = "a server key of at least 32 characters";

const ORIGINATION: &str = "arn:aws:sms-voice:eu-central-1:123456789012:pool/pool-1";

/// The settings of a deployment that sends codes.
const SENDING: [(&str, &str); 4] = [
    ("MAIL_FROM", "login@acme.example"),
    ("SMS_ORIGINATION", ORIGINATION),
    ("LINK_BASE_URLS", "https://login.example/"),
    ("SERVER_KEY", SERVER_KEY),
];

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
/// The smallest time that times differ by.
const MILLI: Duration = Duration::from_millis(1);

/// The last moment before the end of a span.
fn just_before(end: Duration) -> Duration {
    end.checked_sub(MILLI).unwrap()
}

async fn sending() -> App {
    App::emulated(&SENDING).await
}

/// A deployment that sends codes, with one setting more or another value.
async fn sending_with(name: &str, value: &str) -> App {
    App::emulated(&with(name, value)).await
}

fn with<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let others = SENDING.into_iter().filter(|(other, _)| *other != name);
    others.chain([(name, value)]).collect()
}

/// A client that may do all that there is to do with users and codes.
async fn administrator(app: &App) -> Client<'_> {
    app.service(&[
        Permission::UserRead,
        Permission::UserWrite,
        Permission::UserDelete,
        Permission::UserCodeRead,
        Permission::SessionWrite,
    ])
    .await
}

/// The request for a code in a message with a link.
fn send(user: &str) -> Value {
    json!({ "userId": user, "sendCode": { "urlTemplate": TEMPLATE } })
}

/// The request for a code in the answer.
fn returned(user: &str) -> Value {
    json!({ "userId": user, "returnCode": {} })
}

/// The whole code in the link of a message.
fn long(message: &SentMessage) -> String {
    let (_, rest) = message.text.split_once("?code=").unwrap();
    rest[..20].to_owned()
}

/// The e-mail address of a user.
fn address(id: &str) -> String {
    let id = UserId::parse(id.to_owned()).unwrap();
    format!("{}@mouse.example", UserRef::from(&id))
}

/// Another address of a user.
fn new_address(id: &str) -> String {
    format!("new-{}", address(id))
}

/// The phone number of a user.
fn number(id: &str) -> String {
    let hash = id.bytes().fold(0_u64, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add(u64::from(byte)) % 10_000_000
    });
    format!("+4171{hash:07}")
}

/// Another number of a user.
fn new_number(id: &str) -> String {
    number(&format!("{id} new"))
}

/// The request that registers a user, without a phone.
fn human(id: &str, is_verified: bool) -> Value {
    json!({
        "userId": id,
        "username": id,
        "profile": { "givenName": "Mini", "familyName": "Mouse" },
        "email": { "email": address(id), "isVerified": is_verified },
        "password": { "password": PASSWORD },
    })
}

async fn add(admin: Client<'_>, human: Value) -> String {
    let added = admin.ask(Operation::AddHumanUser, human).await.unwrap();
    added["userId"].as_str().unwrap().to_owned()
}

/// A user as clients see one.
async fn read(client: Client<'_>, id: &str) -> Value {
    let message = json!({ "userId": id });
    let got = client.ask(Operation::GetUserByID, message).await;
    got.unwrap()["user"]["human"].take()
}

/// What went wrong, or `ok`.
fn outcome(outcome: &Outcome) -> String {
    outcome.as_ref().err().cloned().unwrap_or("ok".to_owned())
}

/// Logs a user in by id.
async fn log_in(client: Client<'_>, id: &str, password: &str) -> String {
    let checks = json!({ "user": { "userId": id }, "password": { "password": password } });
    let anonymous = Client {
        token: None,
        ..client
    };
    let body = json!({ "checks": checks });
    anonymous.create_json(&body).await.outcome()
}

/// A client with the token of a session in which this user was just proved.
async fn as_user<'a>(client: Client<'a>, id: &str, password: &str) -> Client<'a> {
    let checks = json!({ "user": { "userId": id }, "password": { "password": password } });
    let anonymous = Client {
        token: None,
        ..client
    };
    let created = anonymous.create_json(&json!({ "checks": checks })).await;
    assert_eq!(created.outcome(), "ok");
    client.bearing(created.token().leak())
}

/// The request that sets a password by the code of a reset.
fn reset(id: &str, password: &str, code: &str) -> Value {
    json!({
        "userId": id, "newPassword": { "password": password }, "verificationCode": code,
    })
}
