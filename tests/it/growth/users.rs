//! What the calls of the User service ask of the database, as `docs/cost.md` says it.

use serde_json::{Value, json};
use sesame::domain::Operation;

use super::meter::Consumed;
use super::metered::{COST, ID, Metered, NEW_PASSWORD, human, row};
use super::service::PASSWORD;

/// Each call of a service account: what it does, the call before it that makes it possible, and its
/// request.
fn calls() -> Vec<(&'static str, Option<Operation>, Operation, Value)> {
    use Operation::{
        DeactivateUser, DeleteUser, GetUserByID, HumanMFAInitSkipped,
        ListAuthenticationMethodTypes, ListIDPLinks, LockUser, ReactivateUser, RemovePhone,
        SetEmail, SetPassword, SetPhone, UnlockUser, UpdateHumanUser, UpdateUser,
    };

    let nick = json!({ "profile": { "nickName": "Minnie" } });
    let names = json!({ "profile": { "givenName": "Minnie", "familyName": "Mouse" } });
    let email = json!({ "email": "minnie@mouse.com", "isVerified": true });
    let phone = json!({ "phone": "+41790000000", "isVerified": true });
    let password = json!({ "newPassword": { "password": NEW_PASSWORD } });
    let mut current = password.clone();
    current["currentPassword"] = json!(PASSWORD);
    let none = json!({});
    vec![
        ("GetUserByID", None, GetUserByID, none.clone()),
        (
            "ListAuthenticationMethodTypes",
            None,
            ListAuthenticationMethodTypes,
            none.clone(),
        ),
        ("ListIDPLinks", None, ListIDPLinks, none.clone()),
        (
            "UpdateUser of a name",
            None,
            UpdateUser,
            json!({ "human": nick }),
        ),
        (
            "UpdateUser of the user name",
            None,
            UpdateUser,
            json!({ "username": "minnie" }),
        ),
        (
            "UpdateHumanUser of both names",
            None,
            UpdateHumanUser,
            names,
        ),
        ("SetEmail to another address", None, SetEmail, email),
        ("SetPhone to another number", None, SetPhone, phone),
        ("RemovePhone", None, RemovePhone, none.clone()),
        (
            "HumanMFAInitSkipped",
            None,
            HumanMFAInitSkipped,
            none.clone(),
        ),
        ("SetPassword", None, SetPassword, password),
        (
            "SetPassword with the current one",
            None,
            SetPassword,
            current,
        ),
        ("LockUser", None, LockUser, none.clone()),
        ("UnlockUser", Some(LockUser), UnlockUser, none.clone()),
        ("DeactivateUser", None, DeactivateUser, none.clone()),
        (
            "ReactivateUser",
            Some(DeactivateUser),
            ReactivateUser,
            none.clone(),
        ),
        ("DeleteUser", None, DeleteUser, none),
    ]
}

/// The rows of `docs/cost.md`, in their order.
#[tokio::test]
async fn each_call_on_users_costs_what_the_page_says() {
    let nothing = Consumed::default();
    let mut rows = Vec::new();
    let service = Metered::start().await;
    let mut new = human(ID, false);
    new.as_object_mut().unwrap().remove("username");
    let added = service
        .call(&service.token, Operation::AddHumanUser, new)
        .await
        .0;
    rows.push(row("CreateUser, AddHumanUser", &added, &nothing));
    let added = service.add("70").await;
    let name = "the same with a user name and a phone number";
    rows.push(row(name, &added, &nothing));
    for (name, before, rpc, mut body) in calls() {
        let service = Metered::start().await;
        service.add(ID).await;
        body["userId"] = json!(ID);
        if let Some(before) = before {
            let body = json!({ "userId": ID });
            service.call(&service.token, before, body).await;
        }
        let consumed = service.call(&service.token, rpc, body).await.0;
        rows.push(row(name, &consumed, &nothing));
    }
    // The session's item has some 400 bytes beside the metadata.
    for (name, bytes) in [
        ("SetPassword by the user, in a session of up to 1 KB", 30),
        ("the same in a session of up to 4 KB", 3000),
    ] {
        let service = Metered::start().await;
        service.add(ID).await;
        let own = service.session(bytes).await;
        let get = json!({ "userId": ID });
        let by_user = service
            .call(&own, Operation::GetUserByID, get.clone())
            .await
            .0;
        let by_service = service
            .call(&service.token, Operation::GetUserByID, get)
            .await
            .0;
        let beside = Consumed {
            steps: by_user.steps - by_service.steps,
            read_units: by_user.read_units - by_service.read_units,
            ..Consumed::default()
        };
        let body = json!({ "userId": ID, "newPassword": { "password": NEW_PASSWORD } });
        let consumed = service.call(&own, Operation::SetPassword, body).await.0;
        rows.push(row(name, &consumed, &beside));
    }

    let missing: Vec<_> = rows.iter().filter(|row| !COST.contains(*row)).collect();
    assert!(missing.is_empty(), "docs/cost.md lacks {missing:#?}");
    let table = format!("{}\n\n", rows.join("\n"));
    assert!(COST.contains(&table), "other rows, or in another order");
}
