use serde_json::json;
use sesame::domain::{Operation, Permission};

use super::{address, administrator, human, outcome, read, register, session};
use crate::support::app::{App, NOW, PASSWORD};
use crate::support::client::{HOUR, Wire};

#[tokio::test]
async fn a_user_is_registered_read_and_deleted_in_each_protocol() {
    let app = App::with(&[("RESOURCE_OWNER", "acme")]).await;
    for (n, wire) in Wire::ALL.into_iter().enumerate() {
        let admin = administrator(&app).await.by(wire);
        let name = &*format!("mini{n}");
        let id = register(admin, name).await;

        let user = read(admin, &id).await.unwrap();
        let login_name = app.login_name(name);
        let now = NOW.to_rfc3339();
        assert_eq!(
            user,
            json!({
                "userId": id,
                "details": {
                    "sequence": "1", "changeDate": now, "resourceOwner": "acme", "creationDate": now,
                },
                "state": "USER_STATE_ACTIVE",
                "username": login_name.as_str(),
                "loginNames": [login_name.as_str()],
                "preferredLoginName": login_name.as_str(),
                "human": {
                    "userId": id,
                    "state": "USER_STATE_ACTIVE",
                    "username": login_name.as_str(),
                    "loginNames": [login_name.as_str()],
                    "preferredLoginName": login_name.as_str(),
                    "profile": {
                        "givenName": "Mini", "familyName": "Mouse", "displayName": "Mini Mouse",
                    },
                    "email": { "email": address(&app, name), "isVerified": true },
                    "passwordChanged": now,
                },
            }),
            "{wire:?}"
        );

        let methods = json!({ "userId": id });
        let methods = admin
            .ask(Operation::ListAuthenticationMethodTypes, methods)
            .await;
        let methods = methods.unwrap();
        assert_eq!(
            methods["authMethodTypes"],
            json!(["AUTHENTICATION_METHOD_TYPE_PASSWORD"])
        );
        assert_eq!(methods["details"]["totalResult"], "1");
        let links = admin
            .ask(Operation::ListIDPLinks, json!({ "userId": id }))
            .await
            .unwrap();
        assert_eq!(links, json!({ "details": { "timestamp": now } }));

        let deleted = admin
            .ask(Operation::DeleteUser, json!({ "userId": id }))
            .await
            .unwrap();
        assert_eq!(deleted["details"]["sequence"], "2");
        assert_eq!(outcome(&read(admin, &id).await), "QUERY-Dfbg2");
        let again = admin
            .ask(Operation::DeleteUser, json!({ "userId": id }))
            .await;
        assert_eq!(outcome(&again), "COMMAND-bd4ir1mblj");
    }
}

#[tokio::test]
async fn a_user_is_created_in_the_organisation_of_the_deployment() {
    let app = App::with(&[("RESOURCE_OWNER", "acme"), ("CREATED_STATUS", "201")]).await;
    let admin = administrator(&app).await;
    let new = |organization: &str| {
        json!({
            "organizationId": organization,
            "human": {
                "profile": { "givenName": "Mini", "familyName": "Mouse" },
                "email": { "email": address(&app, "mini"), "isVerified": true },
            },
        })
    };

    let refused = admin.ask(Operation::CreateUser, new("other")).await;
    assert_eq!(outcome(&refused), "code 5");
    let missing = admin.ask(Operation::CreateUser, new("")).await;
    assert_eq!(outcome(&missing), "code 3");
    let created = admin.call_json(Operation::CreateUser, new("acme")).await;
    assert_eq!(created.status, 200, "that setting is for sessions");
    let created = created.json();
    assert_eq!(created["creationDate"], NOW.to_rfc3339());

    // The address is the name, and there is no password.
    let user = read(admin, created["id"].as_str().unwrap()).await.unwrap();
    assert_eq!(user["username"], address(&app, "mini"));
    assert_eq!(user["human"]["passwordChanged"], json!(null));

    for (organization, want) in [
        (json!({ "orgId": "acme" }), "ok"),
        (json!({ "orgId": "other" }), "code 5"),
        (json!({ "orgDomain": "acme" }), "code 5"),
        (json!({}), "ok"),
    ] {
        let mut body = human(&app, &organization.to_string());
        body["organization"] = organization.clone();
        let added = admin.ask(Operation::AddHumanUser, body).await;
        assert_eq!(outcome(&added), want, "{organization}");
    }
}

/// Each change, in each state of a user, and the state that follows or the error.
#[tokio::test]
async fn a_state_is_changed_only_where_that_changes_something() {
    use Operation::{DeactivateUser, LockUser, ReactivateUser, UnlockUser};

    let app = App::start().await;
    let admin = administrator(&app).await;
    let changes = [LockUser, UnlockUser, DeactivateUser, ReactivateUser];
    let (active, locked) = ("USER_STATE_ACTIVE", "USER_STATE_LOCKED");
    let inactive = "USER_STATE_INACTIVE";
    let not_active = "COMMAND-lgws8wtsqf";
    for (n, (before, want)) in [
        (
            None,
            [locked, "COMMAND-olb9vb0oca", inactive, "COMMAND-s5qqcz97hf"],
        ),
        (
            Some(LockUser),
            [not_active, active, inactive, "COMMAND-s5qqcz97hf"],
        ),
        (
            Some(DeactivateUser),
            [
                not_active,
                "COMMAND-olb9vb0oca",
                "COMMAND-5gunjw0cd7",
                active,
            ],
        ),
    ]
    .into_iter()
    .enumerate()
    {
        for (change, want) in changes.into_iter().zip(want) {
            let id = register(admin, &format!("{n} {}", change.as_str())).await;
            let body = json!({ "userId": id });
            if let Some(before) = before {
                admin.ask(before, body.clone()).await.unwrap();
            }
            let asked = admin.ask(change, body).await;
            let user = read(admin, &id).await.unwrap();
            let got = match &asked {
                Ok(_) => user["state"].as_str().unwrap().to_owned(),
                Err(error) => error.clone(),
            };
            assert_eq!(got, want, "{before:?} {change:?}");
            assert_eq!(user["human"]["state"], user["state"]);
        }
    }
    for (change, want) in changes.into_iter().zip([
        "COMMAND-450yxuqrh1",
        "COMMAND-x377t913pw",
        "COMMAND-5gp2p62iin",
        "COMMAND-9hy5kzbuk6",
    ]) {
        let unknown = admin.ask(change, json!({ "userId": "nobody" })).await;
        assert_eq!(outcome(&unknown), want);
    }
}

#[tokio::test]
async fn unlocking_clears_the_failures_of_an_active_user() {
    let app = App::emulated(&[("MAX_PASSWORD_ATTEMPTS", "1")]).await;
    let admin = administrator(&app).await;
    let id = register(admin, "mini").await;
    let wrong = json!({ "checks": {
        "user": { "userId": id }, "password": { "password": "wrong" },
    } });
    assert_eq!(
        app.client().create_json(&wrong).await.outcome(),
        "COMMAND-3M0fs"
    );

    let unlock = async || {
        admin
            .ask(Operation::UnlockUser, json!({ "userId": id }))
            .await
    };
    // The lock ends by itself, so the state doesn't show it.
    assert_eq!(
        read(admin, &id).await.unwrap()["state"],
        "USER_STATE_ACTIVE"
    );
    unlock().await.unwrap();

    session(&app, &id, PASSWORD).await;
    assert_eq!(outcome(&unlock().await), "COMMAND-olb9vb0oca");
}

#[tokio::test]
async fn a_lock_that_only_an_administrator_ends_is_shown() {
    let app = App::emulated(&[("MAX_PASSWORD_ATTEMPTS", "100")]).await;
    let admin = administrator(&app).await;
    let id = register(admin, "mini").await;
    let wrong = json!({ "checks": {
        "user": { "userId": id }, "password": { "password": "wrong" },
    } });
    for _ in 0..100 {
        app.client().create_json(&wrong).await;
    }

    assert_eq!(
        read(admin, &id).await.unwrap()["state"],
        "USER_STATE_LOCKED"
    );
    let unlocked = admin
        .ask(Operation::UnlockUser, json!({ "userId": id }))
        .await;
    assert_eq!(outcome(&unlocked), "ok");
    assert_eq!(
        read(admin, &id).await.unwrap()["state"],
        "USER_STATE_ACTIVE"
    );
}

/// A session in which something was proved ends, and one that names the user stays until the user is
/// deleted.
#[tokio::test]
async fn a_lock_a_deactivation_and_a_deletion_end_sessions() {
    let app = App::start().await;
    let page = app
        .service(&[Permission::SessionWrite, Permission::SessionRead])
        .await;
    let admin = administrator(&app).await;
    for (change, named) in [
        (Operation::LockUser, "ok"),
        (Operation::DeactivateUser, "ok"),
        (Operation::DeleteUser, "QUERY-SFeaa"),
    ] {
        let id = register(admin, change.as_str()).await;
        let proved = session(&app, &id, PASSWORD).await;
        let unproved = json!({ "checks": { "user": { "userId": id } } });
        let unproved = page.create_json(&unproved).await.json();

        admin.ask(change, json!({ "userId": id })).await.unwrap();

        let get = async |session: &serde_json::Value| {
            let id = session["sessionId"].clone();
            outcome(
                &page
                    .ask(Operation::GetSession, json!({ "sessionId": id }))
                    .await,
            )
        };
        assert_eq!(get(&proved).await, "QUERY-SFeaa", "{change:?}");
        assert_eq!(get(&unproved).await, named, "{change:?}");
    }
}

#[tokio::test]
async fn each_change_is_counted_and_dated() {
    let app = App::start().await;
    let admin = administrator(&app).await;
    let id = register(admin, "mini").await;
    let later = admin.later(HOUR);
    session(&app, &id, PASSWORD).await;

    let skipped = later
        .ask(Operation::HumanMFAInitSkipped, json!({ "userId": id }))
        .await;
    assert_eq!(
        skipped.unwrap()["details"]["sequence"],
        "2",
        "a login is no change"
    );

    let user = read(later, &id).await.unwrap();
    let at = NOW.plus(HOUR).to_rfc3339();
    assert_eq!(user["details"]["changeDate"], at);
    assert_eq!(user["details"]["creationDate"], NOW.to_rfc3339());
    assert_eq!(user["human"]["mfaInitSkipped"], at);
    // Nothing is changed, so nothing is written.
    let removed = later
        .ask(Operation::RemovePhone, json!({ "userId": id }))
        .await
        .unwrap();
    assert_eq!(removed["details"]["sequence"], "2");
}
