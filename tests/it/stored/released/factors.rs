//! The items of users with second factors, and of sessions in which they were proved.

use serde_json::{Value, json};
use sesame::domain::{Operation, Permission, UserRef};

use super::kept::kept;
use crate::second_factors::totp_codes::code_of;
use crate::stored::{Place, string};
use crate::support::app::{App, NOW, PASSWORD};
use crate::support::client::Client;
use crate::support::second::SECONDS_30;

const PERMISSIONS: [Permission; 4] = [
    Permission::SessionWrite,
    Permission::UserWrite,
    Permission::UserCredentialWrite,
    Permission::UserCodeRead,
];

/// The user with all factors, and the one who is setting up the first.
const USERS: [(&str, &str); 2] = [
    ("factored", "+41711234569"),
    ("registering", "+41711234570"),
];

fn email(name: &str) -> String {
    format!("{name}@mouse.example")
}

/// Has the service store what there is of second factors: items of the users table, and sessions.
pub async fn items(app: &App) -> [Vec<Value>; 2] {
    let admin = app.service(&PERMISSIONS).await;
    let call = async |rpc: Operation, user: &str, mut body: Value| {
        body["userId"] = app.user_id(user).as_str().into();
        admin.ask(rpc, body).await.unwrap()
    };
    for (name, phone) in USERS {
        let human = json!({
            "username": app.login_name(name).as_str(),
            "profile": { "givenName": "Minnie", "familyName": "Mouse" },
            "email": { "email": email(name), "isVerified": true },
            "phone": { "phone": phone, "isVerified": true },
            "password": { "password": PASSWORD },
        });
        call(Operation::AddHumanUser, name, human).await;
    }
    let register = async |user: &str| {
        let registered = call(Operation::RegisterTOTP, user, json!({})).await;
        string(&registered["secret"]).to_owned()
    };
    let secret = register("factored").await;
    let code = json!({ "code": code_of(&secret, NOW) });
    call(Operation::VerifyTOTPRegistration, "factored", code).await;
    call(Operation::AddOTPEmail, "factored", json!({})).await;
    call(Operation::AddOTPSMS, "factored", json!({})).await;
    let count = json!({ "count": 3 });
    let made = call(Operation::GenerateRecoveryCodes, "factored", count).await;
    let recovery = made["recoveryCodes"].clone();
    let pending = register("registering").await;
    let code = json!({ "userId": app.user_id("registering").as_str(), "code": "000000" });
    let wrong = admin.ask(Operation::VerifyTOTPRegistration, code).await;
    assert_eq!(wrong.unwrap_err(), "EVENT-8isk2");

    let sessions = sessions(app, admin, &secret, &recovery[0]).await;
    let mut items = Vec::new();
    let asks = [
        json!({ "secret": secret, "recoveryCode": recovery[1] }),
        json!({ "pending": pending }),
    ];
    for ((name, phone), mut ask) in USERS.into_iter().zip(asks) {
        let (id, login_name) = (app.user_id(name), app.login_name(name));
        ask["userId"] = id.as_str().into();
        let user = UserRef::from(&id);
        let place = |pk: String| Place::in_users(app, &pk);
        for (is, place, ask) in [
            ("user", Place::user(app, &login_name), Value::Null),
            ("pointer", Place::pointer(app, &id), Value::Null),
            ("profile", place(format!("PROFILE#{user}")), Value::Null),
            (
                "e-mail address",
                place(format!("EMAIL#{}", email(name))),
                Value::Null,
            ),
            ("phone number", place(format!("PHONE#{phone}")), Value::Null),
            ("second factors", place(format!("FACTORS#{user}")), ask),
        ] {
            items.push(kept(app, &format!("{name}: {is}"), place, ask).await);
        }
    }
    [items, sessions]
}

/// Sessions with codes that were returned, with codes that were sent, and with all proofs.
async fn sessions(app: &App, admin: Client<'_>, secret: &str, recovery: &Value) -> Vec<Value> {
    let mut items = Vec::new();
    let later = admin.later(SECONDS_30);
    let returned = json!({
        "otpSms": { "returnCode": true }, "otpEmail": { "returnCode": {} },
    });
    let created = create(app, admin, json!({}), &returned).await;
    let repeat = json!({
        "sessionId": created["sessionId"],
        "sessionToken": created["sessionToken"],
        "checks": codes(&created),
    });
    let ask = json!({
        "id": created["sessionId"], "tokens": [created["sessionToken"]], "repeat": repeat,
    });
    let place = |created: &Value| Place::session(app, string(&created["sessionId"]));
    items.push(kept(app, "with codes that were returned", place(&created), ask).await);

    let sent = json!({ "otpSms": {}, "otpEmail": {} });
    let created = create(app, admin, json!({}), &sent).await;
    let ask = json!({ "id": created["sessionId"], "tokens": [created["sessionToken"]] });
    items.push(kept(app, "with codes that were sent", place(&created), ask).await);

    let more = json!({
        "totp": { "code": code_of(secret, later.now) }, "recoveryCode": { "code": recovery },
    });
    let created = create(app, later, more, &returned).await;
    let proof = json!({
        "sessionId": created["sessionId"],
        "sessionToken": created["sessionToken"],
        "checks": codes(&created),
    });
    let proved = later.ask(Operation::SetSession, proof).await.unwrap();
    let ask = json!({ "id": created["sessionId"], "tokens": [
        created["sessionToken"], proved["sessionToken"],
    ] });
    items.push(kept(app, "with all proofs", place(&created), ask).await);
    items
}

/// Logs the user with all factors in, with more checks and these challenges.
async fn create(app: &App, client: Client<'_>, more: Value, challenges: &Value) -> Value {
    let mut checks = json!({
        "user": { "userId": app.user_id("factored").as_str() },
        "password": { "password": PASSWORD },
    });
    for (name, check) in more.as_object().unwrap() {
        checks[name] = check.clone();
    }
    let body = json!({ "checks": checks, "challenges": challenges });
    client.ask(Operation::CreateSession, body).await.unwrap()
}

/// The checks of the codes that a create has returned.
fn codes(created: &Value) -> Value {
    let codes = &created["challenges"];
    json!({
        "otpSms": { "code": codes["otpSms"] }, "otpEmail": { "code": codes["otpEmail"] },
    })
}

/// What a user has, and what comes of codes: of the app, the same again, and a recovery code.
pub async fn answers(app: &App, ask: &Value) -> Value {
    let admin = app.service(&Permission::ALL).await.later(SECONDS_30 * 2);
    let user = json!({ "userId": ask["userId"] });
    let mut outcomes = Vec::new();
    if let Some(secret) = ask["pending"].as_str() {
        let mut verify = user.clone();
        verify["code"] = code_of(secret, admin.now).into();
        let verified = admin.ask(Operation::VerifyTOTPRegistration, verify).await;
        outcomes.push(verified.err().unwrap_or_else(|| "ok".to_owned()));
    }
    if let Some(secret) = ask["secret"].as_str() {
        let totp = json!({ "totp": { "code": code_of(secret, admin.now) } });
        let recovery = json!({ "recoveryCode": { "code": ask["recoveryCode"] } });
        for check in [&totp, &totp, &recovery, &recovery] {
            let mut checks = json!({ "user": user, "password": { "password": PASSWORD } });
            for (name, check) in check.as_object().unwrap() {
                checks[name] = check.clone();
            }
            let login = admin.create_json(&json!({ "checks": checks })).await;
            outcomes.push(login.outcome());
        }
    }
    let methods = Operation::ListAuthenticationMethodTypes;
    let methods = admin.ask(methods, user.clone()).await.unwrap();
    let mut all = user;
    all["states"] = json!(["AUTH_FACTOR_STATE_READY", "AUTH_FACTOR_STATE_NOT_READY"]);
    let factors = admin.ask(Operation::ListAuthenticationFactors, all).await;
    json!({
        "outcomes": outcomes,
        "methods": methods["authMethodTypes"],
        "factors": factors.unwrap()["result"],
    })
}
