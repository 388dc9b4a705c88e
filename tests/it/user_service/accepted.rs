//! What names, addresses and passwords of users are accepted, by each call that takes them.

use serde_json::{Value, json};
use sesame::domain::Operation;

use super::{NEW_PASSWORD, address, administrator, human, outcome, read, register};
use crate::support::app::{App, PASSWORD};
use crate::support::client::Wire;

/// Changes one field of a request, by its path.
fn with(mut message: Value, path: &str, value: Value) -> Value {
    let field = path.split('.').fold(&mut message, |at, name| &mut at[name]);
    *field = value;
    message
}

/// A deployment that sends no messages.
const SENDS_NOTHING: [(&str, &str); 2] = [("MAIL_FROM", "none"), ("SMS_ORIGINATION", "none")];

#[tokio::test]
async fn a_registration_is_refused_for_each_thing_that_no_user_can_have() {
    let app = App::emulated(&SENDS_NOTHING).await;
    let long = "a".repeat(201);
    let rows: &[(&str, Value, &str)] = &[
        ("profile.givenName", json!(""), "USER-UCej2"),
        ("profile.givenName", json!(" \t"), "USER-UCej2"),
        ("profile.givenName", json!(long), "code 3"),
        ("profile.givenName", json!("a\nb"), "code 3"),
        ("profile.familyName", json!(""), "USER-4hB7d"),
        ("profile.familyName", json!(long), "code 3"),
        ("profile", json!({}), "USER-UCej2"),
        ("profile.nickName", json!("a\u{0}b"), "code 3"),
        ("profile.displayName", json!("a\u{2028}b"), "code 3"),
        ("profile.displayName", json!(long), "code 3"),
        (
            "profile.preferredLanguage",
            json!("deutsch bitte"),
            "code 3",
        ),
        ("profile.gender", json!(4), "code 3"),
        ("userId", json!(""), "code 3"),
        ("userId", json!("a\u{200b}"), "code 3"),
        ("userId", json!(long), "code 3"),
        ("username", json!(""), "V2-zzad3"),
        ("username", json!("mi\u{202e}ni"), "V2-zzad3"),
        ("username", json!(long), "V2-zzad3"),
        ("email.email", json!(""), "EMAIL-spblu"),
        ("email", json!({}), "EMAIL-spblu"),
        ("email.email", json!("mini"), "EMAIL-599BI"),
        ("email.email", json!("mini@mouse"), "EMAIL-599BI"),
        (
            "email.email",
            json!("mini@mouse.com\r\nBcc: maxi@mouse.com"),
            "EMAIL-599BI",
        ),
        ("email.email", json!("mäuschen@mouse.com"), "EMAIL-599BI"),
        ("email.isVerified", Value::Null, "SESAME-Send1"),
        (
            "phone",
            json!({ "phone": "", "isVerified": true }),
            "PHONE-Zt0NV",
        ),
        (
            "phone",
            json!({ "phone": "079 123 45 67", "isVerified": true }),
            "PHONE-so0wa",
        ),
        (
            "phone",
            json!({ "phone": "+41791234567", "isVerified": false }),
            "code 3",
        ),
        ("phone", json!({ "phone": "+41791234567" }), "SESAME-Send1"),
        (
            "phone",
            json!({ "phone": "+41791234567", "sendCode": {} }),
            "SESAME-Send1",
        ),
        (
            "phone",
            json!({ "phone": "+41791234567", "returnCode": {} }),
            "AUTH-5mWD2",
        ),
        ("password.password", json!(""), "COMMAND-Mf0sd"),
        ("password.password", json!("short"), "DOMAIN-HuJf6"),
        ("password.password", json!("password1234"), "SESAME-Pcom1"),
        ("password.password", json!("MiniMouse1"), "SESAME-Pwor1"),
        ("password.password", json!(long), "code 3"),
        (
            "metadata",
            json!([{ "key": "a", "value": "YQ==" }]),
            "code 12",
        ),
        (
            "idpLinks",
            json!([{ "idpId": "1", "userId": "1", "userName": "1" }]),
            "code 12",
        ),
        ("totpSecret", json!("ABC"), "code 3"),
    ];
    let admin = administrator(&app).await;
    for (path, value, want) in rows {
        let message = with(human(&app, "mini"), path, value.clone());
        let added = admin.ask(Operation::AddHumanUser, message).await;
        assert_eq!(&outcome(&added), want, "{path} {value}");
    }
    for (code, want) in [("sendCode", "SESAME-Send1"), ("returnCode", "AUTH-5mWD2")] {
        let email = json!({ "email": address(&app, "mini"), code: {} });
        let message = with(human(&app, "mini"), "email", email);
        let added = admin.ask(Operation::AddHumanUser, message).await;
        assert_eq!(outcome(&added), want, "{code}");
    }
    // Nothing of all this was stored.
    let added = admin
        .ask(Operation::AddHumanUser, human(&app, "mini"))
        .await;
    assert_eq!(outcome(&added), "ok");
}

#[tokio::test]
async fn names_and_ids_are_one_users_alone() {
    let app = App::emulated(&[]).await;
    let admin = administrator(&app).await;
    let id = register(admin, "Élan").await;
    let name = app.login_name("Élan");
    for (path, value, want) in [
        ("username", json!(name.as_str()), "V3-DKcYh"),
        ("username", json!(name.as_str().to_lowercase()), "V3-DKcYh"),
        (
            "username",
            json!(format!(" {} ", name.as_str().replace('É', "E\u{301}"))),
            "V3-DKcYh",
        ),
        ("userId", json!(id), "COMMAND-7yiox1isql"),
        // The other user's address, in any case, is no name for this one.
        ("username", json!(address(&app, "Élan")), "V3-DKcYh"),
        (
            "username",
            json!(address(&app, "Élan").to_uppercase()),
            "V3-DKcYh",
        ),
        ("username", json!(address(&app, "other")), "ok"),
    ] {
        let message = with(human(&app, "other"), path, value.clone());
        let added = admin.ask(Operation::AddHumanUser, message).await;
        assert_eq!(outcome(&added), want, "{path} {value}");
    }
    // A rename is a registration of the name.
    let own = register(admin, "renamed").await;
    for (to, want) in [
        (name.as_str().to_lowercase(), "V3-DKcYh"),
        (address(&app, "Élan"), "V3-DKcYh"),
        (address(&app, "renamed"), "ok"),
        (String::new(), "V2-zzad3"),
    ] {
        let renamed = json!({ "userId": own, "username": to });
        let renamed = admin.ask(Operation::UpdateUser, renamed).await;
        assert_eq!(outcome(&renamed), want, "{to}");
    }
    // Names are compared folded, so by each of these a login would reach the other user's address.
    for (address, name) in [
        ("mike@m.example", "mi\u{212a}e@m.example"),
        ("mass@m.example", "maß@m.example"),
    ] {
        let mut message = human(&app, address);
        message["email"]["email"] = json!(address);
        admin.ask(Operation::AddHumanUser, message).await.unwrap();
        let message = with(human(&app, "like"), "username", json!(name));
        let added = admin.ask(Operation::AddHumanUser, message).await;
        assert_eq!(outcome(&added), "V3-DKcYh", "{name}");
    }
    // The address may be shared, but not as a name.
    let mut shared = human(&app, "sharing");
    shared["email"]["email"] = json!(address(&app, "Élan"));
    let added = admin.ask(Operation::AddHumanUser, shared.clone()).await;
    assert_eq!(outcome(&added), "ok");
    shared["username"] = Value::Null;
    shared["userId"] = Value::Null;
    let added = admin.ask(Operation::AddHumanUser, shared).await;
    assert_eq!(outcome(&added), "V3-DKcYh");
}

#[tokio::test]
async fn addresses_may_be_made_unique() {
    let app = App::emulated(&[("UNIQUE_EMAILS", "true")]).await;
    let admin = administrator(&app).await;
    let id = register(admin, "mini").await;
    let mut other = human(&app, "other");
    other["email"]["email"] = json!(address(&app, "mini").to_uppercase());
    let added = admin.ask(Operation::AddHumanUser, other).await;
    assert_eq!(outcome(&added), "V3-DKcYh");

    let other = register(admin, "other").await;
    let set = |id: &str, name: &str| {
        let email = address(&app, name);
        let set = json!({ "userId": id, "email": email, "isVerified": true });
        admin.ask(Operation::SetEmail, set)
    };
    assert_eq!(outcome(&set(&other, "mini").await), "V3-DKcYh");
    set(&id, "new").await.unwrap();
    assert_eq!(
        outcome(&set(&other, "mini").await),
        "ok",
        "it is free again"
    );
}

#[tokio::test]
async fn twenty_users_may_have_one_address_or_number() {
    let app = App::emulated(&[]).await;
    let admin = administrator(&app).await;
    let number = "+41 71 123 45 67";
    let mut ids = Vec::new();
    for n in 0..21 {
        let mut message = human(&app, &format!("mini{n}"));
        message["email"]["email"] = json!(address(&app, "shared"));
        if n == 20 {
            let added = admin.ask(Operation::AddHumanUser, message.clone()).await;
            assert_eq!(outcome(&added), "SESAME-Eadr1");
            message["email"]["email"] = json!(address(&app, "own"));
        }
        let added = admin.ask(Operation::AddHumanUser, message).await.unwrap();
        let id = added["userId"].as_str().unwrap().to_owned();
        let phone = json!({ "userId": id, "phone": number, "isVerified": true });
        let set = admin.ask(Operation::SetPhone, phone).await;
        assert_eq!(
            outcome(&set),
            if n == 20 { "SESAME-Eadr1" } else { "ok" },
            "{n}"
        );
        ids.push(id);
    }
    let set = async || {
        let phone = json!({ "userId": ids[20], "phone": number, "isVerified": true });
        outcome(&admin.ask(Operation::SetPhone, phone).await)
    };
    admin
        .ask(Operation::RemovePhone, json!({ "userId": ids[0] }))
        .await
        .unwrap();
    assert_eq!(set().await, "ok", "one of them has left");
    admin
        .ask(Operation::DeleteUser, json!({ "userId": ids[1] }))
        .await
        .unwrap();
    let phone = json!({ "userId": ids[0], "phone": number, "isVerified": true });
    admin.ask(Operation::SetPhone, phone).await.unwrap();
    let user = read(admin, &ids[0]).await.unwrap();
    assert_eq!(
        user["human"]["phone"],
        json!({ "phone": "+41711234567", "isVerified": true })
    );
}

#[tokio::test]
async fn an_address_is_set_only_if_that_changes_something() {
    let app = App::emulated(&SENDS_NOTHING).await;
    for (n, wire) in Wire::ALL.into_iter().enumerate() {
        let admin = administrator(&app).await.by(wire);
        let name = format!("mini{n}");
        let mut message = human(&app, &name);
        message["email"]["isVerified"] = json!(false);
        let id = admin.ask(Operation::AddHumanUser, message).await.unwrap()["userId"].take();
        let user = read(admin, id.as_str().unwrap()).await.unwrap();
        // Protobuf's default value is left out.
        assert_eq!(
            user["human"]["email"],
            json!({ "email": address(&app, &name) })
        );
        for (email, more, want) in [
            (address(&app, &name), json!({ "isVerified": true }), "ok"),
            (
                address(&app, &name),
                json!({ "isVerified": true }),
                "COMMAND-Uch5e",
            ),
            (
                address(&app, &name).to_uppercase(),
                json!({ "isVerified": true }),
                "ok",
            ),
            (
                address(&app, &name),
                json!({ "isVerified": false }),
                "code 3",
            ),
            (address(&app, &name), json!({}), "SESAME-Send1"),
            (
                address(&app, &name),
                json!({ "sendCode": {} }),
                "SESAME-Send1",
            ),
            (String::new(), json!({ "isVerified": true }), "EMAIL-spblu"),
            (
                "mini".to_owned(),
                json!({ "isVerified": true }),
                "EMAIL-599BI",
            ),
        ] {
            let mut set = more.clone();
            set["userId"] = id.clone();
            set["email"] = json!(email);
            let set = admin.ask(Operation::SetEmail, set).await;
            assert_eq!(outcome(&set), want, "{wire:?} {email} {more}");
        }
        for (phone, more, want) in [
            ("+41 (71) 123-45.67", json!({ "isVerified": true }), "ok"),
            ("+41711234567", json!({ "isVerified": false }), "code 3"),
            ("+41711234567", json!({}), "SESAME-Send1"),
            ("0711234567", json!({ "isVerified": true }), "PHONE-so0wa"),
            ("", json!({ "isVerified": true }), "PHONE-Zt0NV"),
        ] {
            let mut set = more.clone();
            set["userId"] = id.clone();
            set["phone"] = json!(phone);
            let set = admin.ask(Operation::SetPhone, set).await;
            assert_eq!(outcome(&set), want, "{wire:?} {phone} {more}");
        }
    }
    let admin = administrator(&app).await;
    for (call, message, want) in [
        (
            Operation::SetEmail,
            json!({ "email": "a@b.co", "isVerified": true }),
            "COMMAND-ieJ2e",
        ),
        (
            Operation::SetPhone,
            json!({ "phone": "+41711234567", "isVerified": true }),
            "COMMAND-4g3xq",
        ),
        (Operation::RemovePhone, json!({}), "COMMAND-4g3xq"),
        (Operation::HumanMFAInitSkipped, json!({}), "COMMAND-4g3xq"),
        (
            Operation::UpdateUser,
            json!({ "human": {} }),
            "COMMAND-4g3xq",
        ),
        (Operation::UpdateHumanUser, json!({}), "COMMAND-4g3xq"),
        (
            Operation::SetPassword,
            json!({ "newPassword": { "password": NEW_PASSWORD } }),
            "COMMAND-G8dh3",
        ),
        (Operation::ListIDPLinks, json!({}), "QUERY-Dfbg2"),
        (
            Operation::ListAuthenticationMethodTypes,
            json!({}),
            "QUERY-Dfbg2",
        ),
    ] {
        let message = with(message, "userId", json!("nobody"));
        let asked = admin.ask(call, message).await;
        assert_eq!(outcome(&asked), want, "{call:?}");
    }
}

#[tokio::test]
async fn a_hash_is_accepted_in_the_forms_of_an_import() {
    let app = App::start().await;
    let admin = administrator(&app).await;
    let hash = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
    for (n, (hash, want)) in [
        (hash, "ok"),
        ("plain", "code 3"),
        ("", "code 3"),
        (&*"$".repeat(201), "code 3"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut message = human(&app, &format!("mini{n}"));
        message["password"] = Value::Null;
        message["hashedPassword"] = json!({ "hash": hash, "changeRequired": true });
        let added = admin.ask(Operation::AddHumanUser, message).await;
        assert_eq!(outcome(&added), want, "{hash}");
        if let Ok(added) = added {
            let user = read(admin, added["userId"].as_str().unwrap())
                .await
                .unwrap();
            assert_eq!(user["human"]["passwordChangeRequired"], true);
        }
    }
    assert_eq!(PASSWORD.len(), PASSWORD.trim().len());
}
