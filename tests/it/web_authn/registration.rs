//! How passkeys and security keys are registered, listed and removed.

mod at_once;
mod faults;
mod interrupted;
mod limits;
mod links;
mod options;
mod removal;
mod rights;

use std::time::Duration;

use serde_json::{Value, json};
use sesame::domain::{Operation, Permission, SignatureAlgorithm, UserRef};

use super::{ORIGIN, start_with};
use crate::support::answer::Outcome;
use crate::support::app::{App, PASSWORD};
use crate::support::authenticator::Authenticator;
use crate::support::client::Client;

const MINUTE: Duration = Duration::from_mins(1);

async fn start() -> App {
    start_with(&[]).await
}

/// A client that may do all that there is to do with users, but have passkeys registered by links.
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

/// Adds a user with a verified address and, if it is said, a password.
async fn add_user(admin: Client<'_>, name: &str, has_password: bool) -> String {
    let app = admin.app;
    let mut message = json!({
        "userId": app.user_id(name).as_str(),
        "username": app.login_name(name).as_str(),
        "profile": { "givenName": "Mini", "familyName": "Mouse" },
        "email": { "email": address(app, name), "isVerified": true },
    });
    if has_password {
        message["password"] = json!({ "password": PASSWORD });
    }
    let added = admin.ask(Operation::AddHumanUser, message).await.unwrap();
    added["userId"].as_str().unwrap().to_owned()
}

async fn add(admin: Client<'_>, name: &str) -> String {
    add_user(admin, name, true).await
}

/// What went wrong, or `ok`.
fn outcome(outcome: &Outcome) -> String {
    outcome.as_ref().err().cloned().unwrap_or("ok".to_owned())
}

/// The two kinds of credentials, with their calls and the names of their fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Passkey,
    U2f,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Passkey, Self::U2f];

    fn register(self) -> Operation {
        match self {
            Self::Passkey => Operation::RegisterPasskey,
            Self::U2f => Operation::RegisterU2F,
        }
    }

    fn verify(self) -> Operation {
        match self {
            Self::Passkey => Operation::VerifyPasskeyRegistration,
            Self::U2f => Operation::VerifyU2FRegistration,
        }
    }

    fn remove(self) -> Operation {
        match self {
            Self::Passkey => Operation::RemovePasskey,
            Self::U2f => Operation::RemoveU2F,
        }
    }

    fn id(self) -> &'static str {
        match self {
            Self::Passkey => "passkeyId",
            Self::U2f => "u2fId",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Passkey => "passkeyName",
            Self::U2f => "tokenName",
        }
    }

    fn method(self) -> &'static str {
        match self {
            Self::Passkey => "PASSKEY",
            Self::U2f => "U2F",
        }
    }
}

/// A registration that was begun.
#[derive(Clone, Debug)]
pub struct Begun {
    pub kind: Kind,
    pub user: String,
    pub id: String,
    pub options: Value,
}

/// Begins a registration, with `more` in the request.
async fn begin_with(
    client: Client<'_>,
    kind: Kind,
    user: &str,
    more: Value,
) -> Result<Begun, String> {
    let mut message = more;
    message["userId"] = json!(user);
    let answer = client.ask(kind.register(), message).await?;
    Ok(Begun {
        kind,
        user: user.to_owned(),
        id: answer[kind.id()].as_str().unwrap().to_owned(),
        options: answer["publicKeyCredentialCreationOptions"].clone(),
    })
}

pub async fn begin(client: Client<'_>, kind: Kind, user: &str) -> Begun {
    begin_with(client, kind, user, json!({})).await.unwrap()
}

impl Begun {
    /// Completes it with an answer.
    pub async fn complete(&self, client: Client<'_>, answer: &Value) -> String {
        let message = json!({
            "userId": self.user,
            self.kind.id(): self.id,
            "publicKeyCredential": answer,
            self.kind.name(): "laptop",
        });
        outcome(&client.ask(self.kind.verify(), message).await)
    }

    /// Completes it with the answer of another authenticator.
    async fn complete_rightly(&self, client: Client<'_>) -> String {
        let answer = authenticator().register(&self.options, ORIGIN);
        self.complete(client, &answer).await
    }
}

fn authenticator() -> Authenticator {
    Authenticator::new(SignatureAlgorithm::Es256)
}

/// Registers a credential, and returns its id with its authenticator.
async fn register(client: Client<'_>, kind: Kind, user: &str) -> (String, Authenticator) {
    let begun = begin(client, kind, user).await;
    let mut authenticator = authenticator();
    let answer = authenticator.register(&begun.options, ORIGIN);
    assert_eq!(begun.complete(client, &answer).await, "ok");
    (begun.id, authenticator)
}

/// The ways in which a user can log in, without their common prefix.
async fn methods_with(client: Client<'_>, user: &str, query: Value) -> Vec<String> {
    let mut message = query;
    message["userId"] = json!(user);
    let listed = client
        .ask(Operation::ListAuthenticationMethodTypes, message)
        .await;
    let types = listed.unwrap()["authMethodTypes"].clone();
    let name = |one: &Value| {
        let name = one.as_str().unwrap();
        name["AUTHENTICATION_METHOD_TYPE_".len()..].to_owned()
    };
    let types = types.as_array().cloned().unwrap_or_default();
    types.iter().map(name).collect()
}

async fn methods(client: Client<'_>, user: &str) -> Vec<String> {
    methods_with(client, user, json!({})).await
}

/// The ids of a user's passkeys.
async fn passkeys(client: Client<'_>, user: &str) -> Vec<String> {
    let listed = client
        .ask(Operation::ListPasskeys, json!({ "userId": user }))
        .await
        .unwrap();
    let result = listed["result"].as_array().cloned().unwrap_or_default();
    let id = |one: &Value| one["id"].as_str().unwrap().to_owned();
    result.iter().map(id).collect()
}

/// A client with the token of a session in which the user's password was checked.
async fn as_user<'a>(client: Client<'a>, user: &str) -> Client<'a> {
    let anonymous = Client {
        token: None,
        ..client
    };
    let checks = json!({ "user": { "userId": user }, "password": { "password": PASSWORD } });
    let message = json!({ "checks": checks });
    let created = anonymous.ask(Operation::CreateSession, message).await;
    let token = created.unwrap()["sessionToken"]
        .as_str()
        .unwrap()
        .to_owned();
    client.bearing(token.leak())
}

#[tokio::test]
async fn both_kinds_are_registered_by_the_user_and_by_the_permission() {
    let app = start().await;
    let admin = administrator(&app).await;
    for kind in Kind::ALL {
        for is_own in [true, false] {
            let about = format!("{kind:?} {is_own}");
            let user = add(admin, &about).await;
            let by = if is_own {
                as_user(app.client(), &user).await
            } else {
                admin
            };
            let begun = begin(by, kind, &user).await;
            assert_eq!(methods(admin, &user).await, ["PASSWORD"], "{about}");
            assert_eq!(begun.complete_rightly(by).await, "ok", "{about}");

            let want = ["PASSWORD", kind.method()];
            assert_eq!(methods(admin, &user).await, want, "{about}");
            let listed = passkeys(admin, &user).await;
            let want: &[String] = match kind {
                Kind::Passkey => std::slice::from_ref(&begun.id),
                Kind::U2f => &[],
            };
            assert_eq!(listed, want, "{about}");
        }
    }
}
