//! A newer release writes what this one doesn't know. This one reads that as the less, and leaves it
//! as it is.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use sesame::api::proto::zitadel::session::v2::{
    CreateSessionRequest as Create, SetSessionRequest as Set,
};
use sesame::domain::{Permission, UserState};

use super::{Item, Place, number, string, text};
use crate::support::administration::{Administration as _, SetPasswordOutcome};
use crate::support::app::{App, NOW, PASSWORD, by_name};
use crate::support::client::{
    Client, HOUR, checks, code, create_named, metadata, noting, set, v2_password,
};

/// Attributes of kinds that this release doesn't have.
pub fn attributes() -> Item {
    let list = AttributeValue::L(vec![text("a"), number(1)]);
    let map = Item::from([("list".to_owned(), list), ("text".to_owned(), text("x"))]);
    Item::from([
        ("voice_verified_at".to_owned(), number(NOW.as_millis())),
        ("later".to_owned(), AttributeValue::M(map)),
        ("set".to_owned(), AttributeValue::Ss(vec!["a".to_owned()])),
        ("flag".to_owned(), AttributeValue::Bool(true)),
    ])
}

#[track_caller]
pub fn assert_has(item: &Item, attributes: &Item, what: &str) {
    for (name, value) in attributes {
        assert_eq!(item.get(name), Some(value), "{name} {what}");
    }
}

#[tokio::test]
async fn a_set_keeps_what_a_newer_release_stored_with_the_session() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let body = json!({
        "checks": by_name(&mini.login_name, PASSWORD)["checks"],
        "metadata": { "a": "MQ==", "b": "MQ==" },
        "userAgent": { "ip": "::1" },
    });
    let created = app.client().create_json(&body).await;
    let id = created.json()["sessionId"].clone();
    let place = Place::session(&app, string(&id));
    place
        .change(&app, |item| {
            item.extend(attributes());
            let Some(AttributeValue::M(agent)) = item.get_mut("user_agent") else {
                panic!("{item:?}")
            };
            agent.insert("later".to_owned(), text("x"));
        })
        .await;
    let before = place.read(&app).await;

    let mut token = created.token();
    for change in [
        json!({ "metadata": { "a": "", "c": "Mg==" } }),
        json!({ "lifetime": "60s" }),
        json!({ "checks": { "password": { "password": PASSWORD } } }),
    ] {
        let mut body = change.clone();
        body["sessionId"] = id.clone();
        body["sessionToken"] = token.into();
        let request = app
            .client()
            .json(sesame::domain::Operation::SetSession, body);
        let answer = app.client().send(request).await;
        assert_eq!(answer.outcome(), "ok", "{change}");
        token = answer.token();

        let after = place.read(&app).await;
        assert_has(&after, &attributes(), &change.to_string());
        assert_eq!(after["user_agent"], before["user_agent"], "{change}");
        assert_ne!(after["sequence"], before["sequence"], "{change}");
    }
    let session = app.client().get(string(&id), Some(&token)).await.unwrap();
    assert_eq!(session.metadata, metadata(&[("b", "1"), ("c", "2")]));
}

/// The index has the session by what proved the user, and it stays there.
#[tokio::test]
async fn an_unknown_factor_proves_nothing_and_stays() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let created = create_named(&app, &mini).await;
    let (id, token) = (created.json()["sessionId"].clone(), created.token());
    let place = Place::session(&app, string(&id));
    place
        .change(&app, |item| {
            let user = item.remove("named_user_id").unwrap();
            item.insert("user_id".to_owned(), user);
            item.extend(attributes());
        })
        .await;

    let got = app.client().get(string(&id), Some(&token)).await.unwrap();
    let factors = got.factors.unwrap();
    assert!(factors.user.is_some() && factors.password.is_none());
    let by_bearer = app.client().bearing(&token).create_json(&json!({})).await;
    assert_eq!(by_bearer.status, 401);
    let all = app.service(&Permission::ALL).await;
    let list = crate::list::by_user(&mini);
    let listed = all.list(&list).await;
    assert!(listed.unwrap().sessions.is_empty());

    let note = Set {
        session_id: string(&id).to_owned(),
        session_token: token,
        metadata: metadata(&[("a", "1")]),
        ..Set::default()
    };
    let noted = app.client().set(&note).await.unwrap();
    let after = place.read(&app).await;
    assert_has(&after, &attributes(), "noted");
    assert_eq!(after.get("user_id"), Some(&text(mini.user_id.as_str())));
    assert_eq!(after.get("named_user_id"), None);

    let proved = Set {
        session_token: noted.session_token,
        checks: Some(checks(&mini, Some(PASSWORD))),
        ..note
    };
    let proved = app.client().set(&proved).await.unwrap();
    let token = Some(&*proved.session_token);
    let got = app.client().get(string(&id), token).await.unwrap();
    assert!(got.factors.unwrap().password.is_some());
    assert_has(&place.read(&app).await, &attributes(), "proved");
}

/// Whoever planted the session may hold the token from before the check.
#[tokio::test]
async fn a_token_replaced_by_unknown_checks_is_dead() {
    for proof in [
        "voice",
        "user,voice",
        "added,password,voice",
        "voice,password",
        "",
    ] {
        let app = App::start().await;
        let mini = app.user("mini").await;
        let client = Client::new(&app);
        let created = client.create(&Create::default()).await.unwrap();
        let (id, old) = (&*created.session_id, &*created.session_token);
        let noted = client.set(&noting(&created)).await.unwrap();
        assert!(client.get(id, Some(old)).await.is_ok(), "within its grace");
        let place = Place::session(&app, id);
        let prove = async |token: &str| {
            let prove = Set {
                session_token: token.to_owned(),
                checks: Some(checks(&mini, Some(PASSWORD))),
                ..set(&created)
            };
            client.set(&prove).await
        };
        place
            .change(&app, |item| {
                item.insert("replaced_proof".to_owned(), text(proof));
            })
            .await;

        let got = client.get(id, Some(old)).await;
        assert_eq!(code(&got), "QUERY-dsfr3", "{proof}");
        assert_eq!(code(&prove(old).await), "COMMAND-sGr42", "{proof}");
        let repeated = client.set(&noting(&created)).await;
        assert_eq!(code(&repeated), "COMMAND-sGr42", "{proof}");
        let deleted = client.delete(id, Some(old)).await;
        assert_eq!(code(&deleted), "COMMAND-sGr42", "{proof}");

        let again = Set {
            session_token: noted.session_token.clone(),
            metadata: metadata(&[("b", "1")]),
            ..set(&created)
        };
        let last = client.set(&again).await.unwrap();
        assert_eq!(
            place.read(&app).await.get("replaced_proof"),
            None,
            "{proof}"
        );
        for token in [&noted.session_token, &last.session_token] {
            let got = client.get(id, Some(token)).await;
            assert_eq!(code(&got), "ok", "{proof}");
        }
        let got = client.get(id, Some(old)).await;
        assert_eq!(code(&got), "QUERY-dsfr3", "{proof}");
    }
}

/// So it is not taken for one that the change without a grace replaced.
#[tokio::test]
async fn a_set_without_a_grace_removes_a_token_replaced_by_unknown_checks() {
    let app = App::start().await;
    let client = Client::new(&app);
    let created = client.create(&Create::default()).await.unwrap();
    let noted = client.set(&noting(&created)).await.unwrap();
    let place = Place::session(&app, &created.session_id);
    place
        .change(&app, |item| {
            item.insert("replaced_proof".to_owned(), text("voice"));
        })
        .await;

    let without = app.beside(&[("TOKEN_GRACE_SECONDS", "0")]);
    let again = Set {
        session_token: noted.session_token,
        metadata: metadata(&[("b", "1")]),
        ..set(&created)
    };
    Client::new(&without).set(&again).await.unwrap();

    let after = place.read(&app).await;
    for name in ["replaced_hash", "replaced_until", "replaced_proof"] {
        assert_eq!(after.get(name), None, "{name}");
    }
}

#[tokio::test]
async fn an_unknown_permission_is_not_granted() {
    let app = App::with(&[("ACCESS", "token")]).await;
    let client = app.service(&Permission::ALL).await;
    let created = client.create_json(&json!({})).await;
    let id = created.json()["sessionId"].clone();
    for (known, can_create, can_read) in [
        (None, "AUTH-5mWD2", "AUTH-5mWD2"),
        (Some("session.read"), "AUTH-5mWD2", "ok"),
        (Some("session.write"), "ok", "AUTH-5mWD2"),
    ] {
        let token = app.service_account_named("other", &[], HOUR).await;
        let place = Place::in_users(&app, &format!("CALLER#{}", token.hash().to_hex()));
        let permissions = ["session.link", "user.feature.write", ""]
            .into_iter()
            .chain(known);
        let permissions = AttributeValue::L(permissions.map(text).collect());
        place
            .change(&app, |item| {
                item.insert("permissions".to_owned(), permissions);
                item.extend(attributes());
            })
            .await;

        let client = app.client().bearing(token.as_str());
        let created = client.create_json(&json!({})).await;
        assert_eq!(created.outcome(), can_create, "{known:?}");
        let got = client.get(string(&id), None).await;
        assert_eq!(code(&got), can_read, "{known:?}");
        let listed = app.store.scan_service_accounts().await.unwrap();
        let hash = token.hash().to_hex();
        let of = listed.iter().find(|(one, _)| *one == hash).unwrap();
        let names: Vec<_> = of.1.permissions.iter().map(|one| one.as_str()).collect();
        assert_eq!(names, known.as_slice());
    }
}

#[tokio::test]
async fn a_user_in_an_unknown_state_is_not_active_and_keeps_it() {
    let app = App::start().await;
    let mini = app.user("mini").await;
    let page = app.service(&[Permission::SessionWrite]).await;
    let session = Client::new(&app).login(&mini).await;
    let place = Place::user(&app, &mini.login_name);
    place
        .change(&app, |item| {
            item.insert("state".to_owned(), text("initial"));
            item.extend(attributes());
        })
        .await;

    let login = by_name(&mini.login_name, PASSWORD);
    let inactive = "SESSION-Gj4ko";
    assert_eq!(page.create_json(&login).await.outcome(), inactive);
    let named = json!({ "checks": { "user": login["checks"]["user"] } });
    assert_eq!(page.create_json(&named).await.outcome(), inactive);
    let concealed = app.client().create_json(&login).await.outcome();
    assert_eq!(concealed, "COMMAND-3M0fs");
    let again = Set {
        checks: Some(sesame::api::proto::zitadel::session::v2::Checks {
            password: Some(v2_password(PASSWORD)),
            ..Default::default()
        }),
        ..set(&session)
    };
    assert_eq!(code(&page.set(&again).await), inactive);

    let user = app.login("mini").await;
    assert_eq!(user.state, UserState::Unknown);
    assert!(!app.store.unlock_user(&user).await.unwrap());
    for state in [UserState::Active, UserState::Locked] {
        let set = app.store.set_user_state(&user, state).await.unwrap();
        assert!(!set, "{state:?}");
    }
    assert_eq!(place.read(&app).await["state"], text("initial"));
}

/// The item is written whole, under another key or the same one.
#[tokio::test]
async fn a_renamed_user_keeps_what_a_newer_release_stored() {
    for to in ["maxi", "MINI"] {
        let app = App::start().await;
        let mini = app.user("mini").await;
        let pointer = Place::pointer(&app, &mini.user_id);
        for place in [&Place::user(&app, &mini.login_name), &pointer] {
            place.change(&app, |item| item.extend(attributes())).await;
        }
        let state = ("state".to_owned(), text("initial"));
        let place = Place::user(&app, &mini.login_name);
        place.change(&app, |item| item.extend([state])).await;
        let user = app.login("mini").await;
        let name = app.login_name(to);

        assert!(app.store.rename_user(&user, name.clone()).await.unwrap());

        let after = Place::user(&app, &name).read(&app).await;
        assert_has(&after, &attributes(), to);
        assert_eq!(after["state"], text("initial"), "{to}");
        assert_eq!(after["login_name"], text(name.as_str()));
        assert_eq!(after["display_name"], text("Mini Mouse"));
        let renamed = pointer.read(&app).await;
        assert_has(&renamed, &attributes(), to);
        assert_eq!(renamed["login_name"], text(name.as_str()));
    }
}

/// Attempts, a replaced hash and what administrators do write to the user's item.
#[tokio::test]
async fn no_other_write_to_a_user_drops_what_a_newer_release_stored() {
    let app = App::start().await;
    let hash = "$2b$04$IyIZV5OrJTJeUnYjviMlBuL/phAMDFvYc7in7lFKKzK73dRz0C7sC";
    let mini = app.user_with_hash("mini", Some(hash)).await;
    let places = [
        Place::user(&app, &mini.login_name),
        Place::pointer(&app, &mini.user_id),
    ];
    for place in &places {
        place.change(&app, |item| item.extend(attributes())).await;
    }

    for password in ["wrong", PASSWORD] {
        let login = by_name(&mini.login_name, password);
        app.client().create_json(&login).await;
    }
    let replaced = app.login("mini").await.password_hash.unwrap();
    assert_ne!(replaced.as_str(), hash);
    let user = app.login("mini").await;
    assert!(app.store.end_sessions(&user).await.unwrap());
    let user = app.login("mini").await;
    let set = app.store.set_password_hash(&user, &replaced, None).await;
    assert_eq!(set.unwrap(), SetPasswordOutcome::Done);
    for state in [UserState::Locked, UserState::Active] {
        let user = app.login("mini").await;
        assert!(app.store.set_user_state(&user, state).await.unwrap());
    }

    for place in &places {
        assert_has(&place.read(&app).await, &attributes(), "after all");
    }
}
