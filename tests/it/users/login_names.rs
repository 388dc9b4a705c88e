//! Login names in other spellings and encodings.

use serde_json::json;
use sesame::domain::Operation::SetSession;
use sesame::domain::{LoginName, Permission, User};
use sesame::store::InsertOutcome;

use crate::support::administration::Administration as _;
use crate::support::app::{App, PASSWORD, by_id, by_name};

/// `jose` with an accent in each encoding, in lower and in upper case, the first one as a separate
/// character.
fn spellings(app: &App) -> [LoginName; 4] {
    ["jose\u{301}", "jos\u{e9}", "JOSE\u{301}", "JOS\u{c9}"]
        .map(|name| LoginName::parse(format!("{name}.{}@mouse.com", app.name)).unwrap())
}

/// Adds a user with this login name and the password of all.
async fn add(app: &App, id: &str, name: LoginName) -> User {
    let like = app.user(&format!("like-{id}")).await;
    let user = User {
        login_name: name,
        user_id: app.user_id(id),
        ..like
    };
    let added = app.store.insert_user(&user).await.unwrap();
    assert!(matches!(added, InsertOutcome::Inserted), "{added:?}");
    user
}

#[tokio::test]
async fn names_in_any_encoding_are_one_user() {
    let app = App::with(&[("MAX_PASSWORD_ATTEMPTS", "3")]).await;
    let page = app.service(&[Permission::SessionWrite]).await;
    let other = app.user("other").await;
    for stored in spellings(&app) {
        let jose = add(&app, "jose", stored.clone()).await;
        let failures = async || {
            let user = app.store.get_user(&stored.folded()).await.unwrap();
            user.unwrap().attempts.failures
        };
        for name in spellings(&app) {
            let both = json!({ "checks": {
                "user": { "userId": jose.user_id.as_str(), "loginName": name.as_str() },
                "password": { "password": PASSWORD },
            } });
            for body in [by_name(&name, PASSWORD), both] {
                let answer = app.client().create_json(&body).await;
                assert_eq!(answer.outcome(), "ok", "{stored} {name}");
            }
            let named = json!({ "checks": { "user": { "loginName": name.as_str() } } });
            let client = page;
            assert_eq!(client.create_json(&named).await.outcome(), "ok", "{name}");

            // Another user can't have the name, in whatever spelling.
            let heir = User {
                login_name: name.clone(),
                user_id: app.user_id("heir"),
                ..jose.clone()
            };
            let InsertOutcome::Taken {
                login_name: Some(holder),
                user_id: false,
            } = app.store.insert_user(&heir).await.unwrap()
            else {
                panic!("{stored} {name}: not taken");
            };
            assert_eq!(holder.user_id, jose.user_id);
            assert!(!app.store.rename_user(&other, name).await.unwrap());
        }
        // Wrong passwords count for one user, whichever spelling they come with.
        for name in spellings(&app) {
            app.client().create_json(&by_name(&name, "wrong")).await;
        }
        assert_eq!(failures().await, 3, "{stored}: locked");
        let user = app.store.get_user(&stored.folded()).await.unwrap();
        assert!(app.store.delete_user(&user.unwrap()).await.unwrap());
        let like = app.login("like-jose").await;
        assert!(app.store.delete_user(&like).await.unwrap());
    }
}

/// This holds for whichever spelling the user was stored in.
#[tokio::test]
async fn a_set_may_name_its_own_user_in_each_spelling() {
    let app = App::start().await;
    let page = app.service(&[Permission::SessionWrite]).await;
    let [decomposed, ..] = spellings(&app);
    let composed = LoginName::parse(format!("rene\u{e9}.{}", app.name)).unwrap();
    for login in [
        add(&app, "jose", decomposed).await,
        add(&app, "renee", composed).await,
    ] {
        let stored = login.login_name.as_str();
        let created = app
            .client()
            .create_json(&by_id(&login.user_id, PASSWORD))
            .await;
        let id = created.id();
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
                let body = json!({ "sessionId": id, "checks": checks });
                let answer = page.call_json(SetSession, body).await;
                assert_eq!(answer.outcome(), "ok", "{checks}");
            }
        }
    }
}

/// The number of requests doesn't reveal whether there is such a user.
#[tokio::test]
async fn a_login_takes_one_look_up_of_the_name_in_any_encoding() {
    let app = App::start().await;
    let [decomposed, composed, ..] = spellings(&app);
    add(&app, "jose", composed.clone()).await;
    let nobody = |name: &str| LoginName::parse(format!("{name}.{}", app.name)).unwrap();
    for name in [
        decomposed,
        composed,
        nobody("nobody-e\u{301}"),
        nobody("nobody-\u{e9}"),
        nobody("a\u{200b}b\n\0 "),
        // Its composed form would be longer than a key of the table may be.
        LoginName::parse("\u{1d160}".repeat(200)).unwrap(),
    ] {
        app.faults.clear();
        let answer = app.client().create_json(&by_name(&name, "wrong")).await;
        assert_eq!(answer.outcome(), "COMMAND-3M0fs");
        assert_eq!(app.faults.count("UpdateItem"), 1, "{name}");
    }
}
