//! Passkeys and security keys in sessions.

mod answers;
mod challenges;
mod login;
mod requests;
mod uses;

use serde_json::{Value, json};
use sesame::domain::{Operation, Permission, Session, User};

use crate::support::answer::Outcome;
use crate::support::app::App;
use crate::support::authenticator::Authenticator;
use crate::support::client::Client;
use crate::support::keys::{KEYS, ORIGIN, asking};

pub async fn keys() -> App {
    App::emulated(&KEYS).await
}

/// A deployment with one setting more or another value.
pub async fn keys_with(name: &str, value: &str) -> App {
    let others = KEYS.into_iter().filter(|(other, _)| *other != name);
    let all: Vec<_> = others.chain([(name, value)]).collect();
    App::emulated(&all).await
}

/// A login page's own principal, which may check users without a password.
pub async fn page(app: &App) -> Client<'_> {
    app.service(&[Permission::SessionWrite]).await
}

/// A session, as its client knows it.
#[derive(Clone, Debug)]
pub struct Opened {
    pub id: String,
    pub token: String,
    /// The options of the newest challenge.
    pub options: Value,
    pub sequence: String,
}

impl Opened {
    pub async fn create(client: Client<'_>, message: Value) -> Self {
        let created = client.ask(Operation::CreateSession, message).await.unwrap();
        let mut opened = Self {
            id: created["sessionId"].as_str().unwrap().to_owned(),
            token: String::new(),
            options: Value::Null,
            sequence: String::new(),
        };
        opened.keep(&created);
        opened
    }

    /// A session with a challenge of a user.
    pub async fn of(client: Client<'_>, user: &User, level: &str) -> Self {
        Self::create(client, opening(user, level)).await
    }

    /// A session with a challenge without a user.
    pub async fn of_nobody(client: Client<'_>) -> Self {
        Self::create(client, json!({ "challenges": asking("REQUIRED") })).await
    }

    fn keep(&mut self, answer: &Value) {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        self.token = text(&answer["sessionToken"]);
        self.sequence = text(&answer["details"]["sequence"]);
        let key = &answer["challenges"]["webAuthN"];
        self.options = key["publicKeyCredentialRequestOptions"].clone();
    }

    /// The message of a Set of this session.
    pub fn set(&self, mut more: Value) -> Value {
        more["sessionId"] = json!(self.id);
        more["sessionToken"] = json!(self.token);
        more
    }

    /// Makes a Set, and has the new token from then on.
    pub async fn change(&mut self, client: Client<'_>, more: Value) -> Outcome {
        let changed = client.ask(Operation::SetSession, self.set(more)).await?;
        self.keep(&changed);
        Ok(changed)
    }

    /// Answers the newest challenge.
    pub async fn answer(&mut self, client: Client<'_>, key: &mut Authenticator) -> Outcome {
        let answer = key.assert(&self.options, ORIGIN);
        self.change(client, answering(&answer)).await
    }

    pub async fn stored(&self, app: &App) -> Session {
        let id = self.id.parse().unwrap();
        app.store.get_session(id).await.unwrap().unwrap()
    }

    /// What `GetSession` says of the factors.
    pub async fn factors(&self, client: Client<'_>) -> Value {
        let message = json!({ "sessionId": self.id, "sessionToken": self.token });
        let got = client.ask(Operation::GetSession, message).await.unwrap();
        got["session"]["factors"].clone()
    }
}

pub fn opening(user: &User, level: &str) -> Value {
    json!({
        "checks": { "user": { "loginName": user.login_name.as_str() } },
        "challenges": asking(level),
    })
}

/// An authenticator that has signed so often.
pub fn counting(key: &Authenticator, sign_count: u32) -> Authenticator {
    let mut key = key.clone();
    key.sign_count = sign_count;
    key
}

pub fn answering(answer: &Value) -> Value {
    json!({ "checks": { "webAuthN": { "credentialAssertionData": answer } } })
}

/// The ids of the error of a wrong answer, and of those that are told apart.
pub const WRONG: &str = "WEBAU-3M9si";
pub const MALFORMED: &str = "WEBAU-ADgv4";
pub const NO_CHALLENGE: &str = "COMMAND-Ioqu5";
pub const NOT_HIS: &str = "COMMAND-Aej7i";
pub const NOT_ACTIVE: &str = "COMMAND-Df4b3";
pub const NONE_USABLE: &str = "WEBAU-4G8sw";
pub const USER_MISSING: &str = "COMMAND-eeR2e";
pub const COPIED: &str = "WEBAU-4M90s";
pub const NO_PROOF: &str = "SESAME-Fprf1";
