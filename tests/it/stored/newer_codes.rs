//! What a newer release stores of codes and of addresses.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use sesame::domain::{Operation, Permission, UserRef};

use super::newer::{assert_has, attributes};
use super::{Place, put, string, text};
use crate::support::app::App;

const PASSWORD: &str = "another correct horse";

async fn start() -> App {
    App::with(&[("SERVER_KEY", "a server key of at least 32 characters")]).await
}

fn code_place(app: &App, user: &sesame::domain::User, purpose: &str) -> Place {
    let user = UserRef::from(&user.user_id);
    Place::session(app, &format!("CODE#{user}#{purpose}"))
}

fn admin_permissions() -> [Permission; 3] {
    [
        Permission::UserRead,
        Permission::UserWrite,
        Permission::UserCodeRead,
    ]
}

/// Each kind of write to a code's item: a try, a try that is given back, a request and a use.
#[tokio::test]
async fn no_write_to_a_code_drops_what_a_newer_release_stored() {
    let app = start().await;
    let mini = app.user("mini").await;
    let id = mini.user_id.as_str();
    let admin = app.service(&admin_permissions()).await;
    let email = json!({ "userId": id, "email": "mini@mouse.example", "isVerified": true });
    admin.ask(Operation::SetEmail, email).await.unwrap();
    let reset = json!({ "userId": id, "returnCode": {} });
    let asked = admin.ask(Operation::PasswordReset, reset.clone()).await;
    let code = string(&asked.unwrap()["verificationCode"]).to_owned();
    let place = code_place(&app, &mini, "reset");
    place.change(&app, |item| item.extend(attributes())).await;
    let set = |password: &str, code: &str| {
        let new = json!({ "password": password });
        json!({ "userId": id, "newPassword": new, "verificationCode": code })
    };

    let mut version = place.read(&app).await["version"].clone();
    for (what, rpc, body, want) in [
        (
            "a try",
            Operation::SetPassword,
            set(PASSWORD, "WRNGWRNG"),
            "CODE-woT0xc",
        ),
        // The right code of a password that is made of the user's names.
        (
            "a try given back",
            Operation::SetPassword,
            set("Mini Mouse-1", &code),
            "SESAME-Pwor1",
        ),
        ("a request", Operation::PasswordReset, reset.clone(), "ok"),
        ("a use", Operation::SetPassword, set(PASSWORD, &code), "ok"),
        ("a request after it", Operation::PasswordReset, reset, "ok"),
    ] {
        let outcome = admin.ask(rpc, body).await;
        assert_eq!(outcome.err().unwrap_or("ok".to_owned()), want, "{what}");
        let after = place.read(&app).await;
        assert_has(&after, &attributes(), what);
        assert_ne!(after["version"], version, "{what}");
        version = after["version"].clone();
    }
}

/// Such as a code of an app that a newer release could send to.
#[tokio::test]
async fn a_code_for_an_unknown_kind_of_address_is_none() {
    let app = start().await;
    let mini = app.user("mini").await;
    let id = mini.user_id.as_str();
    let admin = app.service(&admin_permissions()).await;
    let email = json!({ "userId": id, "email": "mini@mouse.example", "returnCode": {} });
    let asked = admin.ask(Operation::SetEmail, email).await.unwrap();
    let code = string(&asked["verificationCode"]).to_owned();
    let place = code_place(&app, &mini, "email");
    place
        .change(&app, |item| {
            item.remove("email");
            item.insert("device".to_owned(), text("x"));
        })
        .await;
    let other = code_place(&app, &mini, "passkey");
    let mut item = attributes();
    item.extend([other.key.clone()].map(|(name, key)| (name.to_owned(), key)));
    put(&app, &other.table, item.clone()).await;

    let verify = |code: &str| json!({ "userId": id, "verificationCode": code });
    let long = format!("{code}ABCDEFGHJKLM");
    for code in [&code, &long] {
        let verified = admin.ask(Operation::VerifyEmail, verify(code)).await;
        assert_eq!(verified.unwrap_err(), "COMMAND-eis9R");
    }
    let asked = json!({ "userId": id, "returnCode": {} });
    let asked = admin.ask(Operation::SendEmailCode, asked).await.unwrap();
    let new = string(&asked["verificationCode"]);
    assert_ne!(new, code);
    let verified = admin.ask(Operation::VerifyEmail, verify(new)).await;
    verified.unwrap();
    assert_eq!(place.read(&app).await["device"], text("x"));
    assert_eq!(other.read(&app).await, item);
}

#[tokio::test]
async fn a_profile_keeps_what_a_newer_release_stored_beside_a_new_address() {
    let app = start().await;
    let mini = app.user("mini").await;
    let id = mini.user_id.as_str();
    let admin = app.service(&admin_permissions()).await;
    let verified = |address: &str| json!({ "userId": id, "email": address, "isVerified": true });
    let first = verified("mini@mouse.example");
    admin.ask(Operation::SetEmail, first).await.unwrap();
    let profile = format!("PROFILE#{}", UserRef::from(&mini.user_id));
    let place = Place::in_users(&app, &profile);
    place.change(&app, |item| item.extend(attributes())).await;

    let new = json!({ "userId": id, "email": "minnie@mouse.example" });
    admin.ask(Operation::SetEmail, new).await.unwrap();
    let waiting = place.read(&app).await;
    assert_has(&waiting, &attributes(), "waiting");
    assert_eq!(waiting["new_email"], text("minnie@mouse.example"));

    let new = verified("minnie@mouse.example");
    admin.ask(Operation::SetEmail, new).await.unwrap();
    let after = place.read(&app).await;
    assert_has(&after, &attributes(), "verified");
    assert_eq!(after.get("new_email"), None::<&AttributeValue>);
    assert_eq!(after["email"], text("minnie@mouse.example"));
}
