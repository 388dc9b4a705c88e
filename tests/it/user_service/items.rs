//! What is stored of a user, by each call that changes it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sesame::domain::{HashString, Operation, UserRef};

use super::{NEW_PASSWORD, address, administrator, human, outcome, read, register, session, token};
use crate::support::app::{App, PASSWORD};

/// The keys of all items in the users table, but those of service accounts.
async fn keys(app: &App) -> BTreeSet<String> {
    let scan = app.dynamodb().scan().table_name(&app.store.tables().users);
    let items = scan.send().await.unwrap().items.unwrap();
    let keys = items.iter().map(|item| item["pk"].as_s().unwrap().clone());
    keys.filter(|key| !key.starts_with("CALLER#")).collect()
}

/// The keys of the items of a user with these addresses.
fn keys_of(app: &App, id: &str, name: &str, addresses: &[String]) -> BTreeSet<String> {
    let user = UserRef::from(&sesame::domain::UserId::parse(id.to_owned()).unwrap());
    let name = app.login_name(name).folded();
    let own = [
        format!("LOGIN#{}", name.as_str()),
        format!("USER#{user}"),
        format!("PROFILE#{user}"),
    ];
    own.into_iter().chain(addresses.iter().cloned()).collect()
}

fn email(app: &App, name: &str) -> String {
    format!("EMAIL#{}", address(app, name))
}

#[tokio::test]
async fn each_call_leaves_the_items_that_it_should() {
    let app = App::emulated(&[]).await;
    let admin = administrator(&app).await;
    let id = register(admin, "mini").await;
    let phone = "PHONE#+41711234567".to_owned();
    let both = |name: &str| vec![email(&app, name), phone.clone()];
    let mini = |call, message: Value, name: &'static str, addresses: Vec<String>| {
        (call, message, keys_of(&app, &id, name, &addresses))
    };
    assert_eq!(
        keys(&app).await,
        keys_of(&app, &id, "mini", &[email(&app, "mini")])
    );
    for (call, mut message, want) in [
        mini(
            Operation::SetPhone,
            json!({ "phone": "+41 71 123 45 67", "isVerified": true }),
            "mini",
            both("mini"),
        ),
        mini(
            Operation::SetEmail,
            json!({ "email": address(&app, "new"), "isVerified": true }),
            "mini",
            both("new"),
        ),
        mini(
            Operation::SetEmail,
            json!({ "email": address(&app, "new").to_uppercase(), "isVerified": true }),
            "mini",
            both("new"),
        ),
        mini(
            Operation::UpdateUser,
            json!({ "username": app.login_name("maxi").as_str() }),
            "maxi",
            both("new"),
        ),
        mini(
            Operation::UpdateUser,
            json!({ "username": app.login_name("MAXI").as_str() }),
            "maxi",
            both("new"),
        ),
        mini(
            Operation::UpdateHumanUser,
            json!({
                "username": app.login_name("mini").as_str(),
                "email": { "email": address(&app, "again"), "isVerified": true },
                "password": { "password": { "password": NEW_PASSWORD } },
                "phone": {},
            }),
            "mini",
            vec![email(&app, "again")],
        ),
        mini(
            Operation::SetPassword,
            json!({ "newPassword": { "password": PASSWORD } }),
            "mini",
            vec![email(&app, "again")],
        ),
        mini(
            Operation::LockUser,
            json!({}),
            "mini",
            vec![email(&app, "again")],
        ),
        mini(
            Operation::UnlockUser,
            json!({}),
            "mini",
            vec![email(&app, "again")],
        ),
        mini(
            Operation::DeactivateUser,
            json!({}),
            "mini",
            vec![email(&app, "again")],
        ),
        mini(
            Operation::ReactivateUser,
            json!({}),
            "mini",
            vec![email(&app, "again")],
        ),
        mini(
            Operation::HumanMFAInitSkipped,
            json!({}),
            "mini",
            vec![email(&app, "again")],
        ),
        mini(
            Operation::RemovePhone,
            json!({}),
            "mini",
            vec![email(&app, "again")],
        ),
        (Operation::DeleteUser, json!({}), BTreeSet::new()),
    ] {
        message["userId"] = json!(id);
        let changed = admin.ask(call, message.clone()).await;
        assert_eq!(outcome(&changed), "ok", "{call:?} {message}");
        assert_eq!(keys(&app).await, want, "{call:?} {message}");
    }
}

/// The item of an address stays as long as somebody has the address.
#[tokio::test]
async fn an_address_of_several_users_goes_with_the_last() {
    let app = App::emulated(&[]).await;
    let admin = administrator(&app).await;
    let shared = email(&app, "shared");
    let mut ids = Vec::new();
    for name in ["one", "two", "three"] {
        let mut message = human(&app, name);
        message["email"]["email"] = json!(address(&app, "shared"));
        let added = admin.ask(Operation::AddHumanUser, message).await.unwrap();
        ids.push(added["userId"].clone());
    }
    let set = json!({ "userId": ids[0], "email": address(&app, "own"), "isVerified": true });
    admin.ask(Operation::SetEmail, set).await.unwrap();
    assert!(keys(&app).await.contains(&shared));
    admin
        .ask(Operation::DeleteUser, json!({ "userId": ids[1] }))
        .await
        .unwrap();
    assert!(keys(&app).await.contains(&shared));
    admin
        .ask(Operation::DeleteUser, json!({ "userId": ids[2] }))
        .await
        .unwrap();
    assert!(!keys(&app).await.contains(&shared));
    admin
        .ask(Operation::DeleteUser, json!({ "userId": ids[0] }))
        .await
        .unwrap();
    assert_eq!(keys(&app).await, BTreeSet::new());
}

/// Leaves of a user what a release without profiles stored.
async fn without_profile(app: &App, name: &str) -> String {
    let hash = app.password_pool();
    let password = sesame::domain::Password::new(PASSWORD.to_owned());
    let hash = HashString::from(hash.hash(password).await.unwrap());
    let user = app.user_with_hash(name, Some(hash.as_str())).await;
    let key = format!("PROFILE#{}", UserRef::from(&user.user_id));
    let (client, table) = (app.dynamodb(), &app.store.tables().users);
    let key = aws_sdk_dynamodb::types::AttributeValue::S(key);
    let delete = client.delete_item().table_name(table).key("pk", key);
    delete.send().await.unwrap();
    let key = format!("LOGIN#{}", user.login_name.folded().as_str());
    let key = aws_sdk_dynamodb::types::AttributeValue::S(key);
    let update = client.update_item().table_name(table).key("pk", key);
    let update = update.update_expression("REMOVE password_changed_at");
    update.send().await.unwrap();
    user.user_id.to_string()
}

#[tokio::test]
async fn a_user_of_the_released_version_is_one_for_each_call() {
    let app = App::emulated(&[]).await;
    let admin = administrator(&app).await;
    let read_only = without_profile(&app, "read").await;
    let user = read(admin, &read_only).await.unwrap();
    assert_eq!(
        user["details"],
        json!({ "resourceOwner": user["details"]["resourceOwner"] })
    );
    assert_eq!(user["human"]["email"], Value::Null);
    assert_eq!(user["human"]["passwordChanged"], Value::Null);
    assert_eq!(
        user["human"]["profile"],
        json!({ "displayName": "Mini Mouse" })
    );
    for (n, (call, mut message)) in [
        (Operation::GetUserByID, json!({})),
        (Operation::ListAuthenticationMethodTypes, json!({})),
        (Operation::ListIDPLinks, json!({})),
        (Operation::HumanMFAInitSkipped, json!({})),
        (Operation::RemovePhone, json!({})),
        (
            Operation::SetPhone,
            json!({ "phone": "+41711234567", "isVerified": true }),
        ),
        (
            Operation::SetEmail,
            json!({ "email": address(&app, "old"), "isVerified": true }),
        ),
        (
            Operation::SetPassword,
            json!({ "newPassword": { "password": NEW_PASSWORD } }),
        ),
        (
            Operation::UpdateUser,
            json!({ "human": { "profile": { "givenName": "Mini" } } }),
        ),
        (
            Operation::UpdateHumanUser,
            json!({ "username": app.login_name("of today").as_str() }),
        ),
        (Operation::LockUser, json!({})),
        (Operation::DeactivateUser, json!({})),
        (Operation::DeleteUser, json!({})),
    ]
    .into_iter()
    .enumerate()
    {
        let id = without_profile(&app, &format!("old{n}")).await;
        message["userId"] = json!(id);
        let asked = admin.ask(call, message).await;
        assert_eq!(outcome(&asked), "ok", "{call:?}");
        if call == Operation::DeleteUser {
            assert_eq!(outcome(&read(admin, &id).await), "QUERY-Dfbg2");
            continue;
        }
        let details = read(admin, &id).await.unwrap()["details"].take();
        let is_changed = details.get("sequence").is_some();
        let changes = !matches!(
            call,
            Operation::GetUserByID
                | Operation::ListAuthenticationMethodTypes
                | Operation::ListIDPLinks
                | Operation::RemovePhone
        );
        assert_eq!(is_changed, changes, "{call:?}");
        assert_eq!(details.get("creationDate"), None, "nobody knows it");
    }
    let own = without_profile(&app, "own").await;
    let user = app.client().bearing(token(&app, &own, PASSWORD).await);
    let change = json!({
        "userId": own, "newPassword": { "password": NEW_PASSWORD }, "currentPassword": PASSWORD,
    });
    assert_eq!(
        outcome(&user.ask(Operation::SetPassword, change).await),
        "ok"
    );
    session(&app, &own, NEW_PASSWORD).await;
}

/// A newer release may store more with a user: a write leaves it, and a deletion takes it along.
#[tokio::test]
async fn a_change_keeps_what_a_newer_release_has_stored() {
    let app = App::emulated(&[]).await;
    let admin = administrator(&app).await;
    let id = register(admin, "mini").await;
    let (client, table) = (app.dynamodb(), app.store.tables().users.clone());
    let key = |key: String| aws_sdk_dynamodb::types::AttributeValue::S(key);
    let all = keys_of(&app, &id, "mini", &[email(&app, "mini")]);
    for one in &all {
        let update = client
            .update_item()
            .table_name(&table)
            .key("pk", key(one.clone()));
        let update = update.update_expression("SET newer = :newer");
        let newer = aws_sdk_dynamodb::types::AttributeValue::S("kept".to_owned());
        let update = update.expression_attribute_values(":newer", newer);
        update.send().await.unwrap();
    }
    for (call, mut message) in [
        (
            Operation::UpdateHumanUser,
            json!({
                "username": app.login_name("maxi").as_str(),
                "profile": { "givenName": "Maxi", "familyName": "Mouse" },
            }),
        ),
        (
            Operation::SetPassword,
            json!({ "newPassword": { "password": NEW_PASSWORD } }),
        ),
        (Operation::LockUser, json!({})),
        (Operation::UnlockUser, json!({})),
        (
            Operation::SetPhone,
            json!({ "phone": "+41711234567", "isVerified": true }),
        ),
    ] {
        message["userId"] = json!(id);
        admin.ask(call, message).await.unwrap();
        let renamed = keys_of(&app, &id, "maxi", &[]);
        for one in renamed {
            let get = client
                .get_item()
                .table_name(&table)
                .key("pk", key(one.clone()));
            let item = get.send().await.unwrap().item.unwrap();
            assert_eq!(item["newer"].as_s().unwrap(), "kept", "{call:?} {one}");
        }
    }
    admin
        .ask(Operation::DeleteUser, json!({ "userId": id }))
        .await
        .unwrap();
    assert_eq!(keys(&app).await, BTreeSet::new());
}
