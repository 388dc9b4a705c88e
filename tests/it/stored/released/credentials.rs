//! The items of users with passkeys and security keys, and of sessions that wait for their answers or
//! were proved by them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sesame::domain::{CredentialId, Operation, Permission, SignatureAlgorithm, UserRef};

use super::kept::kept;
use crate::stored::{Place, string};
use crate::support::answer::Outcome;
use crate::support::app::{App, PASSWORD};
use crate::support::authenticator::{Authenticator, BACKED_UP, BACKUP_ELIGIBLE};
use crate::support::client::Client;
use crate::support::keys::base64url;

pub const SETTINGS: [(&str, &str); 2] = [("RP_IDS", RP_ID), ("RP_ORIGINS", ORIGIN)];

const RP_ID: &str = "login.example";
const ORIGIN: &str = "https://login.example";
const USER: &str = "keyed";
const EMAIL: &str = "keyed@mouse.example";
/// The count of answers that wait in `ask`, above that of all others.
const LATER: u32 = 100;

fn level(name: &str) -> Value {
    let name = format!("USER_VERIFICATION_REQUIREMENT_{name}");
    json!({ "webAuthN": { "domain": RP_ID, "userVerificationRequirement": name } })
}

fn checked(answer: &Value) -> Value {
    json!({ "webAuthN": { "credentialAssertionData": answer } })
}

fn options(answer: &Value) -> &Value {
    &answer["challenges"]["webAuthN"]["publicKeyCredentialRequestOptions"]
}

/// A call about the user of an app with the name of the items.
async fn call(client: Client<'_>, rpc: Operation, mut body: Value) -> Value {
    body["userId"] = id_of(client.app).into();
    client.ask(rpc, body).await.unwrap()
}

/// Registers a credential of each kind.
async fn register(admin: Client<'_>) -> [Authenticator; 2] {
    let mut passkey = Authenticator::new(SignatureAlgorithm::Es256);
    passkey.flags |= BACKUP_ELIGIBLE | BACKED_UP;
    passkey.sign_count = 1;
    let mut u2f = Authenticator::new(SignatureAlgorithm::EdDsa);
    u2f.transports = Vec::new();
    let begun = call(admin, Operation::RegisterPasskey, json!({})).await;
    let answer = passkey.register(&begun["publicKeyCredentialCreationOptions"], ORIGIN);
    let body = json!({
        "passkeyId": begun["passkeyId"], "publicKeyCredential": answer, "passkeyName": "phone",
    });
    call(admin, Operation::VerifyPasskeyRegistration, body).await;
    let begun = call(admin, Operation::RegisterU2F, json!({})).await;
    let answer = u2f.register(&begun["publicKeyCredentialCreationOptions"], ORIGIN);
    let body = json!({
        "u2fId": begun["u2fId"], "publicKeyCredential": answer, "tokenName": "key ring",
    });
    call(admin, Operation::VerifyU2FRegistration, body).await;
    [passkey, u2f]
}

/// Has the service store what there is of credentials: items of the users table, and sessions.
pub async fn items(app: &App) -> [Vec<Value>; 2] {
    let admin = app.service(&Permission::ALL).await;
    let (id, login_name) = (app.user_id(USER), app.login_name(USER));
    let human = json!({
        "username": login_name.as_str(),
        "profile": { "givenName": "Minnie", "familyName": "Mouse" },
        "email": { "email": EMAIL, "isVerified": true },
        "password": { "password": PASSWORD },
    });
    call(admin, Operation::AddHumanUser, human).await;
    let [mut passkey, mut u2f] = register(admin).await;
    let sessions = sessions(app, admin, &mut passkey, &mut u2f).await;
    let link = json!({ "returnCode": {} });
    let link = call(admin, Operation::CreatePasskeyRegistrationLink, link).await;
    let by_code = json!({ "code": link["code"] });
    let by_code = call(admin, Operation::RegisterPasskey, by_code).await;
    let by_right = call(admin, Operation::RegisterU2F, json!({})).await;

    let mut pending = Vec::new();
    for (begun, id, name, rpc) in [
        (
            &by_code,
            "passkeyId",
            "passkeyName",
            "VerifyPasskeyRegistration",
        ),
        (&by_right, "u2fId", "tokenName", "VerifyU2FRegistration"),
    ] {
        let mut new = Authenticator::new(SignatureAlgorithm::Es256);
        let answer = new.register(&begun["publicKeyCredentialCreationOptions"], ORIGIN);
        let body = json!({
            "userId": id_of(app), id: begun[id], "publicKeyCredential": answer, name: "new",
        });
        pending.push(json!({ "rpc": rpc, "body": body }));
    }
    let user = UserRef::from(&id);
    let in_users = |pk: String| Place::in_users(app, &pk);
    let credential = |key: &Authenticator| {
        let hash = CredentialId::new(key.id.clone()).unwrap().hash();
        in_users(format!("CREDENTIAL#{hash}"))
    };
    let user_id = id.as_str();
    let keys = |key: &Authenticator, level: &str| json!({ "userId": user_id, "key": written(key), "level": level });
    let list = json!({ "userId": user_id, "pending": pending });
    let mut items = Vec::new();
    // The item with the list comes last: the answers about it change the others.
    for (is, place, ask) in [
        ("user", Place::user(app, &login_name), Value::Null),
        ("pointer", Place::pointer(app, &id), Value::Null),
        ("profile", in_users(format!("PROFILE#{user}")), Value::Null),
        (
            "e-mail address",
            in_users(format!("EMAIL#{EMAIL}")),
            Value::Null,
        ),
        ("passkey", credential(&passkey), keys(&passkey, "REQUIRED")),
        ("security key", credential(&u2f), keys(&u2f, "DISCOURAGED")),
        ("list", in_users(format!("KEYS#{user}")), list),
    ] {
        items.push(kept(app, &format!("{USER}: {is}"), place, ask).await);
    }
    [items, sessions]
}

fn id_of(app: &App) -> String {
    app.user_id(USER).to_string()
}

/// Sessions that wait for an answer, one of them for anybody's, and sessions that had one.
async fn sessions(
    app: &App,
    admin: Client<'_>,
    passkey: &mut Authenticator,
    u2f: &mut Authenticator,
) -> Vec<Value> {
    let mut items = Vec::new();
    let place = |created: &Value| Place::session(app, string(&created["sessionId"]));
    let user = json!({ "userId": id_of(app) });
    for (is, checks, named) in [
        (
            "with a challenge of its user",
            json!({ "user": user }),
            "REQUIRED",
        ),
        ("with a challenge of anybody", json!({}), "REQUIRED"),
        (
            "with a challenge of both kinds",
            json!({ "user": user }),
            "DISCOURAGED",
        ),
    ] {
        let body = json!({ "checks": checks, "challenges": level(named) });
        let created = admin.ask(Operation::CreateSession, body).await.unwrap();
        let mut later = passkey.clone();
        later.sign_count = LATER + u32::try_from(items.len()).unwrap();
        let repeat = json!({
            "sessionId": created["sessionId"],
            "sessionToken": created["sessionToken"],
            "checks": checked(&later.assert(options(&created), ORIGIN)),
        });
        let ask = json!({
            "id": created["sessionId"], "tokens": [created["sessionToken"]], "repeat": repeat,
        });
        items.push(kept(app, is, place(&created), ask).await);
    }
    for (is, key, named) in [
        ("proved by a passkey", passkey, "REQUIRED"),
        (
            "proved by a security key that verified its user",
            u2f,
            "PREFERRED",
        ),
    ] {
        let body = json!({ "checks": { "user": user }, "challenges": level(named) });
        let created = admin.ask(Operation::CreateSession, body).await.unwrap();
        let proof = json!({
            "sessionId": created["sessionId"],
            "sessionToken": created["sessionToken"],
            "checks": checked(&key.assert(options(&created), ORIGIN)),
        });
        let proved = admin.ask(Operation::SetSession, proof).await.unwrap();
        let tokens = [&created["sessionToken"], &proved["sessionToken"]];
        let ask = json!({ "id": created["sessionId"], "tokens": tokens });
        items.push(kept(app, is, place(&created), ask).await);
    }
    items
}

/// An authenticator as an `ask` has it.
fn written(key: &Authenticator) -> Value {
    json!({
        "algorithm": key.algorithm.as_str(),
        "privateKey": base64url(&key.key),
        "id": base64url(&key.id),
        "handle": key.handle.as_ref().map(|handle| base64url(handle)),
        "flags": key.flags,
        "signCount": key.sign_count,
    })
}

fn read(key: &Value) -> Authenticator {
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(string(&key[name])).unwrap();
    let number = |name: &str| u32::try_from(key[name].as_u64().unwrap()).unwrap();
    let algorithm = SignatureAlgorithm::named(string(&key["algorithm"])).unwrap();
    Authenticator {
        key: bytes("privateKey"),
        id: bytes("id"),
        handle: Some(bytes("handle")),
        flags: u8::try_from(number("flags")).unwrap(),
        sign_count: number("signCount"),
        ..Authenticator::new(algorithm)
    }
}

fn outcome(outcome: &Outcome) -> String {
    outcome.as_ref().err().cloned().unwrap_or("ok".to_owned())
}

/// Logs in by a key twice, the second time with the count of the first.
async fn logins(admin: Client<'_>, ask: &Value) -> Vec<String> {
    let mut key = read(&ask["key"]);
    let named = string(&ask["level"]);
    let user = json!({ "userId": ask["userId"] });
    let mut outcomes = Vec::new();
    for step in [1, 0] {
        key.step = step;
        let body = json!({ "checks": { "user": user }, "challenges": level(named) });
        let created = admin.ask(Operation::CreateSession, body).await.unwrap();
        let proof = json!({
            "sessionId": created["sessionId"],
            "sessionToken": created["sessionToken"],
            "checks": checked(&key.assert(options(&created), ORIGIN)),
        });
        outcomes.push(outcome(&admin.ask(Operation::SetSession, proof).await));
    }
    outcomes
}

/// What comes of logins by a key; of a list, what is in it, and what comes of the registrations.
pub async fn answers(app: &App, ask: &Value) -> Value {
    let admin = app.service(&Permission::ALL).await;
    if ask.get("key").is_some() {
        return json!({ "logins": logins(admin, ask).await });
    }
    let of_user = async |rpc: Operation| {
        let user = json!({ "userId": ask["userId"] });
        admin.ask(rpc, user).await.unwrap()
    };
    let before = of_user(Operation::ListPasskeys).await;
    let names = |listed: &Value| {
        let all = listed["result"].as_array().unwrap().iter();
        all.map(|one| one["name"].clone()).collect::<Value>()
    };
    let mut outcomes = Vec::new();
    for pending in ask["pending"].as_array().unwrap() {
        let rpcs = [
            Operation::VerifyPasskeyRegistration,
            Operation::VerifyU2FRegistration,
        ];
        let rpc = rpcs.into_iter().find(|rpc| pending["rpc"] == rpc.as_str());
        let completed = admin.ask(rpc.unwrap(), pending["body"].clone()).await;
        outcomes.push(outcome(&completed));
    }
    let after = of_user(Operation::ListPasskeys).await;
    let methods = of_user(Operation::ListAuthenticationMethodTypes).await;
    json!({
        "before": names(&before),
        "completed": outcomes,
        "after": names(&after),
        "methods": methods["authMethodTypes"],
    })
}
