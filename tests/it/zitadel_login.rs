//! ZITADEL's login application: its calls of whole runs, in its order, over gRPC as it makes them.
//!
//! A user registers, verifies his address, signs in, mistypes his password, changes it in his
//! session, forgets it and signs out. `calls.jsonl` has a call a line; `{…}` in it stands for what
//! an earlier answer or message gave. The runs with second factors are in `factors`, and
//! those with passkeys and security keys in `keys`.

mod factors;
mod keys;

use std::time::Duration;

use serde_json::{Value, json};
use sesame::api::schema::PROCEDURES;
use sesame::domain::{Operation, Permission};

use crate::support::answer::Outcome;
use crate::support::app::App;
use crate::support::client::{Client, Wire};
use crate::support::record;

const CALLS: &str = include_str!("zitadel_login/calls.jsonl");
const ORGANIZATION: &str = "69629023906488334";
const LOGIN_NAME: &str = "ada@example.com";
const TERMS: &str = "https://acme.example/terms";
const PRIVACY: &str = "https://acme.example/privacy";
const SETTINGS: [(&str, &str); 5] = [
    ("ACCESS", "token"),
    ("SERVER_KEY", "a server key of at least 32 characters"),
    ("LINK_BASE_URLS", "http://localhost:3000/ui/v2/login/"),
    ("TOS_LINK", TERMS),
    ("PRIVACY_POLICY_LINK", PRIVACY),
];
const PERMISSIONS: [Permission; 5] = [
    Permission::UserRead,
    Permission::UserWrite,
    Permission::SessionRead,
    Permission::SessionWrite,
    Permission::SessionDelete,
];

/// A recorded call.
struct Call {
    rpc: Operation,
    request: Value,
    /// Whether it has to be refused.
    fails: bool,
    /// Whether the session's token is its bearer, and not the service account's.
    is_of_user: bool,
}

impl Call {
    fn parse(line: &str) -> Self {
        let call: Value = serde_json::from_str(line).unwrap();
        let (service, rpc) = call["rpc"].as_str().unwrap().split_once('.').unwrap();
        let is_called = |one: &&sesame::api::schema::Procedure| {
            one.operation.as_str() == rpc && one.service.ends_with(&format!(".v2.{service}"))
        };
        let procedure = PROCEDURES.iter().find(is_called);
        let bearer = call.get("as").map(|name| name.as_str().unwrap());
        assert!(matches!(bearer, None | Some("session token")), "{line}");
        Self {
            rpc: procedure.unwrap_or_else(|| panic!("{line}")).operation,
            request: call["request"].clone(),
            fails: call.get("fails").is_some_and(|fails| fails == true),
            is_of_user: bearer.is_some(),
        }
    }
}

/// What the application knows from earlier answers, as it keeps it in its cookies.
#[derive(Default)]
struct Browser {
    user_id: String,
    session_id: String,
    session_token: String,
    /// Whether the user's address is verified.
    is_verified: bool,
    /// Whether a password was checked in the session.
    is_proved: bool,
}

impl Browser {
    /// Puts the values into a request that `{…}` stands for.
    fn fill(&self, app: &App, value: &mut Value) {
        match value {
            Value::String(text) => {
                *text = match &**text {
                    "{userId}" => self.user_id.clone(),
                    "{sessionId}" => self.session_id.clone(),
                    "{sessionToken}" => self.session_token.clone(),
                    "{uuid}" => "0f8fad5b-d9cb-469f-a165-70867728950e".to_owned(),
                    "{code}" => code_in_link(app, &self.user_id),
                    text => text.to_owned(),
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.fill(app, value)),
            Value::Object(fields) => fields.values_mut().for_each(|value| self.fill(app, value)),
            _ => {}
        }
    }

    /// Takes from an answer what later calls need, and checks what the application reads of it.
    fn take(&mut self, rpc: Operation, request: &Value, answer: &Value) {
        match rpc {
            Operation::AddHumanUser => self.user_id = text(&answer["userId"]),
            Operation::CreateSession => {
                self.session_id = text(&answer["sessionId"]);
                self.session_token = text(&answer["sessionToken"]);
                record::secret(Some(&self.session_token));
                self.is_proved = request["checks"].get("password").is_some();
            }
            Operation::SetSession => {
                let token = text(&answer["sessionToken"]);
                assert_ne!(token, self.session_token, "each check replaces the token");
                record::secret(Some(&token));
                self.session_token = token;
                self.is_proved = true;
            }
            Operation::GetSession => self.read_session(&answer["session"]),
            Operation::ListSessions => {
                assert_eq!(answer["details"]["totalResult"], "1");
                self.read_session(&answer["sessions"][0]);
            }
            Operation::VerifyEmail => self.is_verified = true,
            Operation::GetUserByID => self.read_user(&answer["user"]),
            Operation::ListUsers => {
                // It goes on only if the name is one user's.
                assert_eq!(answer["details"]["totalResult"], "1");
                self.read_user(&answer["result"][0]);
            }
            Operation::ListAuthenticationMethodTypes => {
                let types = json!(["AUTHENTICATION_METHOD_TYPE_PASSWORD"]);
                assert_eq!(answer["authMethodTypes"], types);
            }
            Operation::SetPassword | Operation::SendEmailCode | Operation::PasswordReset => {
                assert_eq!(answer["details"]["resourceOwner"], ORGANIZATION);
                let code = answer.get("verificationCode");
                assert_eq!(code, None, "none was to be returned");
            }
            Operation::DeleteSession => assert!(answer["details"]["changeDate"].is_string()),
            _ => read_settings(rpc, answer),
        }
    }

    fn read_session(&self, session: &Value) {
        assert_eq!(session["id"], self.session_id);
        // Without one of these, the application throws.
        for date in ["creationDate", "changeDate", "expirationDate"] {
            assert!(session[date].is_string(), "{date} of {session}");
        }
        let factors = &session["factors"];
        let user = &factors["user"];
        assert_eq!(user["id"], self.user_id);
        assert_eq!(user["loginName"], LOGIN_NAME);
        assert_eq!(user["organizationId"], ORGANIZATION);
        let proved_at = &factors["password"]["verifiedAt"];
        assert_eq!(proved_at.is_string(), self.is_proved, "{session}");
    }

    fn read_user(&self, user: &Value) {
        assert_eq!(user["userId"], self.user_id);
        assert_eq!(user["state"], "USER_STATE_ACTIVE");
        assert_eq!(user["preferredLoginName"], LOGIN_NAME);
        assert_eq!(user["details"]["resourceOwner"], ORGANIZATION);
        let email = &user["human"]["email"];
        assert_eq!(email["email"], LOGIN_NAME);
        assert_eq!(
            email.get("isVerified"),
            self.is_verified.then_some(&json!(true))
        );
        assert_eq!(user["human"].get("passwordChangeRequired"), None);
    }
}

/// Checks what the application reads of settings.
fn read_settings(rpc: Operation, answer: &Value) {
    let settings = &answer["settings"];
    match rpc {
        Operation::GetHostedLoginTranslation => {
            assert_eq!(answer["translations"], json!({}));
            assert_eq!(answer["etag"].as_str().map(str::len), Some(32));
        }
        Operation::ListOrganizations => {
            assert_eq!(answer["result"].as_array().map(Vec::len), Some(1));
            assert_eq!(answer["result"][0]["id"], ORGANIZATION);
        }
        Operation::GetLoginSettings => {
            assert_eq!(settings["allowUsernamePassword"], true);
            assert_eq!(settings["allowRegister"], true);
            assert_eq!(settings.get("hidePasswordReset"), None);
            assert_eq!(settings["passwordCheckLifetime"], "86400s");
        }
        // Its form can't be sent while one of them is missing.
        Operation::GetLegalAndSupportSettings => {
            let want = json!({ "tosLink": TERMS, "privacyPolicyLink": PRIVACY });
            assert_eq!(*settings, want);
        }
        Operation::GetPasswordComplexitySettings => assert_eq!(settings["minLength"], "8"),
        Operation::GetActiveIdentityProviders => {
            assert_eq!(answer.get("identityProviders"), None);
        }
        Operation::GetBrandingSettings
        | Operation::GetSecuritySettings
        | Operation::GetPasswordExpirySettings => assert_eq!(*settings, json!({})),
        rpc => panic!("nothing is known of {rpc:?}"),
    }
}

fn text(value: &Value) -> String {
    let text = value.as_str().unwrap();
    assert_ne!(text, "");
    text.to_owned()
}

/// The code in the link of the newest message, which leads to the application's page.
fn code_in_link(app: &App, user_id: &str) -> String {
    let message = app.outbox().pop().unwrap();
    let (_, link) = message
        .text
        .split_once("http://localhost:3000/ui/v2/login/")
        .unwrap();
    let link = link.split_whitespace().next().unwrap();
    let (_, query) = link.split_once("?code=").unwrap();
    let (code, rest) = query.split_once('&').unwrap();
    assert_eq!(
        rest,
        format!("userId={user_id}&organization={ORGANIZATION}")
    );
    assert_eq!(code.len(), 20, "the link has the whole code");
    record::secret(Some(code));
    code.to_owned()
}

/// Makes the call; a page that asks for a code asks again each time that it is loaded.
async fn make(client: Client<'_>, rpc: Operation, request: &Value) -> Outcome {
    let app = client.app;
    let former = app.outbox().len();
    let answer = client.ask(rpc, request.clone()).await?;
    if matches!(rpc, Operation::SendEmailCode | Operation::PasswordReset) {
        assert_eq!(app.outbox().len(), former + 1, "{rpc:?}");
        for seconds in [1, 58] {
            let again = client.at(client.now.plus(Duration::from_secs(seconds)));
            again.ask(rpc, request.clone()).await.unwrap();
            assert_eq!(app.outbox().len(), former + 1, "{rpc:?} again");
        }
    }
    Ok(answer)
}

/// Makes all calls with a service account that has these permissions, up to the first that is
/// refused and should not be, which it returns.
async fn replay(app: &App, permissions: &[Permission]) -> Result<(), (Operation, String)> {
    let service = app.service(permissions).await.by(Wire::Grpc);
    let mut browser = Browser::default();
    for (seconds, line) in (0..).zip(CALLS.lines()) {
        let call = Call::parse(line);
        let mut request = call.request.clone();
        browser.fill(app, &mut request);
        let token = browser.session_token.clone();
        let mut client = service.later(Duration::from_secs(seconds));
        if call.is_of_user {
            client = client.bearing(&token);
        }
        if call.fails {
            let refusal = client.ask(call.rpc, request).await;
            assert_eq!(refusal, Err("COMMAND-3M0fs".to_owned()), "{line}");
            continue;
        }
        let answer = make(client, call.rpc, &request).await;
        let answer = answer.map_err(|error| (call.rpc, error))?;
        browser.take(call.rpc, &call.request, &answer);
    }
    assert!(browser.is_verified && browser.is_proved);
    Ok(())
}

#[tokio::test]
async fn a_whole_run_of_zitadels_login_succeeds() {
    // The names of the recorded run are in it, so it needs a database of its own.
    let app = App::emulated(&SETTINGS).await;

    assert_eq!(replay(&app, &PERMISSIONS).await, Ok(()));

    let outbox = app.outbox();
    let sent: Vec<_> = outbox.iter().map(|one| &*one.subject).collect();
    let changed = "Your password for Sesame was changed";
    let want = [
        "Confirm your e-mail address for Sesame",
        changed,
        "Set a new password for Sesame",
        changed,
    ];
    assert_eq!(sent, want);
    assert!(outbox.iter().all(|one| one.to == LOGIN_NAME));
}

#[tokio::test]
async fn a_run_needs_the_permissions_for_users_and_to_write_sessions() {
    for (without, refused) in [
        (Permission::UserRead, Some(Operation::GetUserByID)),
        (Permission::UserWrite, Some(Operation::AddHumanUser)),
        (Permission::SessionWrite, Some(Operation::CreateSession)),
        // It created its sessions itself, and sends their tokens.
        (Permission::SessionRead, None),
        (Permission::SessionDelete, None),
    ] {
        let app = App::emulated(&SETTINGS).await;
        let others = PERMISSIONS.into_iter().filter(|one| *one != without);
        let others: Vec<_> = others.collect();
        let want = refused.map_or(Ok(()), |rpc| Err((rpc, "AUTH-5mWD2".to_owned())));
        assert_eq!(replay(&app, &others).await, want, "{without:?}");
    }
}
