//! Three runs with passkeys and security keys: a user registers a passkey by the code of a link
//! that is returned, and signs in with it; a user registers a security key and proves it after the
//! password; and a user who has neither password nor passkey is sent an invitation. `key_calls.jsonl`
//! has a call a line; each run begins with the user who is added.
//!
//! An authenticator of the test's own answers in the place of the recorded one, with the members and
//! flags of its answers. The application loads the pages that ask for it more than once. So these
//! calls are made again here.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sesame::domain::{Operation, Permission, SignatureAlgorithm};

use super::{Browser, Call, ORGANIZATION, PERMISSIONS, SETTINGS, read_settings, text};
use crate::support::app::App;
use crate::support::authenticator::Authenticator;
use crate::support::client::{Client, Wire};
use crate::support::record;

const CALLS: &str = include_str!("key_calls.jsonl");
const ORIGIN: &str = "http://localhost:3000";
const KEYS: [(&str, &str); 3] = [
    ("RP_IDS", "localhost"),
    ("RP_ORIGINS", ORIGIN),
    ("MFA", "required"),
];

/// Where a request has the answer of an authenticator.
const ANSWERS: [&str; 2] = [
    "/publicKeyCredential",
    "/checks/webAuthN/credentialAssertionData",
];

/// What the application and the browser know beside what is kept in cookies.
struct Run {
    browser: Browser,
    authenticator: Authenticator,
    /// The code of a registration link, with its id.
    code: Value,
    /// The id of the registration, passkey or security key.
    key_id: String,
    /// The newest options for the authenticator.
    options: Value,
    /// What `ListAuthenticationMethodTypes` has.
    types: Vec<&'static str>,
    /// The factor in the session that the authenticator proved.
    proved: Option<Value>,
}

impl Run {
    fn new(added: &Call) -> Self {
        let has_password = added.request.get("password").is_some();
        Self {
            browser: Browser {
                is_verified: true,
                ..Browser::default()
            },
            authenticator: Authenticator::new(SignatureAlgorithm::Es256),
            code: Value::Null,
            key_id: String::new(),
            options: Value::Null,
            types: has_password.then_some("PASSWORD").into_iter().collect(),
            proved: None,
        }
    }

    fn fill(&mut self, app: &App, call: &Call) -> Value {
        let mut request = call.request.clone();
        for (path, value) in [
            ("/code", &self.code),
            ("/passkeyId", &json!(self.key_id)),
            ("/u2fId", &json!(self.key_id)),
        ] {
            if let Some(place) = request.pointer_mut(path) {
                place.clone_from(value);
            }
        }
        for path in ANSWERS {
            if let Some(place) = request.pointer_mut(path) {
                *place = self.answer(place);
            }
        }
        self.browser.fill(app, &mut request);
        request
    }

    /// Answers the newest options with the flags and members of what was recorded.
    fn answer(&mut self, recorded: &Value) -> Value {
        let response = &recorded["response"];
        let made = if let Some(data) = response.get("authenticatorData") {
            let data = URL_SAFE_NO_PAD.decode(data.as_str().unwrap()).unwrap();
            // After the hash of the domain.
            self.authenticator.flags = data[32];
            self.authenticator.assert(&self.options, ORIGIN)
        } else {
            self.authenticator.sign_count = 1;
            self.authenticator.register(&self.options, ORIGIN)
        };
        shaped(recorded, &made)
    }

    fn take(&mut self, call: &Call, answer: &Value) {
        let request = &call.request;
        match call.rpc {
            Operation::CreatePasskeyRegistrationLink => {
                self.code = answer["code"].clone();
                record::secret(self.code["code"].as_str());
                assert_ne!(text(&self.code["id"]), text(&self.code["code"]));
            }
            Operation::RegisterPasskey => self.take_registration(answer, "passkeyId"),
            Operation::RegisterU2F => self.take_registration(answer, "u2fId"),
            Operation::VerifyPasskeyRegistration => self.types.push("PASSKEY"),
            Operation::VerifyU2FRegistration => self.types.push("U2F"),
            Operation::ListAuthenticationMethodTypes => self.read_types(answer),
            Operation::GetLoginSettings => read_login_settings(answer),
            Operation::CreateSession => {
                self.proved = None;
                self.browser.take(call.rpc, request, answer);
            }
            Operation::SetSession => self.take_change(call, answer),
            Operation::GetSession => {
                self.browser.take(call.rpc, request, answer);
                let factors = &answer["session"]["factors"];
                assert_eq!(factors.get("webAuthN"), self.proved.as_ref());
            }
            Operation::GetUserByID | Operation::ListUsers if self.types.is_empty() => {
                // Without a password, there is nothing that has to be changed either.
                self.browser.take(call.rpc, request, answer);
            }
            Operation::CreateInviteCode => assert_eq!(answer.get("inviteCode"), None),
            rpc => self.browser.take(rpc, request, answer),
        }
    }

    /// The application hands the options to the browser and maps over the list in them.
    fn take_registration(&mut self, answer: &Value, id: &str) {
        self.key_id = text(&answer[id]);
        self.options = answer["publicKeyCredentialCreationOptions"].clone();
        let key = &self.options["publicKey"];
        assert_eq!(key["rp"]["id"], "localhost");
        assert_eq!(key["user"]["name"], "ada@example.com");
        assert_eq!(key["excludeCredentials"], json!([]));
        assert_eq!(answer["details"]["resourceOwner"], ORGANIZATION);
    }

    fn take_change(&mut self, call: &Call, answer: &Value) {
        let was_proved = self.browser.is_proved;
        self.browser.take(call.rpc, &call.request, answer);
        let checks = &call.request["checks"];
        self.browser.is_proved = was_proved || checks.get("password").is_some();
        if checks.get("webAuthN").is_some() {
            let mut factor = json!({ "verifiedAt": answer["details"]["changeDate"] });
            if self.types.contains(&"PASSKEY") {
                factor["userVerified"] = json!(true);
            }
            self.proved = Some(factor);
        }
        if call.request.get("challenges").is_some() {
            let key = &answer["challenges"]["webAuthN"];
            self.options = key["publicKeyCredentialRequestOptions"].clone();
            let allowed = &self.options["publicKey"]["allowCredentials"];
            assert_eq!(allowed.as_array().map(Vec::len), Some(1));
            let id = URL_SAFE_NO_PAD.encode(&self.authenticator.id);
            assert_eq!(allowed[0]["id"], id);
        }
    }

    fn read_types(&self, answer: &Value) {
        let types = self.types.iter();
        let types: Vec<_> = types
            .map(|name| format!("AUTHENTICATION_METHOD_TYPE_{name}"))
            .collect();
        let want = (!types.is_empty()).then(|| json!(types));
        assert_eq!(answer.get("authMethodTypes"), want.as_ref());
    }

    /// Makes the calls again that the application makes whenever a page of it is loaded.
    async fn load_again(&mut self, client: Client<'_>, call: &Call, request: &Value) {
        match call.rpc {
            // Each time, the page registers with a code of its own, which the link gives.
            Operation::RegisterPasskey => {
                let again = client.ask(call.rpc, request.clone()).await;
                assert_eq!(
                    again,
                    Err("COMMAND-Eeb2a".to_owned()),
                    "a code is used once"
                );
                let link = json!({ "userId": self.browser.user_id, "returnCode": {} });
                let link = client.ask(Operation::CreatePasskeyRegistrationLink, link);
                let mut request = request.clone();
                request["code"] = link.await.unwrap()["code"].clone();
                let again = client.ask(call.rpc, request).await.unwrap();
                self.take(call, &again);
            }
            Operation::RegisterU2F => {
                let again = client.ask(call.rpc, request.clone()).await.unwrap();
                self.take(call, &again);
            }
            Operation::SetSession if request.get("challenges").is_some() => {
                for seconds in [1, 2] {
                    let later = client.at(client.now.plus(Duration::from_millis(seconds)));
                    let request = self.fill(client.app, call);
                    let again = later.ask(call.rpc, request).await.unwrap();
                    self.take(call, &again);
                }
            }
            _ => {}
        }
    }
}

/// The members of `made` that `like` has too, which must be there.
fn shaped(like: &Value, made: &Value) -> Value {
    let Value::Object(members) = like else {
        return made.clone();
    };
    let members = members.iter().map(|(name, like)| {
        let made = made.get(name).unwrap_or_else(|| panic!("no {name}"));
        (name.clone(), shaped(like, made))
    });
    Value::Object(members.collect())
}

fn read_login_settings(answer: &Value) {
    let settings = &answer["settings"];
    assert_eq!(settings["forceMfa"], true);
    assert_eq!(settings["passkeysType"], "PASSKEYS_TYPE_ALLOWED");
    let with_verification = json!(["MULTI_FACTOR_TYPE_U2F_WITH_VERIFICATION"]);
    assert_eq!(settings["multiFactors"], with_verification);
    let offered = ["OTP", "OTP_EMAIL", "OTP_SMS", "U2F"];
    let offered = offered.map(|name| format!("SECOND_FACTOR_TYPE_{name}"));
    assert_eq!(settings["secondFactors"], json!(offered));
    read_settings(Operation::GetLoginSettings, answer);
}

/// Makes all calls of a run, up to the first that is refused, which is returned.
async fn replay(
    app: &App,
    calls: &[Call],
    permissions: &[Permission],
) -> Result<Run, (Operation, String)> {
    let service = app.service(permissions).await.by(Wire::Grpc);
    let mut run = Run::new(&calls[0]);
    for (seconds, call) in (0..).zip(calls) {
        let client = service.later(Duration::from_secs(seconds));
        let request = run.fill(app, call);
        let answer = client.ask(call.rpc, request.clone()).await;
        let answer = answer.map_err(|error| (call.rpc, error))?;
        run.take(call, &answer);
        run.load_again(client, call, &request).await;
    }
    Ok(run)
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
    App::emulated(&[&SETTINGS[..], &KEYS].concat()).await
}

/// With what the application needs beside its other permissions.
const WITH_KEYS: [Permission; 2] = [
    Permission::UserCredentialWrite,
    Permission::UserPasskeyWrite,
];

#[tokio::test]
async fn runs_of_zitadels_login_with_passkeys_and_security_keys_succeed() {
    let added = "was added to your account at Sesame";
    let runs = runs();
    let want = [
        (
            vec!["PASSWORD", "PASSKEY"],
            true,
            format!("A passkey {added}"),
        ),
        (
            vec!["PASSWORD", "U2F"],
            true,
            format!("A second factor {added}"),
        ),
        (vec![], false, "Your invitation to Sesame".to_owned()),
    ];
    assert_eq!(runs.len(), want.len());
    let permissions = [&PERMISSIONS[..], &WITH_KEYS].concat();
    for (calls, (types, is_proved, sent)) in runs.iter().zip(want) {
        let app = app().await;

        let run = replay(&app, calls, &permissions).await;

        let run = run.unwrap_or_else(|refused| panic!("{types:?} {refused:?}"));
        assert_eq!(run.types, types);
        assert_eq!(run.proved.is_some(), is_proved, "{types:?}");
        let outbox = app.outbox();
        let subjects: Vec<_> = outbox.iter().map(|one| &*one.subject).collect();
        assert_eq!(subjects, [&*sent]);
    }
}

#[tokio::test]
async fn a_run_needs_the_permissions_for_links_and_for_credentials() {
    for (n, without, refused) in [
        (
            0,
            Permission::UserPasskeyWrite,
            Some(Operation::CreatePasskeyRegistrationLink),
        ),
        // The code of the link stands in the place of the permission.
        (0, Permission::UserCredentialWrite, None),
        (1, Permission::UserPasskeyWrite, None),
        (
            1,
            Permission::UserCredentialWrite,
            Some(Operation::RegisterU2F),
        ),
    ] {
        let app = app().await;
        let permissions = PERMISSIONS.into_iter().chain(WITH_KEYS);
        let permissions: Vec<_> = permissions.filter(|one| *one != without).collect();

        let replayed = replay(&app, &runs()[n], &permissions).await;

        let want = refused.map(|rpc| (rpc, "AUTH-5mWD2".to_owned()));
        assert_eq!(replayed.err(), want, "{n} {without:?}");
    }
}
