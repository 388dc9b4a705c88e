//! Has the service write an item of every kind.

use std::time::Duration;

use serde_json::{Value, json};
use sesame::domain::{Operation, Permission, User, UserRef, UserState};

use super::kept::kept;
use super::{Items, answered, codes, credentials, factors, start};
use crate::stored::{Place, string};
use crate::support::administration::Administration as _;
use crate::support::answer::Answer;
use crate::support::app::{App, PASSWORD, by_name, header};
use crate::support::client::create_named;
use crate::users::passwords::{IMPORTED, OF_PROGRAMS};

/// Long enough for any test that reads the items.
const YEARS: Duration = Duration::from_hours(24 * 365 * 10);

pub async fn items() -> Items {
    let mut app = start().await;
    "stored".clone_into(&mut app.name);
    let codes = codes::items(&app).await;
    let users = users(&app).await;
    let [factors, of_factors] = factors::items(&app).await;
    let [credentials, of_credentials] = credentials::items(&app).await;
    let sessions = [sessions(&app).await, of_factors, of_credentials].concat();
    let items = Items::from([
        ("users.json".to_owned(), users),
        ("profiles.json".to_owned(), profiles(&app).await),
        ("codes.json".to_owned(), codes),
        ("credentials.json".to_owned(), credentials),
        ("factors.json".to_owned(), factors),
        ("sessions.json".to_owned(), sessions),
        (
            "service-accounts.json".to_owned(),
            service_accounts(&app).await,
        ),
    ]);
    app.logged();
    answered(items).await
}

async fn users(app: &App) -> Vec<Value> {
    let plain = |name: &str| (name.to_owned(), PASSWORD);
    let mut users = Vec::new();
    let mini = app.user("mini").await;
    users.push((plain("active"), mini));
    for (name, state) in [
        ("inactive", UserState::Inactive),
        ("locked", UserState::Locked),
    ] {
        let user = app.user(name).await;
        assert!(app.store.set_user_state(&user, state).await.unwrap());
        users.push((plain(name), user));
    }
    for (name, failures) in [("failed", 2), ("locked-out", 10)] {
        let user = app.user(name).await;
        for _ in 0..failures {
            let login = by_name(&user.login_name, "wrong");
            app.client().create_json(&login).await;
        }
        users.push((plain(name), user));
    }
    let user = app.user("former").await;
    let renamed = app.login_name("renamed");
    assert!(app.store.rename_user(&user, renamed.clone()).await.unwrap());
    let user = User {
        login_name: renamed,
        ..user
    };
    users.push((plain("renamed"), user));
    let user = app.user("logged-out").await;
    assert!(app.store.end_sessions(&user).await.unwrap());
    users.push((plain("logged out"), user));
    let user = app.user_shown_as("unnamed", None, None).await;
    users.push((plain("without a password and a display name"), user));
    for (name, hash) in IMPORTED {
        let user = app.user_with_hash(name, Some(hash)).await;
        users.push((plain(name), user));
    }
    for (n, (password, hash)) in OF_PROGRAMS.into_iter().enumerate() {
        let name = format!("program-{n}");
        let user = app.user_with_hash(&name, Some(hash)).await;
        users.push(((format!("of a program, {n}"), password), user));
    }

    let mut items = Vec::new();
    for ((is, password), user) in users {
        let pointer = Place::pointer(app, &user.user_id);
        items.push(kept(app, &format!("{is}: pointer"), pointer, Value::Null).await);
        let ask = json!({
            "loginName": user.login_name.as_str(),
            "userId": user.user_id.as_str(),
            "password": password,
        });
        let user = Place::user(app, &user.login_name);
        items.push(kept(app, &is, user, ask).await);
    }
    items
}

/// What is stored of a user with all there is beside what a login needs.
async fn profiles(app: &App) -> Vec<Value> {
    let admin = app.service(&[Permission::UserWrite]).await;
    let id = app.user_id("whole");
    let name = app.login_name("whole");
    let add = json!({
        "userId": id.as_str(),
        "username": name.as_str(),
        "profile": {
            "givenName": "Minnie", "familyName": "Mouse", "nickName": "Mini",
            "displayName": "Mini Mouse", "preferredLanguage": "en", "gender": "GENDER_FEMALE",
        },
        "email": { "email": "Mini@mouse.example", "isVerified": true },
        "phone": { "phone": "+41711234567", "isVerified": true },
        "password": { "password": "another correct horse", "changeRequired": true },
    });
    admin.ask(Operation::AddHumanUser, add).await.unwrap();
    let skipped = json!({ "userId": id.as_str() });
    admin
        .ask(Operation::HumanMFAInitSkipped, skipped)
        .await
        .unwrap();

    let waiting = json!({
        "userId": app.user_id("waiting").as_str(),
        "username": app.login_name("waiting").as_str(),
        "profile": { "givenName": "Minnie", "familyName": "Mouse" },
        "email": { "email": "waiting@mouse.example", "isVerified": true },
    });
    admin.ask(Operation::AddHumanUser, waiting).await.unwrap();
    let new = json!({
        "userId": app.user_id("waiting").as_str(),
        "email": "new@mouse.example",
    });
    admin.ask(Operation::SetEmail, new).await.unwrap();

    let mut items = Vec::new();
    for (of, name, email, phone) in [
        ("", "whole", "mini@mouse.example", Some("+41711234567")),
        (
            "with a new address: ",
            "waiting",
            "waiting@mouse.example",
            None,
        ),
        (
            "with codes: ",
            "coded",
            "coded@mouse.example",
            Some("+41711234568"),
        ),
        ("who is invited: ", "invited", "invited@mouse.example", None),
    ] {
        let (id, login_name) = (app.user_id(name), app.login_name(name));
        let mut places = vec![
            ("user", Place::user(app, &login_name)),
            ("pointer", Place::pointer(app, &id)),
            (
                "e-mail address",
                Place::in_users(app, &format!("EMAIL#{email}")),
            ),
        ];
        if let Some(phone) = phone {
            let place = Place::in_users(app, &format!("PHONE#{phone}"));
            places.push(("phone number", place));
        }
        for (is, place) in places {
            items.push(kept(app, &format!("{of}{is}"), place, Value::Null).await);
        }
        let profile = format!("PROFILE#{}", UserRef::from(&id));
        let profile = Place::in_users(app, &profile);
        let ask = json!({ "userId": id.as_str() });
        items.push(kept(app, &format!("{of}profile"), profile, ask).await);
    }
    items
}

/// The users are those of [`users`].
async fn sessions(app: &App) -> Vec<Value> {
    let mini = app.login("mini").await;
    let client = app.client();
    let login = by_name(&mini.login_name, PASSWORD);
    let mut items = Vec::new();
    let mut keep =
        async |is: &str, created: &Answer, changed: &[&Answer], repeat: Option<Value>| {
            let id = created.json()["sessionId"].clone();
            let tokens = [&[created][..], changed].concat();
            let tokens: Vec<_> = tokens.iter().map(|answer| answer.token()).collect();
            let mut ask = json!({ "id": id, "tokens": tokens });
            if let Some(mut set) = repeat {
                set["sessionId"] = id.clone();
                set["sessionToken"] = created.token().into();
                ask["repeat"] = set;
            }
            let place = Place::session(app, string(&id));
            items.push(kept(app, is, place, ask).await);
        };
    let set = async |created: &Answer, mut body: Value| {
        body["sessionId"] = created.json()["sessionId"].clone();
        body["sessionToken"] = created.token().into();
        let answer = client.send(client.json(Operation::SetSession, body)).await;
        assert_eq!(answer.outcome(), "ok");
        answer
    };

    keep(
        "anonymous",
        &client.create_json(&json!({})).await,
        &[],
        None,
    )
    .await;
    keep("of a user", &create_named(app, &mini).await, &[], None).await;
    keep("of a login", &client.create_json(&login).await, &[], None).await;

    let note = json!({ "metadata": { "b": "Mg==" } });
    let mut whole = login.clone();
    whole["metadata"] = json!({ "a": "MQ==" });
    whole["lifetime"] = "2592000s".into();
    whole["userAgent"] = json!({
        "fingerprintId": "f",
        "ip": "::1",
        "description": "d",
        "header": { "accept": { "values": ["a", "b"] }, "none": {} },
    });
    let keyed = client.json(Operation::CreateSession, whole);
    let whole = client.send(header(keyed, "idempotency-key", "key")).await;
    let noted = set(&whole, note.clone()).await;
    keep(
        "with all there is, and noted",
        &whole,
        &[&noted],
        Some(note),
    )
    .await;

    let created = client.create_json(&json!({})).await;
    let proved = set(&created, login.clone()).await;
    keep("logged in later", &created, &[&proved], Some(login.clone())).await;
    let created = client.create_json(&login).await;
    let password = json!({ "checks": { "password": { "password": PASSWORD } } });
    let proved = set(&created, password.clone()).await;
    let is = "with the password again";
    keep(is, &created, &[&proved], Some(password)).await;
    let created = client.create_json(&login).await;
    let again = set(&created, login.clone()).await;
    keep("logged in again", &created, &[&again], Some(login.clone())).await;

    let ended = client.create_json(&login).await;
    let id = ended.json()["sessionId"].clone();
    client
        .delete(string(&id), Some(&ended.token()))
        .await
        .unwrap();
    keep("ended", &ended, &[], None).await;
    items
}

async fn service_accounts(app: &App) -> Vec<Value> {
    let mut items = Vec::new();
    for (is, permissions, lifetime) in [
        ("all permissions", &Permission::ALL[..], YEARS),
        ("one permission", &[Permission::SessionRead], YEARS),
        ("none", &[], YEARS),
        ("expired", &Permission::ALL, Duration::ZERO),
    ] {
        let token = app.service_account_named(is, permissions, lifetime).await;
        let hash = token.hash().to_hex();
        let place = Place::in_users(app, &format!("CALLER#{hash}"));
        let ask = json!({ "hash": hash, "token": token.as_str() });
        items.push(kept(app, is, place, ask).await);
    }
    items
}
