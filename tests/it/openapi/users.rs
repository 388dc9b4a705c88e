//! The calls of the User service: their errors, and their examples.

use serde_json::{Value, json};
use sesame::domain::{Operation as Rpc, Permission, StateChange};
use sesame::error::{UserCommand, UserError};

use super::answers::{check_headers, examples, has};
use crate::support::answer::Answer;
use crate::support::app::{App, NOW, PASSWORD, header, post};
use crate::support::client::Client;
use crate::support::openapi::document::{Operation, fields, operations};
use crate::support::openapi::schema::conforms;

pub const CREATES: [Rpc; 2] = [Rpc::CreateUser, Rpc::AddHumanUser];
pub const READS: [Rpc; 3] = [
    Rpc::GetUserByID,
    Rpc::ListAuthenticationMethodTypes,
    Rpc::ListIDPLinks,
];
/// Those that may have a password, the current one too.
pub const UPDATES: [Rpc; 3] = [Rpc::UpdateUser, Rpc::UpdateHumanUser, Rpc::SetPassword];
const STATES: [(Rpc, StateChange); 4] = [
    (Rpc::LockUser, StateChange::Lock),
    (Rpc::UnlockUser, StateChange::Unlock),
    (Rpc::DeactivateUser, StateChange::Deactivate),
    (Rpc::ReactivateUser, StateChange::Activate),
];

/// A field of each call that has any that is refused, as the refusal names it.
pub const UNBUILT: [(Rpc, &str); 5] = [
    (Rpc::CreateUser, "human.idp_links"),
    (Rpc::AddHumanUser, "metadata"),
    (Rpc::UpdateUser, "human.password.verification_code"),
    (Rpc::UpdateHumanUser, "password.verification_code"),
    (Rpc::SetPassword, "verification_code"),
];

/// Whether a call may answer with an error. Exhaustive on purpose: each error must choose its calls
/// here.
pub fn may_answer(rpc: Rpc, error: &UserError) -> bool {
    use Rpc::{
        DeleteUser, HumanMFAInitSkipped, RemovePhone, SetEmail, SetPassword, SetPhone,
        UpdateHumanUser, UpdateUser,
    };

    let is_one_of = |some: &[Rpc]| some.contains(&rpc);
    let updates = is_one_of(&[UpdateUser, UpdateHumanUser]);
    let takes_all = is_one_of(&CREATES) || updates;
    let state = STATES.iter().find(|(of, _)| *of == rpc);
    let state = state.map(|(_, change)| *change);
    match error {
        UserError::GivenNameEmpty
        | UserError::FamilyNameEmpty
        | UserError::LoginNameInvalid(_)
        | UserError::HashRefused(_) => takes_all,
        UserError::EmailInvalid | UserError::EmailEmpty | UserError::NameTaken => {
            takes_all || rpc == SetEmail
        }
        UserError::PhoneInvalid | UserError::PhoneEmpty => takes_all || rpc == SetPhone,
        UserError::SendingNotSetUp | UserError::TooManyUsersOfAddress => {
            takes_all || is_one_of(&[SetEmail, SetPhone])
        }
        UserError::NewPasswordEmpty
        | UserError::PasswordTooShort(_)
        | UserError::PasswordCommon
        | UserError::PasswordBreached
        | UserError::PasswordBlockedWords(_) => takes_all || rpc == SetPassword,
        UserError::PasswordUnchanged => is_one_of(&UPDATES),
        UserError::IdTaken | UserError::OrganizationUnknown => is_one_of(&CREATES),
        UserError::EmailUnchanged => rpc == SetEmail,
        UserError::ChangedMeanwhile => {
            let others = [
                DeleteUser,
                SetEmail,
                SetPhone,
                RemovePhone,
                HumanMFAInitSkipped,
            ];
            is_one_of(&UPDATES) || is_one_of(&others) || state.is_some()
        }
        UserError::WrongState(change) => state == Some(*change),
        UserError::Unknown(command) => match command {
            UserCommand::State(change) => state == Some(*change),
            UserCommand::Delete => rpc == DeleteUser,
            UserCommand::SetEmail => rpc == SetEmail,
            UserCommand::SetPassword => rpc == SetPassword,
            UserCommand::Other => {
                updates || is_one_of(&[SetPhone, RemovePhone, HumanMFAInitSkipped])
            }
        },
    }
}

/// The user of the examples.
const ID: &str = "d654e6ba-70a3-48ef-a95d-37c8d8a7901a";

fn on_users() -> impl Iterator<Item = Operation> {
    let is_on_users = |operation: &Operation| operation.path.contains("/users");
    operations().into_iter().filter(is_on_users)
}

async fn administrator(app: &App) -> Client<'_> {
    let permissions = [
        Permission::UserRead,
        Permission::UserWrite,
        Permission::UserDelete,
    ];
    app.service(&permissions).await
}

/// Brings the user of the examples about, in a state in which the call succeeds.
async fn prepare(admin: Client<'_>, rpc: Rpc) {
    let mut calls = vec![(Rpc::AddHumanUser, user_with_all())];
    let on_user = |rpc| (rpc, json!({ "userId": ID }));
    match rpc {
        Rpc::CreateUser | Rpc::AddHumanUser => return,
        Rpc::UnlockUser => calls.push(on_user(Rpc::LockUser)),
        Rpc::ReactivateUser => calls.push(on_user(Rpc::DeactivateUser)),
        Rpc::GetUserByID | Rpc::ListUsers => calls.push(on_user(Rpc::HumanMFAInitSkipped)),
        _ => {}
    }
    for (rpc, body) in calls {
        admin.ask(rpc, body).await.unwrap();
    }
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

async fn send(admin: Client<'_>, operation: &Operation, body: &Value) -> Answer {
    let text = if operation.takes_body() {
        body.to_string()
    } else {
        String::new()
    };
    let mut request = post(text);
    request.method = operation.method.clone();
    request.path = operation.path.replace("{user_id}", ID);
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
            let app = App::emulated(&[]).await;
            let admin = administrator(&app).await;
            prepare(admin, operation.rpc).await;
            let answer = send(admin, &operation, &example).await;

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
            if told.contains("Left out: there are no codes") || is_of_links(operation.rpc, &path) {
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
        let value = if is_list { json!([{}]) } else { json!("code") };
        let names = path.rsplit('.');
        let body = names.fold(value, |inner, name| json!({ name: inner }));

        let answer = send(admin, &operation, &body).await.json();
        assert_eq!(
            answer["message"],
            format!("{path} is not supported"),
            "{body}"
        );
    }
}
