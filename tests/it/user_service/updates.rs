use serde_json::{Value, json};
use sesame::domain::Operation;

use super::{NEW_PASSWORD, address, administrator, outcome, read, register, session};
use crate::support::app::App;
use crate::support::client::{Client, Wire};

async fn update(client: Client<'_>, id: &str, mut changes: Value) -> String {
    changes["userId"] = json!(id);
    outcome(&client.ask(Operation::UpdateHumanUser, changes).await)
}

#[tokio::test]
async fn an_update_changes_what_it_names_in_each_protocol() {
    let app = App::emulated(&[]).await;
    for (n, wire) in Wire::ALL.into_iter().enumerate() {
        let admin = administrator(&app).await.by(wire);
        let id = register(admin, &format!("mini{n}")).await;
        let renamed = app.login_name(&format!("maxi{n}"));
        let all = json!({
            "username": renamed.as_str(),
            "profile": {
                "givenName": "Max", "familyName": "Maus", "nickName": "M", "displayName": "Maxi",
                "preferredLanguage": "de", "gender": "GENDER_MALE",
            },
            "email": { "email": address(&app, &format!("maxi{n}")), "isVerified": false },
            "phone": { "phone": "+41 71 123 45 67", "isVerified": true },
            "password": { "password": { "password": NEW_PASSWORD, "changeRequired": true } },
        });

        assert_eq!(update(admin, &id, all).await, "ok", "{wire:?}");

        let user = read(admin, &id).await.unwrap();
        assert_eq!(user["username"], renamed.as_str());
        assert_eq!(user["details"]["sequence"], "2", "it is one change");
        let human = &user["human"];
        assert_eq!(
            human["profile"],
            json!({
                "givenName": "Max", "familyName": "Maus", "nickName": "M", "displayName": "Maxi",
                "preferredLanguage": "de", "gender": "GENDER_MALE",
            })
        );
        assert_eq!(
            human["email"],
            json!({ "email": address(&app, &format!("maxi{n}")) })
        );
        assert_eq!(
            human["phone"],
            json!({ "phone": "+41711234567", "isVerified": true })
        );
        assert_eq!(human["passwordChangeRequired"], true);
        session(&app, &id, NEW_PASSWORD).await;

        // What is empty is removed, and what isn't named stays.
        let removed = json!({
            "profile": {
                "givenName": "Max", "familyName": "Mouse", "nickName": "", "displayName": "",
                "preferredLanguage": "", "gender": "GENDER_UNSPECIFIED",
            },
            "phone": {},
        });
        assert_eq!(update(admin, &id, removed).await, "ok");
        let human = read(admin, &id).await.unwrap()["human"].take();
        let names =
            json!({ "givenName": "Max", "familyName": "Mouse", "displayName": "Max Mouse" });
        assert_eq!(human["profile"], names);
        assert_eq!(human["phone"], Value::Null);
        assert_eq!(human["username"], renamed.as_str());

        let patch = json!({ "userId": id, "human": { "profile": { "givenName": "Mini" } } });
        let patched = admin.ask(Operation::UpdateUser, patch).await.unwrap();
        assert!(patched["changeDate"].is_string());
        let human = read(admin, &id).await.unwrap()["human"].take();
        assert_eq!(
            human["profile"]["displayName"], "Mini Mouse",
            "it follows the names"
        );
    }
}

#[tokio::test]
async fn an_update_is_carried_out_whole_or_not_at_all() {
    let app = App::with(&[("MAIL_FROM", "none"), ("SMS_ORIGINATION", "none")]).await;
    let admin = administrator(&app).await;
    let id = register(admin, "mini").await;
    let other = register(admin, "other").await;
    let before = read(admin, &id).await.unwrap();
    for (name, value, want) in [
        (
            "username",
            json!(app.login_name("other").as_str()),
            "V3-DKcYh",
        ),
        ("username", json!(address(&app, "other")), "V3-DKcYh"),
        ("email", json!({ "email": "a@b.co" }), "SESAME-Send1"),
        (
            "email",
            json!({ "email": "a@b", "isVerified": true }),
            "EMAIL-599BI",
        ),
        ("phone", json!({ "phone": "+41711234567" }), "SESAME-Send1"),
        (
            "phone",
            json!({ "phone": "+41711234567", "isVerified": false }),
            "code 3",
        ),
        (
            "password",
            json!({ "password": { "password": "short" } }),
            "DOMAIN-HuJf6",
        ),
        (
            "password",
            json!({ "password": { "password": "MaxiMouse1" } }),
            "SESAME-Pwor1",
        ),
        ("password", json!({}), "code 3"),
        (
            "password",
            json!({
                "password": { "password": NEW_PASSWORD }, "verificationCode": "ABC",
            }),
            "code 12",
        ),
        (
            "password",
            json!({
                "password": { "password": NEW_PASSWORD }, "currentPassword": "wrong",
            }),
            "COMMAND-3M0fs",
        ),
    ] {
        let mut changes = json!({ "profile": { "givenName": "Maxi", "familyName": "Mouse" } });
        changes[name] = value.clone();
        assert_eq!(update(admin, &id, changes).await, want, "{name} {value}");
        assert_eq!(read(admin, &id).await.unwrap(), before, "{name} {value}");
    }
    for profile in [
        json!({ "givenName": "" }),
        json!({ "nickName": "" }),
        json!({ "displayName": " " }),
        json!({ "preferredLanguage": "" }),
        json!({ "gender": 9 }),
    ] {
        let patch = json!({ "userId": id, "human": { "profile": profile } });
        let patched = admin.ask(Operation::UpdateUser, patch).await;
        assert!(patched.is_err(), "{profile}");
        assert_eq!(read(admin, &id).await.unwrap(), before, "{profile}");
    }
    for gender in ["GENDER_DIVERSE", "GENDER_UNSPECIFIED"] {
        let patch = json!({ "userId": id, "human": { "profile": { "gender": gender } } });
        let patched = admin.ask(Operation::UpdateUser, patch).await;
        assert_eq!(outcome(&patched), "ok");
        let user = read(admin, &id).await.unwrap();
        assert_eq!(user["human"]["profile"]["gender"], "GENDER_DIVERSE");
    }
    let machine = json!({ "userId": id, "machine": {} });
    let machine = admin.ask(Operation::UpdateUser, machine).await;
    assert_eq!(outcome(&machine), "code 12");
    assert_eq!(
        update(admin, &other, json!({})).await,
        "ok",
        "nothing is to be done"
    );
}

/// A login, a session's names and what else there is of a user go by the name of today.
#[tokio::test]
async fn a_renamed_user_keeps_everything() {
    let app = App::start().await;
    let admin = administrator(&app).await;
    let id = register(admin, "mini").await;
    let own = session(&app, &id, crate::support::app::PASSWORD).await;
    let user = app.client().bearing(own["sessionToken"].as_str().unwrap());
    let before = read(admin, &id).await.unwrap();

    let renamed = json!({ "username": app.login_name("maxi").as_str() });
    assert_eq!(update(admin, &id, renamed).await, "ok");

    let after = read(user, &id).await.unwrap();
    assert_eq!(after["username"], app.login_name("maxi").as_str());
    assert_eq!(after["human"]["email"], before["human"]["email"]);
    assert_eq!(after["human"]["profile"], before["human"]["profile"]);
    assert_eq!(
        after["human"]["passwordChanged"],
        before["human"]["passwordChanged"]
    );
    // The former name is free.
    let mut heir = super::human(&app, "heir");
    heir["username"] = json!(app.login_name("mini").as_str());
    let heir = admin.ask(Operation::AddHumanUser, heir).await;
    assert_eq!(outcome(&heir), "ok");
}

/// The address of before becomes the name, or the name's address that of the user, in one change.
#[tokio::test]
async fn a_name_and_an_address_change_places() {
    let app = App::start().await;
    let admin = administrator(&app).await;
    let id = register(admin, "mini").await;
    let (mini, maxi) = (address(&app, "mini"), address(&app, "maxi"));
    let change = |name: &str, email: &str| json!({ "username": name, "email": { "email": email, "isVerified": true } });
    for (name, email) in [
        (&mini, &maxi),
        (&maxi, &mini),
        (&mini, &mini),
        (&maxi, &maxi),
    ] {
        assert_eq!(
            update(admin, &id, change(name, email)).await,
            "ok",
            "{name} {email}"
        );
        let user = read(admin, &id).await.unwrap();
        assert_eq!(
            (&user["username"], &user["human"]["email"]["email"]),
            (&json!(name), &json!(email))
        );
    }
    // While others have the address, it is no name.
    let mut other = super::human(&app, "other");
    other["email"]["email"] = json!(maxi);
    admin.ask(Operation::AddHumanUser, other).await.unwrap();
    let other = app.user_id("other").to_string();
    let taken = update(admin, &other, change(&maxi, &address(&app, "new"))).await;
    assert_eq!(taken, "V3-DKcYh");
}

/// What says the same again is no change: neither a number, nor a display name that is the user name.
#[tokio::test]
async fn an_update_that_changes_nothing_is_not_counted() {
    let app = App::emulated(&[]).await;
    let admin = administrator(&app).await;
    let id = register(admin, "mini").await;
    let name = app.login_name("mini");
    let same = json!({
        "profile": { "givenName": "Mini", "familyName": "Mouse", "displayName": name.as_str() },
        "phone": { "phone": "+41711234567", "isVerified": true },
    });
    for _ in 0..2 {
        assert_eq!(update(admin, &id, same.clone()).await, "ok");
        let user = read(admin, &id).await.unwrap();
        assert_eq!(user["details"]["sequence"], "2");
        assert_eq!(user["human"]["profile"]["displayName"], name.as_str());
    }
}
