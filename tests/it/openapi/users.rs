//! The examples of the calls of the User service.

use serde_json::{Value, json};
use sesame::domain::{Operation as Rpc, Permission, SignatureAlgorithm};

use super::answers::{check_headers, examples, has};
use super::user_errors::UNBUILT;
use crate::second_factors::totp_codes::code_of;
use crate::support::answer::Answer;
use crate::support::app::{App, NOW, PASSWORD, header, post};
use crate::support::authenticator::Authenticator;
use crate::support::client::Client;
use crate::support::openapi::document::{Operation, fields, operations};
use crate::support::openapi::schema::conforms;
use crate::web_authn::registration::{Kind, begin};

/// The user of the examples.
const ID: &str = "d654e6ba-70a3-48ef-a95d-37c8d8a7901a";

const ORIGIN: &str = "https://login.example.com";

/// What a call takes of those before it.
#[derive(Default)]
struct Prepared {
    code: Option<Value>,
    /// The id of a passkey or security key, or of its registration.
    key: Option<String>,
    /// The answer of an authenticator.
    answer: Option<Value>,
}

fn on_users() -> impl Iterator<Item = Operation> {
    let is_on_users = |operation: &Operation| operation.path.contains("/users");
    operations().into_iter().filter(is_on_users)
}

async fn administrator(app: &App) -> Client<'_> {
    let permissions = [
        Permission::UserRead,
        Permission::UserWrite,
        Permission::UserDelete,
        Permission::UserCodeRead,
        Permission::UserCredentialWrite,
        Permission::UserPasskeyWrite,
    ];
    app.service(&permissions).await
}

/// A service that sends codes, and links to where the examples have them, and has passkeys.
async fn sending() -> App {
    App::emulated(&[
        ("SERVER_KEY", "a server key of at least 32 characters"),
        ("LINK_BASE_URLS", "https://login.example.com/"),
        ("RP_IDS", "example.com"),
        ("RP_ORIGINS", ORIGIN),
    ])
    .await
}

/// Brings the user of the examples about, in a state in which the call succeeds.
async fn prepare(admin: Client<'_>, rpc: Rpc) -> Prepared {
    let mut user = user_with_all();
    if matches!(
        rpc,
        Rpc::CreateInviteCode | Rpc::ResendInviteCode | Rpc::VerifyInviteCode
    ) {
        user.as_object_mut().unwrap().remove("password");
    }
    let mut calls = vec![(Rpc::AddHumanUser, user)];
    let on_user = |rpc| (rpc, json!({ "userId": ID }));
    let returned = |rpc| (rpc, json!({ "userId": ID, "returnCode": {} }));
    let set = |rpc, field: &str, address: &str| {
        (
            rpc,
            json!({ "userId": ID, field: address, "returnCode": {} }),
        )
    };
    match rpc {
        Rpc::CreateUser | Rpc::AddHumanUser => return Prepared::default(),
        Rpc::SendEmailCode | Rpc::ResendEmailCode | Rpc::VerifyEmail => {
            calls.push(set(Rpc::SetEmail, "email", "minnie@mouse.com"));
        }
        Rpc::ResendPhoneCode | Rpc::VerifyPhone => {
            calls.push(set(Rpc::SetPhone, "phone", "+41791234568"));
        }
        Rpc::SetPassword => calls.push(returned(Rpc::PasswordReset)),
        Rpc::VerifyTOTPRegistration | Rpc::RemoveTOTP => calls.push(on_user(Rpc::RegisterTOTP)),
        Rpc::RemoveOTPSMS => calls.push(on_user(Rpc::AddOTPSMS)),
        Rpc::RemoveOTPEmail => calls.push(on_user(Rpc::AddOTPEmail)),
        Rpc::ListAuthenticationFactors => {
            let all = [Rpc::RegisterTOTP, Rpc::AddOTPSMS, Rpc::AddOTPEmail];
            calls.extend(all.map(on_user));
        }
        Rpc::ResendInviteCode => calls.push(on_user(Rpc::CreateInviteCode)),
        Rpc::VerifyInviteCode => calls.push(returned(Rpc::CreateInviteCode)),
        Rpc::RegisterPasskey => calls.push(returned(Rpc::CreatePasskeyRegistrationLink)),
        Rpc::UnlockUser => calls.push(on_user(Rpc::LockUser)),
        Rpc::ReactivateUser => calls.push(on_user(Rpc::DeactivateUser)),
        Rpc::GetUserByID | Rpc::ListUsers => calls.push(on_user(Rpc::HumanMFAInitSkipped)),
        _ => {}
    }
    let mut prepared = Prepared::default();
    for (rpc, body) in calls {
        let answer = admin.ask(rpc, body).await.unwrap();
        let fields = ["verificationCode", "inviteCode", "code"];
        let returned = fields.iter().find_map(|field| answer.get(field));
        let secret = answer.get("secret").and_then(Value::as_str);
        let shown = secret.map(|secret| json!(code_of(secret, NOW)));
        prepared.code = returned.cloned().or(shown);
    }
    match rpc {
        Rpc::VerifyPasskeyRegistration | Rpc::RemovePasskey | Rpc::ListPasskeys => {
            let completes = rpc != Rpc::VerifyPasskeyRegistration;
            let (key, answer) = register(admin, Kind::Passkey, completes).await;
            (prepared.key, prepared.answer) = (Some(key), Some(answer));
        }
        Rpc::VerifyU2FRegistration | Rpc::RemoveU2F | Rpc::ListAuthenticationFactors => {
            let completes = rpc != Rpc::VerifyU2FRegistration;
            let (key, answer) = register(admin, Kind::U2f, completes).await;
            (prepared.key, prepared.answer) = (Some(key), Some(answer));
        }
        _ => {}
    }
    prepared
}

/// Begins to register a credential of the user, and completes it if that is wanted.
async fn register(admin: Client<'_>, kind: Kind, completes: bool) -> (String, Value) {
    let begun = begin(admin, kind, ID).await;
    let answer = Authenticator::new(SignatureAlgorithm::Es256).register(&begun.options, ORIGIN);
    if completes {
        assert_eq!(begun.complete(admin, &answer).await, "ok");
    }
    (begun.id, answer)
}

/// The example of a user with all that there may be.
fn user_with_all() -> Value {
    let added = on_users().find(|operation| operation.rpc == Rpc::AddHumanUser);
    let examples = examples(&added.unwrap());
    let mut with_id = examples
        .into_iter()
        .filter(|example| example["userId"] == ID);
    let all = with_id.next().unwrap();
    assert_eq!(all["password"]["password"], PASSWORD);
    all
}

async fn send(admin: Client<'_>, operation: &Operation, key: Option<&str>, body: &Value) -> Answer {
    let text = if operation.takes_body() {
        body.to_string()
    } else {
        String::new()
    };
    let mut request = post(text);
    request.method = operation.method.clone();
    let path = operation.path.replace("{user_id}", ID);
    let key = key.unwrap_or_default();
    request.path = path.replace("{passkey_id}", key).replace("{u2f_id}", key);
    let bearer = format!("Bearer {}", admin.token.unwrap());
    let request = header(request, "authorization", &bearer);
    admin.app.send(request, NOW).await
}

#[tokio::test]
async fn examples_of_users_are_accepted_and_answered_as_documented() {
    for operation in on_users() {
        let schema = operation.response_schema(200);
        let mut answers = Vec::new();
        for example in examples(&operation) {
            // Each gets a user of its own with one id.
            let app = sending().await;
            let admin = administrator(&app).await;
            let prepared = prepare(admin, operation.rpc).await;
            let mut example = example;
            for field in ["verificationCode", "code"] {
                if example.get(field).is_some() {
                    example[field] = prepared.code.clone().unwrap();
                }
            }
            if example.get("publicKeyCredential").is_some() {
                example["publicKeyCredential"] = prepared.answer.unwrap();
            }
            let answer = send(admin, &operation, prepared.key.as_deref(), &example).await;

            let body = answer.json();
            assert_eq!(answer.status, 200, "{} {example}: {body}", operation.path);
            assert!(conforms(schema, &body, true), "{example}: {body}");
            check_headers(&operation.headers(200), &answer.headers);
            answers.push(body);
        }

        let shown = operation.response_examples(200);
        assert!(shown.iter().all(|example| conforms(schema, example, true)));
        for (path, field) in fields(schema) {
            let has = |example: &Value| has(example, &path);
            let is_in_neither = !shown.iter().any(|one| has(one)) && !answers.iter().any(has);
            let told = field["description"].as_str().unwrap();
            assert!(!told.contains("there are no codes"), "{path:?}");
            if is_of_links(operation.rpc, &path) {
                assert!(is_in_neither, "{path:?}");
                continue;
            }
            assert!(shown.iter().any(|one| has(one)), "no example has {path:?}");
            assert!(answers.iter().any(has), "no answer has {path:?}");
        }
    }
}

/// Whether a field is of an account at another identity provider, of which no user has any.
fn is_of_links(rpc: Rpc, path: &[&str]) -> bool {
    let of_links = ["result", "totalResult", "processedSequence"];
    rpc == Rpc::ListIDPLinks && path.iter().any(|name| of_links.contains(name))
}

#[tokio::test]
async fn each_field_that_is_documented_as_refused_is() {
    let app = App::emulated(&[]).await;
    let admin = administrator(&app).await;
    for operation in on_users() {
        let Some((_, path)) = UNBUILT.iter().find(|(rpc, _)| *rpc == operation.rpc) else {
            continue;
        };
        let is_list = path.ends_with("links") || path.ends_with("metadata");
        let value = if is_list { json!([{}]) } else { json!({}) };
        let names = path.rsplit('.');
        let body = names.fold(value, |inner, name| json!({ name: inner }));

        let answer = send(admin, &operation, None, &body).await.json();
        assert_eq!(
            answer["message"],
            format!("{path} is not supported"),
            "{body}"
        );
    }
}
