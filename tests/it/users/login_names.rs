//! Login names in other spellings, and users stored under a former form of the key.

use serde_json::json;
use sesame::domain::{LoginName, Permission, User};
use sesame::store::InsertOutcome;

use crate::support::app::{App, NOW, PASSWORD, by_id, by_name, header, post};

const HOUR: std::time::Duration = std::time::Duration::from_hours(1);

/// `josé` with a separate accent, as former versions stored it.
fn decomposed(app: &App) -> LoginName {
    LoginName::parse(format!("jose\u{301}.{}@mouse.com", app.name)).unwrap()
}

/// `josé` as most keyboards write it.
fn composed(app: &App) -> LoginName {
    LoginName::parse(format!("jos\u{e9}.{}@mouse.com", app.name)).unwrap()
}

async fn stored_before(app: &App) -> User {
    let like = app.user("like").await;
    let login = User {
        login_name: decomposed(app),
        user_id: app.user_id("jose"),
        under_former_key: true,
        ..like
    };
    let added = app.store.insert_user(&login).await.unwrap();
    assert!(matches!(added, InsertOutcome::Inserted), "{added:?}");
    login
}

#[tokio::test]
async fn a_user_logs_in_by_each_spelling_of_the_login_name() {
    let app = App::start().await;
    let like = app.user("like").await;
    let login = User {
        login_name: decomposed(&app),
        user_id: app.user_id("jose"),
        ..like
    };
    app.store.insert_user(&login).await.unwrap();
    for name in [decomposed(&app), composed(&app)] {
        let shouted = LoginName::parse(name.as_str().to_uppercase()).unwrap();
        for name in [name, shouted] {
            let answer = app.client().create_json(&by_name(&name, PASSWORD)).await;
            assert_eq!(answer.outcome(), "ok", "{name}");
        }
    }
    // Another user can't have the name, in whatever spelling.
    for name in [decomposed(&app), composed(&app)] {
        let other = User {
            login_name: name,
            user_id: app.user_id("other"),
            ..login.clone()
        };
        let added = app.store.insert_user(&other).await.unwrap();
        assert!(matches!(added, InsertOutcome::Taken { .. }), "{added:?}");
    }
}

#[tokio::test]
async fn a_user_under_a_former_key_logs_in_and_attempts_are_counted() {
    let app = App::with(&[("MAX_PASSWORD_ATTEMPTS", "3")]).await;
    let page = app.service_account(&[Permission::Write], HOUR).await;
    let jose = stored_before(&app).await;
    let name = decomposed(&app);
    let failures = async || {
        let login = app.store.get_user(&jose.key()).await.unwrap().unwrap();
        assert!(login.under_former_key);
        login.attempts.failures
    };
    for body in [by_name(&name, "wrong"), by_id(&jose.user_id, "wrong")] {
        app.client().create_json(&body).await;
    }
    assert_eq!(failures().await, 2);
    let both = json!({ "checks": {
        "user": { "userId": jose.user_id.as_str(), "loginName": name.as_str() },
        "password": { "password": PASSWORD },
    } });
    for body in [
        by_name(&name, PASSWORD),
        by_id(&jose.user_id, PASSWORD),
        both,
    ] {
        assert_eq!(
            app.client().create_json(&body).await.outcome(),
            "ok",
            "{body}"
        );
        assert_eq!(failures().await, 0);
    }
    for _ in 0..5 {
        app.client().create_json(&by_name(&name, "wrong")).await;
    }
    assert_eq!(failures().await, 3, "locked under one key, not under two");
    let named = json!({ "checks": { "user": { "loginName": name.as_str() } } });
    let named = app
        .client()
        .bearing(page.as_str())
        .create_json(&named)
        .await;
    assert_eq!(named.outcome(), "ok");
}

/// This holds for whichever spelling the user was stored in.
#[tokio::test]
async fn a_set_may_name_its_own_user_in_each_spelling() {
    let app = App::start().await;
    let page = app.service_account(&[Permission::Write], HOUR).await;
    for login in [stored_before(&app).await, {
        let like = app.login("like").await;
        let login = User {
            login_name: LoginName::parse(format!("rene\u{e9}.{}", app.name)).unwrap(),
            user_id: app.user_id("renee"),
            ..like
        };
        app.store.insert_user(&login).await.unwrap();
        login
    }] {
        let stored = login.login_name.as_str();
        let created = app
            .client()
            .create_json(&by_id(&login.user_id, PASSWORD))
            .await;
        let id = created.json()["sessionId"].as_str().unwrap().to_owned();
        for name in [
            stored.to_owned(),
            stored.to_uppercase(),
            stored.replace("e\u{301}", "\u{e9}"),
            stored.replace('\u{e9}', "e\u{301}"),
        ] {
            for checks in [
                json!({ "user": { "loginName": name } }),
                json!({ "user": { "loginName": name }, "password": { "password": PASSWORD } }),
            ] {
                let mut request = post(json!({ "checks": checks }).to_string());
                request.method = http::Method::PATCH;
                request.path = format!("/v2/sessions/{id}");
                let bearer = format!("Bearer {}", page.as_str());
                let answer = app
                    .send(header(request, "authorization", &bearer), NOW)
                    .await;
                assert_eq!(answer.outcome(), "ok", "{checks}");
            }
        }
    }
}

/// The number of requests doesn't reveal whether there is such a user.
#[tokio::test]
async fn a_name_with_two_keys_takes_the_same_work_whether_it_exists_or_not() {
    let app = App::start().await;
    for (name, requests) in [
        (format!("nobody-e\u{301}.{}", app.name), 2),
        (format!("nobody-\u{e9}.{}", app.name), 1),
        ("a\u{200b}b\n\0 ".to_owned(), 1),
        // Its composed form would be longer than a key of the table may be.
        ("\u{1d160}".repeat(200), 2),
    ] {
        app.faults.clear();
        let name = LoginName::parse(name).unwrap();
        let answer = app.client().create_json(&by_name(&name, "wrong")).await;
        assert_eq!(answer.outcome(), "COMMAND-3M0fs");
        assert_eq!(app.faults.count("UpdateItem"), requests, "{name}");
    }
}

#[tokio::test]
async fn the_name_of_a_user_under_a_former_key_stays_taken() {
    let app = App::start().await;
    let jose = stored_before(&app).await;
    for name in [decomposed(&app), composed(&app)] {
        let other = User {
            login_name: name.clone(),
            user_id: app.user_id("other"),
            under_former_key: false,
            ..jose.clone()
        };
        let added = app.store.insert_user(&other).await.unwrap();
        let InsertOutcome::Taken {
            login_name: Some(holder),
            user_id: false,
        } = added
        else {
            panic!("{added:?}");
        };
        assert_eq!(holder.user_id, jose.user_id);
        let like = app.login("like").await;
        assert!(!app.store.rename_user(&like, name).await.unwrap());
    }
}

#[tokio::test]
async fn a_rename_to_the_same_name_moves_a_user_to_the_current_key() {
    let app = App::start().await;
    let jose = stored_before(&app).await;
    app.client()
        .create_json(&by_name(&jose.login_name, "wrong"))
        .await;
    let seen = app.store.get_user(&jose.key()).await.unwrap().unwrap();

    let name = composed(&app);
    assert!(app.store.rename_user(&seen, name.clone()).await.unwrap());

    assert!(app.store.get_user(&jose.key()).await.unwrap().is_none());
    let moved = app
        .store
        .get_user_by_login_name(&name, None)
        .await
        .unwrap()
        .unwrap();
    assert!(!moved.under_former_key);
    assert_eq!(moved.attempts.failures, 1);
    for name in [decomposed(&app), name] {
        assert_eq!(
            app.client()
                .create_json(&by_name(&name, PASSWORD))
                .await
                .outcome(),
            "ok"
        );
    }
}

/// Each change is made to the item under the former key.
#[tokio::test]
async fn a_user_under_a_former_key_can_be_administered() {
    let app = App::start().await;
    let jose = stored_before(&app).await;
    let store = &app.store;
    let read = async || store.get_user(&jose.key()).await.unwrap().unwrap();
    let hash = jose.password_hash.clone().unwrap();
    let locked = sesame::domain::UserState::Locked;
    assert!(store.set_password_hash(&read().await, &hash).await.unwrap());
    assert!(store.set_user_state(&read().await, locked).await.unwrap());
    assert_eq!(read().await.state, locked);
    assert!(store.unlock_user(&read().await).await.unwrap());
    assert!(store.end_sessions(&read().await).await.unwrap());
    assert!(store.delete_user(&read().await).await.unwrap());
    assert!(store.get_user(&jose.key()).await.unwrap().is_none());
}
