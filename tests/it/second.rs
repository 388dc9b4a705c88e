//! Second factors in sessions: their checks, and the codes that are sent for them.

mod at_once;
mod check;
mod checks;
mod conditions;
mod daily;
mod faults;
mod guessing;
mod keyed;
mod keys;
mod locks;
mod meanwhile;
mod races;
mod refusals;
mod sent;
mod sessions;
mod table;
mod texts;
mod tokens;
mod uses;

use std::time::Duration;

use serde_json::{Value, json};
use sesame::domain::{FactorKind, Operation, Permission, Session, User};

use crate::support::answer::Outcome;
use crate::support::app::App;
use crate::support::client::{Client, ClientError};
use crate::support::second::{SECOND, login};

const SECOND_1: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
/// The smallest time that times differ by.
const MILLI: Duration = Duration::from_millis(1);

/// The id of the error for a principal that may not make a call.
const DENIED: &str = "AUTH-5mWD2";

const ALL: [FactorKind; 4] = [
    FactorKind::Totp,
    FactorKind::OtpSms,
    FactorKind::OtpEmail,
    FactorKind::RecoveryCodes,
];

/// The last moment before the end of a span.
fn just_before(end: Duration) -> Duration {
    end.checked_sub(MILLI).unwrap()
}

async fn second() -> App {
    App::emulated(&SECOND).await
}

/// A deployment with second factors, with one setting more or another value.
async fn second_with(name: &str, value: &str) -> App {
    App::emulated(&with(name, value)).await
}

fn with<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let others = SECOND.into_iter().filter(|(other, _)| *other != name);
    others.chain([(name, value)]).collect()
}

/// A login page's own principal.
async fn page(app: &App) -> Client<'_> {
    app.service(&[Permission::SessionWrite]).await
}

/// The same, which may have codes returned.
async fn reader(app: &App) -> Client<'_> {
    app.service(&[Permission::SessionWrite, Permission::UserCodeRead])
        .await
}

/// A session, as its client knows it.
#[derive(Clone, Debug)]
struct Opened {
    id: String,
    token: String,
    answer: Value,
}

impl Opened {
    fn of(answer: Value) -> Self {
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        Self {
            id: text("sessionId"),
            token: text("sessionToken"),
            answer,
        }
    }

    /// The message of a Set of this session, with what it has beside the token.
    fn set(&self, mut more: Value) -> Value {
        more["sessionId"] = json!(self.id);
        more["sessionToken"] = json!(self.token);
        more
    }

    /// Makes a Set, and has the new token from then on.
    async fn change(&mut self, client: Client<'_>, more: Value) -> Outcome {
        let changed = client.ask(Operation::SetSession, self.set(more)).await?;
        self.token = changed["sessionToken"].as_str().unwrap_or_default().into();
        Ok(changed)
    }

    /// The same, with all that an error says.
    async fn attempt(&self, client: Client<'_>, more: Value) -> Result<Value, ClientError> {
        client.try_json(Operation::SetSession, self.set(more)).await
    }

    async fn stored(&self, app: &App) -> Session {
        let id = self.id.parse().unwrap();
        app.store.get_session(id).await.unwrap().unwrap()
    }
}

/// Creates a session of a user by password.
async fn open(client: Client<'_>, user: &User) -> Opened {
    open_with(client, login(user, json!({}))).await
}

async fn open_with(client: Client<'_>, message: Value) -> Opened {
    Opened::of(client.ask(Operation::CreateSession, message).await.unwrap())
}

/// The message of a login with challenges, by their names.
fn challenging(user: &User, names: &[&str]) -> Value {
    let mut message = login(user, json!({}));
    message["challenges"] = asked(names);
    message
}

/// Codes that are sent, by the names of their challenges.
fn asked(names: &[&str]) -> Value {
    names
        .iter()
        .map(|name| ((*name).to_owned(), json!({})))
        .collect()
}

/// What went wrong, or `ok`.
fn outcome(outcome: &Outcome) -> String {
    outcome.as_ref().err().cloned().unwrap_or("ok".to_owned())
}
