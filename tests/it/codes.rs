//! Codes: how they are asked for, sent, tried and used.

mod whole_life;

use serde_json::{Value, json};
use sesame::domain::Permission;
use sesame::emulator::SentMessage;

use crate::support::app::App;
use crate::support::client::Client;

/// The template of the links in these tests.
const TEMPLATE: &str = "https://login.example/verify?code={{.Code}}&user={{.UserID}}";

/// The settings of a deployment that sends codes.
const SENDING: [(&str, &str); 4] = [
    ("MAIL_FROM", "login@acme.example"),
    (
        "SMS_ORIGINATION",
        "arn:aws:sms-voice:eu-central-1:123456789012:pool/pool-1",
    ),
    ("LINK_BASE_URLS", "https://login.example/"),
    ("SERVER_KEY", "a server key of at least 32 characters"),
];

async fn sending() -> App {
    App::emulated(&SENDING).await
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

/// The whole code in the link of a message.
fn long(message: &SentMessage) -> String {
    let (_, rest) = message.text.split_once("?code=").unwrap();
    rest[..20].to_owned()
}
