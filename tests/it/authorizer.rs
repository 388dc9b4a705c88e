//! The Lambda authorizer, called with API Gateway's events.

mod events;
mod log;
mod tokens;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use sesame::domain::Operation::{self, DeleteSession, SetSession};
use sesame::domain::{Permission, RequiredStrength, Timestamp, User, UserState};
use sesame::log::Log;
use sesame::transport::lambda::authorizer::{Authorizer, AuthorizerAnswer};

use crate::support::administration::{Administration as _, SetPasswordOutcome};
use crate::support::answer::Answer;
use crate::support::app::{App, NOW, PASSWORD, event};
use crate::support::client::{Client, create_named};
use crate::support::faults::{Fault, Faults};
use crate::support::{facts, record};

/// An authorizer over the tables of an app.
struct TestAuthorizer {
    app: App,
    inner: Authorizer,
    faults: Faults,
    log: Arc<Mutex<Vec<String>>>,
}

impl TestAuthorizer {
    async fn open() -> Self {
        Self::answering(AuthorizerAnswer::Simple).await
    }

    async fn answering(answer: AuthorizerAnswer) -> Self {
        Self::over(App::start().await, answer)
    }

    fn over(app: App, answer: AuthorizerAnswer) -> Self {
        let (store, faults) = app.another_store();
        let (log, lines) = Log::memory(Some("sesame-authorizer".to_owned()));
        Self {
            app,
            inner: Authorizer::new(store, answer, RequiredStrength::default(), log),
            faults,
            log: lines,
        }
    }

    /// Whether the bearer of an `Authorization` header is let in.
    async fn lets_in(&self, authorization: &str, now: Timestamp) -> bool {
        let mut event = whole("request-2.0.json", "");
        event["headers"]["authorization"] = json!(authorization);
        let answer = self.ask(&event, now).await.unwrap();
        let (is_authorized, context) = (&answer["isAuthorized"], &answer["context"]);
        assert_eq!(is_authorized.as_bool(), Some(context.is_object()));
        context.is_object()
    }

    async fn lets_token_in(&self, token: &str) -> bool {
        self.lets_in(&format!("Bearer {token}"), NOW).await
    }

    /// Takes the lines that it has logged.
    fn logged(&self) -> Vec<Value> {
        let lines = std::mem::take(&mut *self.log.lock().unwrap());
        record::output(&lines);
        let lines = lines.iter();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn requests(&self) -> Vec<String> {
        let requests = self.faults.requests();
        facts::assert_known(&["Authorizer"], &requests, self.app.store.tables());
        self.faults.actions()
    }

    /// Adds a user with a session in which the password was checked.
    async fn mini(&self) -> (User, Answer) {
        let mini = self.app.user("mini").await;
        let session = self.app.client().log_in(&mini, PASSWORD).await;
        (mini, session)
    }
}

impl Drop for TestAuthorizer {
    fn drop(&mut self) {
        self.logged();
        self.requests();
    }
}

const FILES: [&str; 4] = [
    "token.json",
    "request-rest.json",
    "request-1.0.json",
    "request-2.0.json",
];

/// Reads an event of `events/authorizer/`, with a bearer token.
fn whole(file: &str, token: &str) -> Value {
    let text = event(&format!("authorizer/{file}"));
    assert!(text.contains("SESSION_TOKEN"), "{file}");
    serde_json::from_str(&text.replace("SESSION_TOKEN", token)).unwrap()
}

fn policy(principal: &str, effect: &str, stage: &str) -> Value {
    let api = "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234";
    json!({
        "principalId": principal,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{
                "Action": "execute-api:Invoke",
                "Effect": effect,
                "Resource": format!("{api}/{stage}/*"),
            }],
        },
    })
}

#[tokio::test]
async fn each_event_is_answered_in_the_form_of_its_gateway() {
    for (setting, of_2_0) in [
        (AuthorizerAnswer::Simple, false),
        (AuthorizerAnswer::Iam, true),
    ] {
        let lambda = TestAuthorizer::answering(setting).await;
        let (mini, session) = lambda.mini().await;
        let context = json!({
            "sessionId": session.json()["sessionId"],
            "userId": mini.user_id.as_str(),
            "loginName": mini.login_name.as_str(),
            "displayName": "Mini Mouse",
            "factors": "user,password",
            "amr": "pwd",
            "acr": "1fa",
            "userVerifiedAt": "2027-01-15T08:00:00.123Z",
            "passwordVerifiedAt": "2027-01-15T08:00:00.123Z",
            "createdAt": "2027-01-15T08:00:00.123Z",
            "expiresAt": "2027-01-16T08:00:00.123Z",
        });

        for (file, stage, is_policy) in [
            ("token.json", "prod", true),
            ("request-rest.json", "prod", true),
            ("request-1.0.json", "$default", true),
            ("request-2.0.json", "$default", of_2_0),
        ] {
            let (mut allowed, denied) = if is_policy {
                let allowed = policy(mini.user_id.as_str(), "Allow", stage);
                (allowed, policy("anonymous", "Deny", stage))
            } else {
                let answer = |is_authorized: bool| json!({ "isAuthorized": is_authorized });
                (answer(true), answer(false))
            };
            allowed["context"] = context.clone();

            let with = lambda
                .ask(&whole(file, &session.token()), NOW)
                .await
                .unwrap();
            let without = lambda.ask(&whole(file, "x"), NOW).await.unwrap();

            assert_eq!(with, allowed, "{file}");
            assert_eq!(without, denied, "{file}");
        }
    }
}

#[tokio::test]
async fn a_decision_takes_one_request_at_most() {
    let lambda = TestAuthorizer::open().await;
    let (mini, session) = lambda.mini().await;
    let user_alone = create_named(&lambda.app, &mini).await;
    let anonymous = lambda.app.client().create_json(&json!({})).await;
    let service = lambda
        .app
        .service_account(&Permission::ALL, Duration::MAX)
        .await;
    let with_other = |at: usize| {
        let mut token = session.token().into_bytes();
        token[at] = if token[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(token).unwrap()
    };

    for (what, token, lets_in, requests) in [
        ("a user's", &*session.token(), true, 1),
        ("a session that isn't there", &*with_other(4), false, 1),
        ("a wrong secret", &*with_other(40), false, 1),
        ("another user's place", &*with_other(80), false, 1),
        ("a session's alone", &session.token()[..64], false, 0),
        ("a user alone", &*user_alone.token(), false, 1),
        ("nobody's", &*anonymous.token(), false, 0),
        ("a service account's", service.as_str(), false, 0),
        ("no token", "x", false, 0),
    ] {
        lambda.faults.clear();
        assert_eq!(lambda.lets_token_in(token).await, lets_in, "{what}");
        assert_eq!(lambda.requests(), vec!["BatchGetItem"; requests], "{what}");
    }
}

#[tokio::test]
async fn a_session_is_denied_from_its_expiry_on() {
    let lambda = TestAuthorizer::open().await;
    let (_, session) = lambda.mini().await;
    let end = NOW.plus(Duration::from_hours(24));
    let authorization = format!("Bearer {}", session.token());

    let before = end.minus(Duration::from_millis(1));
    assert!(lambda.lets_in(&authorization, before).await);
    assert!(!lambda.lets_in(&authorization, end).await);
}

#[tokio::test]
async fn an_ended_session_is_denied() {
    let lambda = TestAuthorizer::open().await;
    let store = &lambda.app.store;

    for way in ["delete", "end", "deactivate", "lock", "password", "remove"] {
        let login = lambda.app.user(way).await;
        let other = lambda.app.user(&format!("{way}-other")).await;
        let client = lambda.app.client();
        let session = client.log_in(&login, PASSWORD).await;
        let others = client.log_in(&other, PASSWORD).await;
        assert!(lambda.lets_token_in(&session.token()).await, "{way}");

        match way {
            "delete" => {
                let body = json!({ "sessionToken": session.token() });
                let deleted = change(lambda.app.client(), DeleteSession, &session, &body).await;
                assert_eq!(deleted.outcome(), "ok");
            }
            "end" => assert!(store.end_sessions(&login).await.unwrap()),
            "deactivate" => set_state(&lambda.app, &login, UserState::Inactive).await,
            "lock" => set_state(&lambda.app, &login, UserState::Locked).await,
            "password" => {
                let hash = login.password_hash.as_ref().unwrap();
                let set = store.set_password_hash(&login, hash, None).await;
                assert_eq!(set.unwrap(), SetPasswordOutcome::Done);
            }
            _ => assert!(store.delete_user(&login).await.unwrap()),
        }

        assert!(!lambda.lets_token_in(&session.token()).await, "{way}");
        assert!(
            lambda.lets_token_in(&others.token()).await,
            "{way}: others'"
        );
    }
}

async fn set_state(app: &App, login: &User, state: UserState) {
    assert!(app.store.set_user_state(login, state).await.unwrap());
}

/// Makes a call on a session with its current token.
async fn change(client: Client<'_>, rpc: Operation, session: &Answer, body: &Value) -> Answer {
    let mut body = body.clone();
    body["sessionId"] = session.json()["sessionId"].clone();
    client.call_json(rpc, body).await
}

#[tokio::test]
async fn a_session_is_allowed_once_its_user_has_logged_in() {
    let lambda = TestAuthorizer::open().await;
    let mini = lambda.app.user("mini").await;
    let session = lambda.app.client().create_json(&json!({})).await;
    let mut token = session.token();
    let page = lambda.app.service(&[Permission::SessionWrite]).await;

    let name = json!({ "user": { "userId": mini.user_id.as_str() } });
    for (checks, lets_in) in [
        (name, false),
        (json!({ "password": { "password": PASSWORD } }), true),
    ] {
        let body = json!({ "sessionToken": token, "checks": checks });
        let changed = change(page, SetSession, &session, &body).await;
        assert_eq!(changed.outcome(), "ok", "{checks}");
        token = changed.token();
        assert_eq!(lambda.lets_token_in(&token).await, lets_in, "{checks}");
    }
}

#[tokio::test]
async fn without_a_database_a_decision_is_an_error_and_no_denial() {
    let lambda = TestAuthorizer::open().await;
    let (_, session) = lambda.mini().await;

    for (fault, level) in [
        (Fault::Reset, "warn"),
        (Fault::Answer(500, "InternalServerError"), "warn"),
        (Fault::Answer(400, "ThrottlingException"), "warn"),
        (Fault::Answer(400, "AccessDeniedException"), "error"),
        (Fault::Answer(400, "ResourceNotFoundException"), "error"),
    ] {
        for file in FILES {
            lambda.logged();
            lambda.faults.clear();
            lambda.faults.inject(fault.times(3));
            let answer = lambda.ask(&whole(file, &session.token()), NOW).await;

            assert!(answer.is_err(), "{fault:?}: {answer:?}");
            let lines = lambda.logged();
            assert_eq!(lines.len(), 1);
            assert_eq!(lines[0]["level"], level, "{fault:?}");
            assert!(lines[0]["cause"].is_string());
        }
    }
    lambda.faults.clear();
    lambda.faults.inject(Fault::Reset.once());
    assert!(lambda.lets_token_in(&session.token()).await, "tried again");
}
