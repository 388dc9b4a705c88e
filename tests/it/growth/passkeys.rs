//! What the calls on passkeys ask of the database, as `docs/cost.md` says it.

use serde_json::{Value, json};
use sesame::domain::Operation::{
    self, AddHumanUser, CreatePasskeyRegistrationLink, CreateSession, ListPasskeys,
    RegisterPasskey, RemovePasskey, SetSession, VerifyPasskeyRegistration,
};
use sesame::domain::SignatureAlgorithm;

use super::meter::Consumed;
use super::metered::{COST, ID, Metered, ORIGIN, human, row};
use super::service::NOW;
use crate::support::authenticator::Authenticator;

/// The calls in the order in which they are made of one user, and what is paid for each.
const CALLS: [(&str, Operation); 8] = [
    (
        "CreatePasskeyRegistrationLink",
        CreatePasskeyRegistrationLink,
    ),
    (
        "CreatePasskeyRegistrationLink, returned",
        CreatePasskeyRegistrationLink,
    ),
    ("RegisterPasskey by a code", RegisterPasskey),
    ("RegisterPasskey", RegisterPasskey),
    (
        "VerifyPasskeyRegistration with a wrong answer",
        VerifyPasskeyRegistration,
    ),
    (
        "VerifyPasskeyRegistration with the right one, with a notice",
        VerifyPasskeyRegistration,
    ),
    ("ListPasskeys", ListPasskeys),
    ("RemovePasskey, with a notice", RemovePasskey),
];

/// The rows of `docs/cost.md`, in their order.
#[tokio::test]
async fn each_call_on_passkeys_costs_what_the_page_says() {
    let service = Metered::sending().await;
    service.call_at(NOW, AddHumanUser, human(ID, true)).await;
    let mut code = Value::Null;
    let mut begun = Vec::new();
    let mut registered = Value::Null;
    let mut rows = Vec::new();
    for (name, rpc) in CALLS {
        let mut body = json!({ "userId": ID });
        let is_wrong = name.contains("wrong");
        match rpc {
            CreatePasskeyRegistrationLink if name.contains("returned") => {
                body["returnCode"] = json!({});
            }
            CreatePasskeyRegistrationLink => {
                let template = "https://login.example/?id={{.CodeID}}&code={{.Code}}";
                body["sendLink"] = json!({ "urlTemplate": template });
            }
            RegisterPasskey if name.contains("code") => body["code"] = code.take(),
            VerifyPasskeyRegistration => {
                let (id, options): (Value, Value) = begun.remove(0);
                let mut authenticator = Authenticator::new(SignatureAlgorithm::Es256);
                let origin = if is_wrong {
                    "https://evil.example"
                } else {
                    ORIGIN
                };
                body["publicKeyCredential"] = authenticator.register(&options, origin);
                body["passkeyName"] = json!("laptop");
                body["passkeyId"] = id.clone();
                registered = id;
            }
            RemovePasskey => body["passkeyId"] = registered.take(),
            _ => {}
        }
        let (consumed, (status, mut answer)): (_, (_, Value)) =
            service.try_at(NOW, rpc, body).await;
        let want = if is_wrong { 400 } else { 200 };
        assert_eq!(status, want, "{name}: {answer}");
        match rpc {
            CreatePasskeyRegistrationLink => code = answer["code"].take(),
            RegisterPasskey => {
                let options = answer["publicKeyCredentialCreationOptions"].take();
                begun.push((answer["passkeyId"].take(), options));
            }
            _ => {}
        }
        rows.push(row(name, &consumed, &Consumed::default()));
    }

    let missing: Vec<_> = rows.iter().filter(|row| !COST.contains(*row)).collect();
    assert!(missing.is_empty(), "docs/cost.md lacks {missing:#?}");
    let table = format!("{}\n\n", rows.join("\n"));
    assert!(COST.contains(&table), "other rows, or in another order");
}

/// The user's passkey, registered by calls.
async fn passkey(service: &Metered) -> Authenticator {
    let user = json!({ "userId": ID });
    let (_, begun) = service.call_at(NOW, RegisterPasskey, user).await;
    let mut authenticator = Authenticator::new(SignatureAlgorithm::Es256);
    let options = &begun["publicKeyCredentialCreationOptions"];
    let body = json!({
        "userId": ID,
        "passkeyId": begun["passkeyId"],
        "publicKeyCredential": authenticator.register(options, ORIGIN),
        "passkeyName": "laptop",
    });
    service.call_at(NOW, VerifyPasskeyRegistration, body).await;
    authenticator
}

/// The rows of `docs/cost.md`, in their order.
#[tokio::test]
async fn each_login_by_passkey_costs_what_the_page_says() {
    let service = Metered::sending().await;
    service.call_at(NOW, AddHumanUser, human(ID, true)).await;
    let mut key = passkey(&service).await;
    let asking = json!({ "webAuthN": {
        "domain": "login.example",
        "userVerificationRequirement": "USER_VERIFICATION_REQUIREMENT_REQUIRED",
    } });
    let of_user = json!({ "user": { "loginName": "user-7" } });
    let mut rows = Vec::new();
    for (create, set, checks, is_wrong) in [
        (
            "CreateSession with a login name and a challenge",
            "SetSession with the answer of the user's passkey",
            of_user.clone(),
            false,
        ),
        ("", "SetSession with a wrong answer", of_user, true),
        (
            "CreateSession with a challenge of anybody",
            "SetSession with the answer of a passkey, which finds the user",
            json!({}),
            false,
        ),
    ] {
        let body = json!({ "checks": checks, "challenges": asking });
        let (consumed, created) = service.call_at(NOW, CreateSession, body).await;
        if !create.is_empty() {
            rows.push(row(create, &consumed, &Consumed::default()));
        }
        let options = &created["challenges"]["webAuthN"]["publicKeyCredentialRequestOptions"];
        key.bad_signature = is_wrong;
        let answer = json!({ "credentialAssertionData": key.assert(options, ORIGIN) });
        let body = json!({
            "sessionId": created["sessionId"],
            "sessionToken": created["sessionToken"],
            "checks": { "webAuthN": answer },
        });
        let (consumed, (status, answer)) = service.try_at(NOW, SetSession, body).await;
        assert_eq!(status, if is_wrong { 400 } else { 200 }, "{set}: {answer}");
        rows.push(row(set, &consumed, &Consumed::default()));
    }

    let missing: Vec<_> = rows.iter().filter(|row| !COST.contains(*row)).collect();
    assert!(missing.is_empty(), "docs/cost.md lacks {missing:#?}");
    let table = format!("{}\n\n", rows.join("\n"));
    assert!(COST.contains(&table), "other rows, or in another order");
}
