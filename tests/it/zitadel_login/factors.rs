//! Two runs with second factors: a user sets one up because he has to, signs in with his password in
//! another browser, and proves it. It is an authenticator app in the first, and codes by e-mail in
//! the second. `factor_calls.jsonl` has a call a line; each run begins with the user who is added.
//!
//! The application loads the pages that register a factor, or have a code sent, more than once. So
//! these calls are made again here.

use std::time::Duration;

use serde_json::{Value, json};
use sesame::domain::{Operation, Permission, Timestamp, TotpSecret};

use super::{Browser, Call, PERMISSIONS, SETTINGS, read_settings, text};
use crate::second_factors::totp_codes::code_of;
use crate::support::answer::Outcome;
use crate::support::app::App;
use crate::support::client::{Client, Wire};
use crate::support::record;

const CALLS: &str = include_str!("factor_calls.jsonl");
const OTP_PAGE: &str = "http://localhost:3000/ui/v2/login/otp/email?code=";

/// What the application knows beside what it keeps in its cookies.
struct Run {
    browser: Browser,
    /// The secrets that registrations of an app gave, the newest last.
    secrets: Vec<String>,
    /// What `ListAuthenticationMethodTypes` has.
    types: Vec<&'static str>,
    /// The factors beside user and password that were proved in the session.
    proved: Vec<&'static str>,
}

impl Run {
    fn new() -> Self {
        Self {
            browser: Browser {
                is_verified: true,
                ..Browser::default()
            },
            secrets: Vec::new(),
            types: vec!["AUTHENTICATION_METHOD_TYPE_PASSWORD"],
            proved: Vec::new(),
        }
    }

    /// The code that `{code}` stands for in a request.
    fn code(&self, app: &App, call: &Call, now: Timestamp) -> String {
        if call.request["checks"].get("otpEmail").is_some() {
            return self.code_in_message(app);
        }
        code_of(self.secrets.last().unwrap(), now)
    }

    /// The eight digits in the link of the newest message, which leads to the application's page.
    fn code_in_message(&self, app: &App) -> String {
        let message = app.outbox().pop().unwrap();
        let (_, rest) = message.text.split_once(OTP_PAGE).unwrap();
        let (code, rest) = rest.split_once('&').unwrap();
        let Browser {
            user_id,
            session_id,
            ..
        } = &self.browser;
        let want = format!("userId={user_id}&sessionId={session_id}");
        assert_eq!(rest.split_whitespace().next(), Some(&*want));
        assert!(code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_digit()));
        code.to_owned()
    }

    fn fill(&self, app: &App, call: &Call, now: Timestamp) -> Value {
        let mut request = call.request.clone();
        for path in ["/code", "/checks/totp/code", "/checks/otpEmail/code"] {
            if let Some(code) = request.pointer_mut(path) {
                *code = json!(self.code(app, call, now));
            }
        }
        self.browser.fill(app, &mut request);
        request
    }

    /// Makes the calls again that the application makes whenever a page of it is loaded.
    async fn load_again(&mut self, client: Client<'_>, rpc: Operation, request: &Value) {
        let again = client.ask(rpc, request.clone()).await;
        match rpc {
            Operation::RegisterTOTP => self.take_secret(&again.unwrap()),
            Operation::AddOTPEmail => assert_eq!(again, Err("COMMAND-Q54j2".to_owned())),
            rpc => panic!("{rpc:?} is made once"),
        }
    }

    fn take_secret(&mut self, answer: &Value) {
        let secret = text(&answer["secret"]);
        record::secret(Some(&secret));
        assert!(TotpSecret::from_base32(secret.clone()).is_ok());
        assert!(text(&answer["uri"]).contains(&secret));
        assert!(!self.secrets.contains(&secret), "each is another one");
        self.secrets.push(secret);
    }

    fn take(&mut self, call: &Call, answer: &Value) {
        let request = &call.request;
        match call.rpc {
            Operation::RegisterTOTP => self.take_secret(answer),
            Operation::VerifyTOTPRegistration => self.types.push("AUTHENTICATION_METHOD_TYPE_TOTP"),
            Operation::AddOTPEmail => self.types.push("AUTHENTICATION_METHOD_TYPE_OTP_EMAIL"),
            Operation::ListAuthenticationMethodTypes => {
                assert_eq!(answer["authMethodTypes"], json!(self.types));
            }
            Operation::GetLoginSettings => {
                assert_eq!(answer["settings"]["forceMfa"], true);
                let offered = ["OTP", "OTP_EMAIL", "OTP_SMS"];
                let offered = offered.map(|name| format!("SECOND_FACTOR_TYPE_{name}"));
                assert_eq!(answer["settings"]["secondFactors"], json!(offered));
                read_settings(call.rpc, answer);
            }
            Operation::CreateSession => {
                self.proved.clear();
                self.browser.take(call.rpc, request, answer);
            }
            Operation::SetSession => {
                let was_proved = self.browser.is_proved;
                self.browser.take(call.rpc, request, answer);
                let checks = request["checks"].as_object().unwrap();
                self.browser.is_proved = was_proved || checks.contains_key("password");
                let factors = ["totp", "otpEmail"].into_iter();
                self.proved
                    .extend(factors.filter(|name| checks.contains_key(*name)));
                // A code that is sent isn't returned.
                assert_eq!(answer["challenges"].get("otpEmail"), None);
            }
            Operation::GetSession => {
                self.browser.take(call.rpc, request, answer);
                for name in ["totp", "otpEmail"] {
                    let proved_at = &answer["session"]["factors"][name]["verifiedAt"];
                    assert_eq!(proved_at.is_string(), self.proved.contains(&name), "{name}");
                }
            }
            rpc => self.browser.take(rpc, request, answer),
        }
    }
}

/// A challenge that is asked for again within a minute sends nothing, and its first code stands.
async fn challenge_again(run: &mut Run, client: Client<'_>, call: &Call) {
    let app = client.app;
    let sent = app.outbox().len();
    for seconds in [1, 58] {
        let later = client.at(client.now.plus(Duration::from_secs(seconds)));
        let request = run.fill(app, call, later.now);
        let again = later.ask(call.rpc, request).await.unwrap();
        run.take(call, &again);
    }
    assert_eq!(app.outbox().len(), sent);
}

async fn replay(
    app: &App,
    calls: &[Call],
    permissions: &[Permission],
) -> Result<(), (Operation, String)> {
    let service = app.service(permissions).await.by(Wire::Grpc);
    let mut run = Run::new();
    for (seconds, call) in (0..).zip(calls) {
        let client = service.later(Duration::from_secs(seconds));
        let request = run.fill(app, call, client.now);
        let answer: Outcome = client.ask(call.rpc, request.clone()).await;
        let answer = answer.map_err(|error| (call.rpc, error))?;
        run.take(call, &answer);
        match call.rpc {
            Operation::RegisterTOTP | Operation::AddOTPEmail => {
                run.load_again(client, call.rpc, &request).await;
            }
            // As when the page is loaded again on which the QR code was.
            Operation::VerifyTOTPRegistration => {
                let user = json!({ "userId": run.browser.user_id });
                let again = client.ask(Operation::RegisterTOTP, user).await;
                assert_eq!(again, Err("COMMAND-do9se".to_owned()));
            }
            Operation::SetSession if call.request.get("challenges").is_some() => {
                challenge_again(&mut run, client, call).await;
            }
            _ => {}
        }
    }
    assert!(run.browser.is_proved && run.proved.len() == 1);
    Ok(())
}

/// The calls of each run.
fn runs() -> Vec<Vec<Call>> {
    let mut runs: Vec<Vec<Call>> = Vec::new();
    for call in CALLS.lines().map(Call::parse) {
        if call.rpc == Operation::AddHumanUser {
            runs.push(Vec::new());
        }
        runs.last_mut().unwrap().push(call);
    }
    runs
}

/// A database of its own, because the runs have the same user.
async fn app() -> App {
    App::emulated(&[&SETTINGS[..], &[("MFA", "required")]].concat()).await
}

#[tokio::test]
async fn runs_of_zitadels_login_with_second_factors_succeed() {
    let runs = runs();
    let added = "A second factor was added to your account at Sesame";
    let code = "Your code to sign in to Sesame";
    let sent = [vec![added], vec![added, code]];
    assert_eq!(runs.len(), sent.len());
    let permissions = [&PERMISSIONS[..], &[Permission::UserCredentialWrite]].concat();

    for (calls, want) in runs.iter().zip(sent) {
        let app = app().await;

        assert_eq!(replay(&app, calls, &permissions).await, Ok(()));

        let outbox = app.outbox();
        let subjects: Vec<_> = outbox.iter().map(|one| &*one.subject).collect();
        assert_eq!(subjects, want);
    }
}

#[tokio::test]
async fn a_run_without_the_permission_for_credentials_sets_no_factor_up() {
    for (calls, refused) in runs()
        .iter()
        .zip([Operation::RegisterTOTP, Operation::AddOTPEmail])
    {
        let app = app().await;

        let replayed = replay(&app, calls, &PERMISSIONS).await;

        assert_eq!(replayed, Err((refused, "AUTH-5mWD2".to_owned())));
    }
}
