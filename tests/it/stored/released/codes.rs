//! The items of codes and of the messages that were counted.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use sesame::domain::{CodePurpose, Operation, Permission, UserRef};
use sesame::token::ServerKey;

use super::SERVER_KEY;
use super::kept::kept;
use crate::stored::{Place, string};
use crate::support::app::{App, PASSWORD};

const PERMISSIONS: [Permission; 2] = [Permission::UserWrite, Permission::UserCodeRead];

/// Has the service store codes for every purpose, and use one up. Their users are among the profiles.
pub async fn items(app: &App) -> Vec<Value> {
    let admin = app.service(&PERMISSIONS).await;
    let call = async |rpc: Operation, user: &str, mut body: Value| {
        body["userId"] = app.user_id(user).as_str().into();
        admin.ask(rpc, body).await.unwrap()
    };
    let human = |name: &str, is_verified: bool| {
        let address = format!("{name}@mouse.example");
        json!({
            "username": app.login_name(name).as_str(),
            "profile": { "givenName": "Minnie", "familyName": "Mouse" },
            "email": { "email": address, "isVerified": is_verified },
        })
    };
    let phone = json!({ "phone": "+41711234568" });
    let invite = json!({ "sendCode": {
        "urlTemplate": "https://login.example/?code={{.Code}}",
        "applicationName": "Acme",
    } });
    let email = json!({ "email": "recoded@mouse.example" });
    call(Operation::AddHumanUser, "coded", human("coded", true)).await;
    call(Operation::AddHumanUser, "invited", human("invited", false)).await;
    call(Operation::PasswordReset, "coded", json!({})).await;
    let used = code(app, "coded", CodePurpose::ResetPassword).await;
    call(Operation::SetPassword, "coded", set_password(&used)).await;
    call(Operation::SetEmail, "coded", email).await;
    call(Operation::SetPhone, "coded", phone).await;
    call(Operation::CreateInviteCode, "invited", invite).await;
    call(Operation::PasswordReset, "invited", json!({})).await;

    let mut items = Vec::new();
    for (is, user, purpose, used) in [
        ("used", "coded", CodePurpose::ResetPassword, Some(used)),
        ("of a new address", "coded", CodePurpose::VerifyEmail, None),
        ("of a number", "coded", CodePurpose::VerifyPhone, None),
        ("of an invitation", "invited", CodePurpose::Invite, None),
        ("of a reset", "invited", CodePurpose::ResetPassword, None),
    ] {
        let id = app.user_id(user);
        let code = match used {
            Some(code) => code,
            None => code(app, user, purpose).await,
        };
        let ask = json!({ "userId": id.as_str(), "purpose": purpose.as_str(), "code": code });
        let key = format!("CODE#{}#{}", UserRef::from(&id), purpose.as_str());
        items.push(kept(app, is, Place::session(app, &key), ask).await);
    }
    items.extend(counters(app).await);
    items
}

/// The whole code that a user was sent.
async fn code(app: &App, user: &str, purpose: CodePurpose) -> String {
    let id = app.user_id(user);
    let record = app.store.get_code(&id, purpose).await.unwrap();
    let active = record.active.unwrap();
    let key = ServerKey::parse(SERVER_KEY.into()).unwrap();
    let code = key.code(
        &id,
        purpose,
        &active.target.destinations().next().unwrap(),
        active.id,
        active.round,
    );
    code.long().to_owned()
}

fn set_password(code: &str) -> Value {
    json!({ "newPassword": { "password": PASSWORD }, "verificationCode": code })
}

/// The count of all messages and that of an address.
async fn counters(app: &App) -> Vec<Value> {
    let scan = app.dynamodb().scan();
    let scan = scan.table_name(&app.store.tables().sessions);
    let scan = scan
        .filter_expression("begins_with(session_id, :prefix)")
        .expression_attribute_values(":prefix", AttributeValue::S("MESSAGES#".to_owned()));
    let found = scan.send().await.unwrap().items.unwrap();
    let keys = found.iter().map(|item| item["session_id"].as_s().unwrap());
    let (all, addresses): (Vec<_>, Vec<_>) = keys.partition(|key| key.contains("#ALL#"));
    let mut items = Vec::new();
    for (is, key) in [
        ("count of all messages", all[0]),
        ("count of an address", addresses.iter().min().unwrap()),
    ] {
        items.push(kept(app, is, Place::session(app, key), Value::Null).await);
    }
    items
}

/// What comes of a code.
pub async fn answers(app: &App, ask: &Value) -> Value {
    let purpose = CodePurpose::named(string(&ask["purpose"])).unwrap();
    let code = string(&ask["code"]);
    let verification = json!({ "verificationCode": code });
    let (rpc, mut body) = match purpose {
        CodePurpose::VerifyEmail => (Operation::VerifyEmail, verification),
        CodePurpose::VerifyPhone => (Operation::VerifyPhone, verification),
        CodePurpose::Invite => (Operation::VerifyInviteCode, verification),
        CodePurpose::ResetPassword => (Operation::SetPassword, set_password(code)),
        CodePurpose::RegisterPasskey => {
            let code = json!({ "id": ask["code_id"], "code": code });
            (Operation::RegisterPasskey, json!({ "code": code }))
        }
    };
    body["userId"] = ask["userId"].clone();
    let reader = app.service(&[Permission::SessionRead]).await;
    let outcome = reader.ask(rpc, body).await;
    outcome.err().unwrap_or_else(|| "ok".to_owned()).into()
}
